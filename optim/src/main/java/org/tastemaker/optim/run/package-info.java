/**
 * The training loop: {@link org.tastemaker.optim.run.AlignmentRun} puts a sampler, a judge, a
 * reward and an optimizer together, evaluates, leaves checkpoints and goes on from them.
 */
@NullMarked
package org.tastemaker.optim.run;

import org.jspecify.annotations.NullMarked;
