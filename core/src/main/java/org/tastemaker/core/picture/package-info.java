/**
 * Pictures that any module can ask for: {@link org.tastemaker.core.picture.ImageGrid}, images in
 * rows with captions.
 *
 * <p>It gives an {@link org.tastemaker.core.Image}, and so a PNG, without a display: nothing here
 * opens a window, and the JVM may run headless. Text needs one font on the machine.
 */
@NullMarked
package org.tastemaker.core.picture;

import org.jspecify.annotations.NullMarked;
