/**
 * A small server that speaks OpenAI's language, for tests and demonstrations: everything about the
 * path to ChatGPT but ChatGPT, over real HTTP, without a key and without a bill.
 *
 * <p>{@link org.tastemaker.feedback.server.LoopbackServer} takes the questions that {@link
 * org.tastemaker.feedback.openai.ChatGptJudge} puts, decodes the images, and has a judge of this
 * process answer. It can misbehave in every way that the service can.
 *
 * <p>It listens on the loopback interface alone, and is no server for anything else.
 */
@NullMarked
package org.tastemaker.feedback.server;

import org.jspecify.annotations.NullMarked;
