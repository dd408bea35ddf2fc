package org.tastemaker.feedback.votes;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.Wins;
import org.tastemaker.feedback.study.VotedGroup;

/**
 * A row with its images, in the forms that the library works with.
 *
 * <pre>
 *   votedGroup()           for a study of agreement
 *   judgement("people")    for preference losses, and wherever a judge's answer is expected
 *   ballots(), labels(..)  for a learned reward:
 *     new JudgedGroup(r.images().prompt(), r.images().images(), r.ballots(), r.labels("fidelity"))
 * </pre>
 *
 * @param row of the images that could be decoded, and the votes about them
 * @param images the same, decoded
 */
public record LoadedRow(VotedRow row, ImageGroup images) {
  /**
   * Checks that the row is of the images.
   *
   * @param row as above
   * @param images as above
   */
  public LoadedRow {
    Objects.requireNonNull(row, "row == null");
    if (row.images().size() != images.size()) {
      throw new IllegalArgumentException(
          "a row of " + row.images().size() + " images is not one of " + images.size());
    }
  }

  /**
   * Decodes a row's images. Those that cannot be used are left out, with the votes about them.
   *
   * @param row any
   * @param problems is told of each image that cannot be decoded, and of the row if it is left out
   * @return the row; empty where fewer than two images are left
   */
  public static Optional<LoadedRow> of(VotedRow row, Consumer<String> problems) {
    List<Integer> kept = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    for (int i : row.usable()) {
      try {
        images.add(ImageProbe.decode(row.images().get(i)));
        kept.add(i);
      } catch (IllegalArgumentException | UncheckedIOException e) {
        problems.accept(row.images().get(i).name() + ": " + e.getMessage());
      }
    }
    if (images.size() < 2) {
      problems.accept("the row of prompt '" + row.prompt() + "' has fewer than two usable images");
      return Optional.empty();
    }
    Prompt prompt = new Prompt(row.prompt(), "", row.facts());
    return Optional.of(new LoadedRow(row.only(kept), new ImageGroup(prompt, images)));
  }

  /**
   * The row as people's votes about pairs, with its facts, and its source and split as facts. Both
   * bad is a tie there.
   *
   * @return the group
   */
  public VotedGroup votedGroup() {
    Map<String, String> facts = new HashMap<>(row.facts());
    facts.put("source", row.source());
    if (!row.split().isEmpty()) {
      facts.put("split", row.split());
    }
    return new VotedGroup(images, RowPairs.of(row), facts, row.imageFacts());
  }

  /**
   * The overall votes as ballots: orders as they are, choices as comparisons, and scores by their
   * order where there is nothing else. A tie is one half there; both bad too.
   *
   * @return the ballots; empty ones where nobody has voted
   */
  public Ballots ballots() {
    return ballots(RowVote.OVERALL);
  }

  /**
   * The votes of a dimension as ballots.
   *
   * @param dimension of the votes
   * @return the ballots; empty ones where nobody has voted
   */
  public Ballots ballots(String dimension) {
    List<Ranking> rankings = new ArrayList<>();
    List<Preference> preferences = new ArrayList<>();
    for (RowVote vote : row.votes()) {
      if (!vote.dimension().equals(dimension)) {
        continue;
      }
      if (vote.answer() instanceof Answer.Order order) {
        rankings.add(order.ranking());
      } else if (vote.answer() instanceof Answer.Scores scores) {
        rankings.add(Ranking.ofScores(scores.scores()));
      } else if (vote.answer() instanceof Answer.Pick pick) {
        double first =
            switch (pick.outcome()) {
              case FIRST -> 1;
              case SECOND -> 0;
              case TIE, BOTH_BAD -> 0.5;
            };
        preferences.add(new Preference(pick.first(), pick.second(), first));
      }
    }
    return new Ballots(images.size(), rankings, preferences);
  }

  /**
   * The mean score of each image by a dimension.
   *
   * @param dimension of the votes
   * @return one for each image, empty where it has none; an empty list where nobody gave scores
   */
  public List<OptionalDouble> labels(String dimension) {
    List<List<OptionalDouble>> scores = new ArrayList<>();
    for (RowVote vote : row.votes()) {
      if (vote.dimension().equals(dimension) && vote.answer() instanceof Answer.Scores given) {
        scores.add(given.scores());
      }
    }
    List<OptionalDouble> means = new ArrayList<>();
    for (int i = 0; i < images.size() && !scores.isEmpty(); i++) {
      int image = i;
      means.add(
          scores.stream()
              .map(given -> given.get(image))
              .filter(OptionalDouble::isPresent)
              .mapToDouble(OptionalDouble::getAsDouble)
              .average());
    }
    return means;
  }

  /**
   * The votes as one answer: images in the order of their mean share of votes, overall and by each
   * dimension.
   *
   * @param judge who is to be named as the judge, such as {@code people}
   * @return the judgement; missing where there is no overall vote
   */
  public Judgement judgement(String judge) {
    Ranking overall = order(RowVote.OVERALL);
    if (overall.isEmpty()) {
      return Judgement.missing(images.size(), "nobody has voted", judge, Usage.NONE);
    }
    Map<String, Ranking> byDimension = new HashMap<>();
    for (RowVote vote : row.votes()) {
      if (!vote.dimension().equals(RowVote.OVERALL)) {
        byDimension.computeIfAbsent(vote.dimension(), this::order);
      }
    }
    return Judgement.of(overall, judge).withByCriterion(byDimension);
  }

  private Ranking order(String dimension) {
    Wins wins = ballots(dimension).wins();
    List<OptionalDouble> shares = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      double won = 0;
      for (int j = 0; j < images.size(); j++) {
        won += wins.get(i, j);
      }
      double compared = wins.comparisons(i);
      shares.add(compared == 0 ? OptionalDouble.empty() : OptionalDouble.of(won / compared));
    }
    return Ranking.ofScores(shares);
  }
}
