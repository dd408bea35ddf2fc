/**
 * What a study learned about a judge, used: soft labels corrected, the liking for a position taken
 * out, ties widened, judges weighed.
 *
 * <pre>
 *   people's votes + a judge's dataset --&gt; {@link org.tastemaker.feedback.calibration.CalibrationLearner}
 *     | learned on one half of the prompts, checked on the other
 *     v
 *   {@link org.tastemaker.feedback.calibration.JudgeCalibration}, a file beside the dataset
 *     |--&gt; {@link org.tastemaker.feedback.calibration.CalibratedOracle}: for an annotation job, or a run
 *     |--&gt; {@link org.tastemaker.feedback.calibration.CalibratedDataset}: what was answered already; asks nobody
 *     '--&gt; {@link org.tastemaker.feedback.calibration.JudgePanel}: several judges and people, by weight
 * </pre>
 *
 * <p>A calibrated judgement is an ordinary one: its order has the wider ties, and its recorded
 * preferences are the corrected ones, so rewards need not know. What the judge said is kept beside
 * it, and the correction can be taken back, or replaced by another. A calibration is of one judge,
 * one way to ask it, and one rubric; for others it is refused. One that does not help on prompts
 * that it was not learned on changes nothing, and says why.
 */
@NullMarked
package org.tastemaker.feedback.calibration;

import org.jspecify.annotations.NullMarked;
