/**
 * Plots: {@link org.tastemaker.plot.LinePlot}, curves with error bands.
 *
 * <p>A plot is an {@link org.tastemaker.core.Image}, and so a PNG. XChart draws it without a
 * display: no window is opened, and the JVM may run headless. The machine needs at least one font
 * for the text. This is a separate module, so that XChart is on the class path only where plots are
 * drawn.
 */
@NullMarked
package org.tastemaker.plot;

import org.jspecify.annotations.NullMarked;
