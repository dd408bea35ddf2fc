/**
 * A small server for OpenAI's API, for tests and demonstrations: the whole path to ChatGPT except
 * ChatGPT, over real HTTP, without a key and without cost.
 *
 * <p>{@link org.tastemaker.feedback.server.LoopbackServer} answers the questions of {@link
 * org.tastemaker.feedback.openai.ChatGptJudge}: it decodes the images and asks a judge in this
 * process. It can fail in every way that the service can.
 *
 * <pre>
 * LoopbackServer     set up, opened and closed by the user
 *   LoopbackHttp       HTTP: requests in, answers out, with latency, whole or in part
 *   OpenAiRoutes       the service: checks, routes, faults, errors
 *     ServerPlan         the refusals and forms of answers of other servers
 *     Dialect            Chat Completions or Responses
 *     AskedQuestion      a request back to a question
 *     AnswerWriter       a verdict, or a fault, to the body of an answer
 *     ImageAnswers       a text to an image
 *     BatchDesk          files and batches, which take their time by the server's clock
 *     Tally              what a service would bill
 * </pre>
 *
 * <p>It listens on the loopback interface only, and is not meant for anything else.
 */
@NullMarked
package org.tastemaker.feedback.server;

import org.jspecify.annotations.NullMarked;
