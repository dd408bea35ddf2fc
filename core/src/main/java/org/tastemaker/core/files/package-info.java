/**
 * Files that may come from strangers: read up to a bound, and never from outside of the folder that
 * was given.
 *
 * <p>{@link org.tastemaker.core.files.BoundedFiles} reads a file whose size has a bound; {@link
 * org.tastemaker.core.files.FolderBounds} rejects symbolic links and {@code ..} that lead out of a
 * folder. Both throw {@link org.tastemaker.core.files.UnsafeFileException}.
 */
@NullMarked
package org.tastemaker.core.files;

import org.jspecify.annotations.NullMarked;
