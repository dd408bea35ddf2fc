/**
 * ChatGPT and compatible servers, as a judge of images, a rewriter of prompts and a generator of
 * images.
 *
 * <pre>
 * ChatGptOracle      FeedbackOracle: everything below, set up in a few lines
 *   JudgeOracle        which questions, and the order of images           (feedback.protocol)
 *   AnswerCache        no question is paid for twice                      (feedback.cache)
 *   ChatGptJudge       question -> texts, images and a schema; answer -> verdict
 *     OpenAiClient       one call, in a WireFormat, with what the model supports
 *       PaidCalls          retries, rate limits, ledger; Retrofit, Moshi, OkHttp
 * PromptRewriter, OpenAiImageGenerator: on an OpenAiClient, which can be shared
 * </pre>
 *
 * <p><b>The key</b> is sent in one header and appears nowhere else: not in a log line, a message of
 * an exception, or a {@code toString}; nor in a ledger, a cached answer or a dataset. Texts of the
 * server are searched for it, because the service's own message about a wrong key repeats parts of
 * it.
 *
 * <p><b>What a model can do is data</b> ({@link org.tastemaker.feedback.openai.ModelCapabilities}):
 * if a request is rejected because of a parameter, it is sent again without it, and the client
 * remembers that; with a folder for answers, later runs do too.
 *
 * <p><b>Prompts and images are data, never instructions.</b> A prompt is shown to the judge as a
 * quoted JSON string, which it cannot break out of. The judge is told to follow no instruction in a
 * prompt or an image. An answer counts only in the requested format, and nothing in it is executed
 * or shown to another model.
 *
 * <p>Wire format: OpenAI's published API description of August 2026. Unknown fields of an answer
 * are ignored, names such as finish reasons are read as text, and counts may be missing.
 */
@NullMarked
package org.tastemaker.feedback.openai;

import org.jspecify.annotations.NullMarked;
