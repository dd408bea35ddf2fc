/**
 * A cache of answers, so that no question is paid for twice.
 *
 * <p>{@link org.tastemaker.feedback.cache.AnswerCache} is a judge around a judge. An answer is a
 * file named by a hash of the question, its attempt and complaint, and the settings it was asked
 * with. Refusals and malformed answers are cached too: they were paid for, and a repeated run must
 * see them again. With its cached answers, a run can be replayed without a judge and without a
 * network.
 *
 * <p>No service promises the same answer to the same request, with a seed or without: these files
 * make a run repeatable.
 */
@NullMarked
package org.tastemaker.feedback.cache;

import org.jspecify.annotations.NullMarked;
