/**
 * Judges of images: ChatGPT, compatible servers, and simulated ones.
 *
 * <p>The way of a group of images to the HTTP request, which never turns back:
 *
 * <pre>
 *   ImageGroup
 *     ChatGptOracle      the port FeedbackOracle, set up                        (openai)
 *     JudgeOracle        plans questions; asks again with the complaint         (protocol)
 *   Question             images at positions, a rubric, the attempt
 *     AnswerCache        a question that was asked before ends here             (cache)
 *     ChatGptJudge       texts, encoded images and a schema: a ModelCall        (openai)
 *     OpenAiClient       what the model supports; the wire format's request     (openai)
 *     PaidCalls          the HTTP call, its body written                        (openai)
 *     ResilientCaller    for each attempt: a slot, breaker, rate limits         (resilience)
 *     Ledger             an entry with the estimate, if the budget allows       (ledger)
 *   POST /chat/completions or /responses
 * </pre>
 *
 * <p>The answer takes the same way back: the wire format reads a ModelAnswer, AnswerReader makes a
 * {@link org.tastemaker.feedback.Verdict} about positions, the cache stores it, and the protocol
 * combines verdicts into one judgement about images.
 *
 * <p>Between protocol and wire stands one port, {@link org.tastemaker.feedback.Judge}: a question
 * in, a verdict out. A judge sees images in the order shown and speaks of positions. It knows
 * nothing of groups, repetitions, or where an image came from. A wrapper of a judge is a judge.
 *
 * <table class="striped">
 * <caption>Where to add something</caption>
 * <thead><tr><th>what</th><th>where</th></tr></thead>
 * <tbody>
 * <tr><td>people, or another service, that answer questions</td><td>a {@code Judge}</td></tr>
 * <tr><td>a judge of whole groups</td><td>core's {@code FeedbackOracle}; {@code mock.MockOracle} is
 * the shortest</td></tr>
 * <tr><td>another wire format</td><td>a {@code CallFormat} in {@code openai}, a {@code Dialect} in
 * {@code server}</td></tr>
 * <tr><td>another order of questions</td><td>a {@code Planner} in {@code protocol}</td></tr>
 * <tr><td>a rubric</td><td>{@code rubric}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>What fails is a {@link org.tastemaker.feedback.FeedbackException}, which says whether it
 * affects one question or all of them.
 */
@NullMarked
package org.tastemaker.feedback;

import org.jspecify.annotations.NullMarked;
