/**
 * Checkpoints in a single file, as CompVis' and Stability AI's programs write them and thousands of
 * models are shared: the networks of Stable Diffusion 1.x and 2.x under the names that those
 * programs gave to their parts.
 *
 * <pre>
 * SingleFile             opens one, says what it is, gives its networks
 *   Architecture           sizes, from names and shapes alone
 *   UNetNames, VaeNames,   the place of each of our parameters in the file
 *   TextNames
 *   CheckpointPart         one network's tensors, under our names
 * </pre>
 */
@NullMarked
package org.tastemaker.diffusion.checkpoint;

import org.jspecify.annotations.NullMarked;
