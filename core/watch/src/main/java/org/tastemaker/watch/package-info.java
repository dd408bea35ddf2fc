/**
 * Runs in the tools that people already watch runs with.
 *
 * <pre>{@literal
 * AlignmentRun  --RunEvent-->  TensorBoardListener   event files: scalars, images, histograms, notices, settings
 * }</pre>
 *
 * <p>It is a {@link org.tastemaker.core.RunListener}: {@code run.listener(...)} is one line. A
 * listener only observes; what it cannot write is logged, and the run goes on.
 */
@NullMarked
package org.tastemaker.watch;

import org.jspecify.annotations.NullMarked;
