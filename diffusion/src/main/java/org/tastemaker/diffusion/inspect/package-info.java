/**
 * What a file or folder is, what of it loads, and what does not and why: {@link
 * org.tastemaker.diffusion.inspect.ModelFiles}. Headers and small files are read, and no weights.
 *
 * <p>Nothing here recognises anything by itself: each kind is checked by what loads it.
 */
@NullMarked
package org.tastemaker.diffusion.inspect;

import org.jspecify.annotations.NullMarked;
