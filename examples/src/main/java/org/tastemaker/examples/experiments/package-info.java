/**
 * Three experiments on the bundled model: {@link org.tastemaker.examples.experiments.RemoveBias},
 * {@link org.tastemaker.examples.experiments.PreventHarm} and {@link
 * org.tastemaker.examples.experiments.ImproveConsistency}.
 *
 * <p>Each is an {@code Experiment}: prompts, a training, and arms, which are rewards to compare:
 * the intended one, and one that shows what goes wrong without a part of it. A {@code Trial} trains
 * one arm on one seed and writes {@code Findings}, a small file with the measurements of every
 * prompt; {@code FindingsTable} compares the findings of all seeds with those of the base model.
 * All measurements are on images that were not trained on.
 *
 * <p>{@link org.tastemaker.examples.experiments.TuneByPreference} is Human Preference Score's own
 * method, measured in the same way.
 */
@NullMarked
package org.tastemaker.examples.experiments;

import org.jspecify.annotations.NullMarked;
