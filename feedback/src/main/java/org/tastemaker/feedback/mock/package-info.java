/**
 * Feedback without a service: what every algorithm can be tested against, and what a quick start
 * can run on without a key.
 *
 * <p>{@link org.tastemaker.feedback.mock.MockJudge} answers single questions by a score function,
 * with faults of known size. {@link org.tastemaker.feedback.mock.MockOracle} ranks groups of images
 * with it: the second implementation of the port, beside ChatGPT.
 */
@NullMarked
package org.tastemaker.feedback.mock;

import org.jspecify.annotations.NullMarked;
