/** Scores of CLIP's vectors as rewards, and how an image is prepared for CLIP. */
@NullMarked
package org.tastemaker.reward.clip;

import org.jspecify.annotations.NullMarked;
