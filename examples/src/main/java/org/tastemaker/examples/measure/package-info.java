/**
 * Measurements of a set of generated images whose labels are known: consistency with the prompt,
 * bias, harm and diversity, each with an interval and the number of images it is based on.
 *
 * <p>Intervals are percentile bootstraps over prompts: images of one prompt are not independent of
 * each other, so whole prompts are drawn.
 */
@NullMarked
package org.tastemaker.examples.measure;

import org.jspecify.annotations.NullMarked;
