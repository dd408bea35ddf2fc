/**
 * Plots: {@link org.tastemaker.plot.LinePlot}, curves with error bands.
 *
 * <p>A plot is an {@link org.tastemaker.core.Image}, and so a PNG. It is drawn by XChart without a
 * display: nothing here opens a window, and the JVM may run headless. Text needs one font on the
 * machine. A module of its own, so that XChart is on the class path of those alone who draw.
 */
@NullMarked
package org.tastemaker.plot;

import org.jspecify.annotations.NullMarked;
