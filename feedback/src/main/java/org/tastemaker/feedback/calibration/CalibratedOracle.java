package org.tastemaker.feedback.calibration;

import java.util.List;
import java.util.Objects;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.DescribedOracle;

/**
 * An oracle whose judgements are corrected by what a study learned about it.
 *
 * <pre>{@code
 * JudgeCalibration calibration = JudgeCalibration.load(JudgeCalibration.beside(study));
 * AnnotationJob.builder(dataset, CalibratedOracle.of(oracle, calibration), rubric).build().run(groups);
 * }</pre>
 *
 * <p>The calibration's identity is one of its settings, and so part of a dataset's header: a job
 * does not go on with a dataset that was begun without it, or with another. Each judgement keeps
 * what the judge said: {@link CalibratedDataset} reads it, and corrects it anew without asking.
 *
 * <p>The order by each criterion, scores and reasons are the judge's, uncorrected.
 */
public final class CalibratedOracle implements DescribedOracle {
  private final DescribedOracle oracle;
  private final JudgeCalibration calibration;

  private CalibratedOracle(DescribedOracle oracle, JudgeCalibration calibration) {
    this.oracle = oracle;
    this.calibration = calibration;
  }

  /**
   * Wraps an oracle.
   *
   * @param oracle asked as in the study
   * @param calibration of this oracle
   * @return the oracle with corrected judgements
   * @throws IllegalArgumentException if the calibration is of another judge, or of another way to
   *     ask it; or if the oracle is a calibrated one already
   */
  public static CalibratedOracle of(DescribedOracle oracle, JudgeCalibration calibration) {
    Settings settings = Objects.requireNonNull(oracle, "oracle == null").settings();
    String there = settings.values().get(JudgeCalibration.SETTING);
    if (there != null) {
      throw new IllegalArgumentException(
          "the oracle is calibrated by " + there + " already: give the oracle within it");
    }
    calibration.requireOf(settings);
    return new CalibratedOracle(oracle, calibration);
  }

  /**
   * Asks, and corrects.
   *
   * @throws IllegalArgumentException if the rubric is not that of the calibration; before anything
   *     is asked
   */
  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    calibration.requireOf(oracle.settings(), rubric);
    return oracle.rank(groups, rubric).stream()
        .map(judgement -> CalibratedJudgements.correct(judgement, calibration))
        .toList();
  }

  @Override
  public Settings settings() {
    return oracle.settings().with(JudgeCalibration.SETTING, calibration.id());
  }

  @Override
  public DescribedOracle retrying() {
    return new CalibratedOracle(oracle.retrying(), calibration);
  }
}
