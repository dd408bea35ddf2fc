/**
 * Feedback without a server or a key, for tests and quick starts.
 *
 * <p>{@link org.tastemaker.feedback.mock.MockJudge} answers single questions by a score function,
 * with adjustable noise and faults. {@link org.tastemaker.feedback.mock.MockOracle} ranks groups of
 * images with it: the second implementation of the port, besides ChatGPT.
 */
@NullMarked
package org.tastemaker.feedback.mock;

import org.jspecify.annotations.NullMarked;
