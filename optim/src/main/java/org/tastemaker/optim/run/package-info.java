/**
 * The training loop: {@link org.tastemaker.optim.run.AlignmentRun} puts a sampler, a judge, a
 * reward and an optimizer together, evaluates, saves checkpoints and resumes from them.
 */
@NullMarked
package org.tastemaker.optim.run;

import org.jspecify.annotations.NullMarked;
