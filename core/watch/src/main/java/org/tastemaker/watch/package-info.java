/**
 * Runs in the tools that people already watch runs with.
 *
 * <pre>{@literal
 * AlignmentRun  --RunEvent-->  TensorBoardListener   event files: scalars, images, histograms, notices, settings
 *               --RunEvent-->  CsvListener           one table of all numbers
 * }</pre>
 *
 * <p>Each is a {@link org.tastemaker.core.RunListener}, and one line of {@code AlignmentRun};
 * several go into one:
 *
 * <pre>{@code
 * run.listener(
 *     RunListener.all(
 *         TensorBoardListener.in(folder.resolve("board"), Clock.systemUTC()),
 *         CsvListener.to(folder.resolve("metrics.csv"))));
 * }</pre>
 *
 * <p>A listener only observes; what it cannot write is logged, and the run goes on.
 */
@NullMarked
package org.tastemaker.watch;

import org.jspecify.annotations.NullMarked;
