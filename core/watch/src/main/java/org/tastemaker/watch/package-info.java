/**
 * Runs in the tools that people already watch runs with.
 *
 * <pre>{@literal
 * AlignmentRun  --RunEvent-->  TensorBoardListener   event files: scalars, images, histograms, notices, settings
 *               --RunEvent-->  CsvListener           one table of all numbers
 *               --RunEvent-->  MlflowListener        a run of MLflow: metrics, settings, notices
 *               --RunEvent-->  LivePage              an HTML page that is written anew as the run goes
 * }</pre>
 *
 * <p>Each is a {@link org.tastemaker.core.RunListener}, and one line of {@code AlignmentRun};
 * several go into one:
 *
 * <pre>{@code
 * run.listener(
 *     RunListener.all(
 *         TensorBoardListener.in(folder.resolve("board"), Clock.systemUTC()),
 *         CsvListener.to(folder.resolve("metrics.csv")),
 *         MlflowListener.in(folder, MlflowServer.at("http://localhost:5000"), "emoji", Clock.systemUTC()),
 *         LivePage.to(folder.resolve("live.html"), "First run", Clock.systemUTC())));
 * }</pre>
 *
 * <p>All but the table are closed after the run, best by {@code try}: MLflow's and the page say
 * then whether it has finished. A listener only observes; what it cannot write is logged, and the
 * run goes on.
 */
@NullMarked
package org.tastemaker.watch;

import org.jspecify.annotations.NullMarked;
