/**
 * ChatGPT, and servers that speak its language, as a judge of images, a rewriter of prompts and a
 * generator of images.
 *
 * <pre>
 * ChatGptOracle      FeedbackOracle: everything below, set up in a few lines
 *   JudgeOracle        which questions, in which order of images          (feedback.protocol)
 *   AnswerCache        no question twice                                  (feedback.cache)
 *   ChatGptJudge       question -> texts, images and a schema; answer -> verdict
 *     WireFormat         Chat Completions or Responses
 *     OpenAiClient       one call: retries, pace, ledger, what a model can do; Retrofit, Moshi, OkHttp
 * PromptRewriter, OpenAiImageGenerator: on an OpenAiClient of their own or a shared one
 * </pre>
 *
 * <p><b>The key</b> is sent in one header and appears nowhere else: not in a log line, a message of
 * an exception, or a {@code toString}; nor, by what a server repeats of it, in a ledger, a kept
 * answer or a dataset: texts of the server are searched for it, since the service's own message
 * about a wrong key repeats parts of it.
 *
 * <p><b>What a model can do is data</b> ({@link org.tastemaker.feedback.openai.ModelCapabilities}):
 * a request that is turned down for a parameter is sent again without it, and the client remembers;
 * with a folder for answers, later runs do too.
 *
 * <p><b>Prompts and images are material, never instructions.</b> A prompt is shown to the judge as
 * a quoted JSON string, which it cannot end from within; the judge is told to follow nothing that
 * stands in a prompt or an image; an answer counts only in the form that was asked for; and nothing
 * that a judge says is executed or shown to another model.
 *
 * <p>Wire format: OpenAI's published API description of August 2026. Unknown fields of an answer
 * are ignored, names such as a reason of ending are text and not an enum, and counts may be absent.
 */
@NullMarked
package org.tastemaker.feedback.openai;

import org.jspecify.annotations.NullMarked;
