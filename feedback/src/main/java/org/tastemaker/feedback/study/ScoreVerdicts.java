package org.tastemaker.feedback.study;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;

/** What a reward model or another function of an image and its prompt says: scores. */
public final class ScoreVerdicts implements Verdicts {
  private final String name;
  private final Function<ImageGroup, List<OptionalDouble>> scores;

  private ScoreVerdicts(String name, Function<ImageGroup, List<OptionalDouble>> scores) {
    this.name = name;
    this.scores = scores;
  }

  /**
   * Scores of whole groups.
   *
   * @param name for tables
   * @param scores of a group's images, in their order, higher is better; empty where there is none
   * @return the verdicts
   */
  public static ScoreVerdicts ofGroups(
      String name, Function<ImageGroup, List<OptionalDouble>> scores) {
    return new ScoreVerdicts(name, scores);
  }

  /**
   * A score of each image.
   *
   * @param name for tables
   * @param score of an image for a prompt, higher is better; NaN where it has none
   * @return the verdicts
   */
  public static ScoreVerdicts of(String name, ToDoubleBiFunction<Image, Prompt> score) {
    return ofGroups(
        name,
        group ->
            group.images().stream()
                .map(image -> score.applyAsDouble(image, group.prompt()))
                .map(x -> Double.isFinite(x) ? OptionalDouble.of(x) : OptionalDouble.empty())
                .toList());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Optional<GroupVerdict> of(VotedGroup group) {
    List<OptionalDouble> all = scores.apply(group.images());
    if (all.size() != group.images().size()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s must give a score, or none, to each of the %d images of prompt '%s', but gave %d",
              name,
              group.images().size(),
              group.images().prompt().text(),
              all.size()));
    }
    return Optional.of(
        GroupVerdict.of(
            new Opinion(Ranking.ofScores(all), Map.of(), all, List.of(), Optional.of(List.of())),
            name));
  }
}
