package org.tastemaker.optim.zo;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;

/** A judge who orders images by a number and never tells it. */
record ScoreOracle(ToDoubleFunction<Image> score, List<ImageGroup> seen) implements FeedbackOracle {
  ScoreOracle(ToDoubleFunction<Image> score) {
    this(score, new ArrayList<>());
  }

  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    seen.addAll(groups);
    return groups.stream()
        .map(
            group ->
                Judgement.of(
                    Ranking.ofScores(group.images().stream().mapToDouble(score).toArray()),
                    "score"))
        .toList();
  }

  /** How much redder than blue an image is. */
  static double redness(Image image) {
    double sum = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        sum += image.get(0, y, x) - image.get(2, y, x);
      }
    }
    return sum / (image.height() * image.width());
  }
}
