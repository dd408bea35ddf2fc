/**
 * How good a judge must be: {@link org.tastemaker.examples.simulated.SimulatedStudy} asks simulated
 * judges of known faults about images of the bundled model, and trains on some of their answers.
 *
 * <pre>
 *   Faults          what is wrong with a judge, and the judge that has it
 *   Asking          a protocol and a correction: how a judge is asked, and what rewards it gives
 *   Condition, Grid faults with a way to ask; which ones the study has
 *   Pool, Training  what a condition is tried on: finished images, or a training
 *   Outcome         the figures of a condition on a seed, a file
 *   StudyTables     the outcomes as Markdown and plots
 * </pre>
 */
@NullMarked
package org.tastemaker.examples.simulated;

import org.jspecify.annotations.NullMarked;
