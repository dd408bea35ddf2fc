/**
 * Aligning the bundled text-to-emoji model: the quick start, the three experiments and the table of
 * methods are all one {@link org.tastemaker.examples.align.Alignment} with different settings.
 */
@NullMarked
package org.tastemaker.examples.align;

import org.jspecify.annotations.NullMarked;
