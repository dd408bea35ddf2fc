/**
 * Guards: what looks at every round and evaluation of a run, says when something is wrong that the
 * reward does not show, and may end the run. {@link org.tastemaker.optim.guard.GuardOptions} has
 * their settings.
 *
 * <p>A guard only observes. Its state is part of the run's checkpoints, so a run that is resumed
 * decides as one that was not interrupted.
 */
@NullMarked
package org.tastemaker.optim.guard;

import org.jspecify.annotations.NullMarked;
