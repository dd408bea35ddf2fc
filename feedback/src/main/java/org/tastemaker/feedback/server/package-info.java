/**
 * A small server that speaks OpenAI's language, for tests and demonstrations: everything about the
 * path to ChatGPT but ChatGPT, over real HTTP, without a key and without a bill.
 *
 * <p>{@link org.tastemaker.feedback.server.LoopbackServer} takes the questions that {@link
 * org.tastemaker.feedback.openai.ChatGptJudge} puts, decodes the images, and has a judge of this
 * process answer. It can misbehave in every way that the service can.
 *
 * <pre>
 * LoopbackServer     set up, opened and closed by the user
 *   LoopbackHttp       HTTP: requests in, answers out, in their time, whole or not
 *   OpenAiRoutes       the service: checks, routes, faults, errors
 *     Dialect            Chat Completions or Responses
 *     AskedQuestion      a request back to a question
 *     AnswerWriter       a verdict, or a fault, to the body of an answer
 *     ImageAnswers       a text to an image
 * </pre>
 *
 * <p>It listens on the loopback interface alone, and is no server for anything else.
 */
@NullMarked
package org.tastemaker.feedback.server;

import org.jspecify.annotations.NullMarked;
