/**
 * Answers that are kept, so that no question is paid for twice.
 *
 * <p>{@link org.tastemaker.feedback.cache.AnswerCache} is a judge around a judge. An answer is kept
 * in a file named by a hash of the question and of the settings it was asked under; refusals and
 * malformed answers are kept too, since they were paid for and a repeated run must meet them again.
 * With the answers of a run and no judge behind them, the run can be replayed without a network.
 *
 * <p>No service promises the same answer to the same request, with a seed or without: these files
 * are what makes a run repeatable.
 */
@NullMarked
package org.tastemaker.feedback.cache;

import org.jspecify.annotations.NullMarked;
