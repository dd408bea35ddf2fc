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
 *       PaidCalls          retries, rate limits, ledger; Retrofit, Moshi
 *         Transport          limits on answers, redirects, proxies; OkHttp
 * BatchAnnotation    the same questions by the Batch API: at half the price, within a day
 *   BatchJudge         answers from what came back, and notes the rest for the next batch
 *   BatchDriver        from the disk to the server and back, a step at a time
 * PromptRewriter, OpenAiImageGenerator: on an OpenAiClient, which can be shared
 * </pre>
 *
 * <p><b>The key</b> is sent in one header and appears nowhere else: not in a log line, a message of
 * an exception, or a {@code toString}; nor in a ledger, a cached answer or a dataset. Every text of
 * an answer is searched for it once the answer is parsed, as it is and escaped, in base64, for URLs
 * and HTML: the service's own message about a wrong key repeats it, and others may too. A key of
 * fewer than six characters is taken for a placeholder.
 *
 * <p><b>An answer is bounded</b> in bytes ({@link org.tastemaker.feedback.openai.BodyLimits}), in
 * time, in depth and in values, before anything is made of it. No redirect is followed by default
 * ({@link org.tastemaker.feedback.openai.Redirects}); a call whose request was never sent costs
 * nothing; a certificate that is refused ends the job.
 *
 * <p><b>What a model can do is data</b> ({@link org.tastemaker.feedback.openai.ModelCapabilities}):
 * if a request is rejected in words that call a parameter unsupported, it is sent again without it,
 * and the client remembers that once a request has succeeded; with a folder for answers, later runs
 * of the next 30 days do too. The same goes for the form of answers, the system message, and room
 * for thinking.
 *
 * <p><b>An error is told apart by the server's words</b>, under whatever status and in whatever
 * form they come: what every question would meet ends the job, what passes is asked again, and only
 * what is about one question loses that one. A prompt, an answer or a page that an error repeats is
 * none of its words.
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
