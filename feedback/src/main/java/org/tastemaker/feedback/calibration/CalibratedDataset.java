package org.tastemaker.feedback.calibration;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;
import org.tastemaker.core.Judgement;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;

/**
 * Reads a dataset's judgements corrected by a calibration, or as the judge gave them, whichever way
 * they were written: nobody is asked.
 */
public final class CalibratedDataset {
  private CalibratedDataset() {}

  /**
   * The judgements, corrected. Those that another calibration has corrected are corrected anew,
   * from what the judge said.
   *
   * @param dataset what an annotation job has written
   * @param calibration of its judge
   * @return all judgements, including missing ones, in the order of the groups' ids
   * @throws IllegalArgumentException if the calibration is of another judge, of another way to ask
   *     it, or of another rubric
   * @throws java.io.UncheckedIOException if the file cannot be read
   */
  public static List<AnnotatedGroup> readAll(Path dataset, JudgeCalibration calibration) {
    List<AnnotatedGroup> groups = new ArrayList<>();
    calibration.requireOf(PreferenceDataset.read(dataset, groups::add).header());
    return changed(groups, judgement -> CalibratedJudgements.correct(judgement, calibration));
  }

  /**
   * The judgements as the judge gave them.
   *
   * @param dataset what an annotation job has written, with or without a calibration
   * @return all judgements, including missing ones, in the order of the groups' ids
   * @throws java.io.UncheckedIOException if the file cannot be read
   */
  public static List<AnnotatedGroup> readRaw(Path dataset) {
    return changed(PreferenceDataset.readAll(dataset), CalibratedJudgements::raw);
  }

  private static List<AnnotatedGroup> changed(
      List<AnnotatedGroup> groups, UnaryOperator<Judgement> change) {
    return groups.stream()
        .map(
            group ->
                new AnnotatedGroup(
                    group.id(),
                    group.time(),
                    group.prompt(),
                    group.images(),
                    change.apply(group.judgement())))
        .sorted(Comparator.comparing(AnnotatedGroup::id))
        .toList();
  }
}
