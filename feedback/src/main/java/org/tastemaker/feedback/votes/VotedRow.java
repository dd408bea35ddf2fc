package org.tastemaker.feedback.votes;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.Ballots;

/**
 * A row of a data set of preferences: images of a prompt, and what people said about them. The
 * public data sets differ in shape alone; each is read into this.
 *
 * @param id the data set's own name for it; empty where it has none
 * @param prompt what the images were made for
 * @param images at least one
 * @param votes any number, of any number of people
 * @param source the data set, or the part of it that the row comes from
 * @param split such as {@code test}; empty where not known
 * @param facts what else is known of the row, such as its category
 * @param imageFacts what is known of each image, such as the {@code model} that made it; empty, or
 *     one for each image
 */
public record VotedRow(
    String id,
    String prompt,
    List<RowImage> images,
    List<RowVote> votes,
    String source,
    String split,
    Map<String, String> facts,
    List<Map<String, String>> imageFacts) {
  /** The image fact that names what made an image. */
  public static final String MODEL = "model";

  /**
   * Checks that the votes are about the row's images.
   *
   * @param id as above
   * @param prompt as above
   * @param images as above
   * @param votes as above
   * @param source as above
   * @param split as above
   * @param facts as above
   * @param imageFacts as above
   */
  public VotedRow {
    Objects.requireNonNull(id, "id == null: use \"\" for none");
    Objects.requireNonNull(prompt, "prompt == null");
    Objects.requireNonNull(source, "source == null");
    Objects.requireNonNull(split, "split == null: use \"\" for unknown");
    images = List.copyOf(images);
    votes = List.copyOf(votes);
    facts = Map.copyOf(facts);
    imageFacts = imageFacts.stream().map(Map::copyOf).toList();
    int size = images.size();
    if (size == 0) {
      throw new IllegalArgumentException("a row needs at least one image");
    }
    for (RowVote vote : votes) {
      boolean fits =
          vote.answer() instanceof Answer.Pick pick
              ? pick.first() < size && pick.second() < size
              : vote.answer() instanceof Answer.Order order
                  ? order.ranking().size() == size
                  : vote.answer() instanceof Answer.Scores scores && scores.scores().size() == size;
      if (!fits) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a vote must be about the row's images 0 to %d, but was %s",
                size - 1,
                vote.answer()));
      }
    }
    if (!imageFacts.isEmpty() && imageFacts.size() != size) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be facts of each of the %d images or of none, but they are of %d",
              size,
              imageFacts.size()));
    }
  }

  /**
   * A row about which nothing else is known.
   *
   * @param prompt what the images were made for
   * @param images at least one
   * @param votes any number
   * @param source where it comes from
   * @return the row
   */
  public static VotedRow of(
      String prompt, List<RowImage> images, List<RowVote> votes, String source) {
    return new VotedRow("", prompt, images, votes, source, "", Map.of(), List.of());
  }

  /**
   * The images that are not known to be unusable.
   *
   * @return their indices, ascending
   */
  public List<Integer> usable() {
    return IntStream.range(0, images.size())
        .filter(i -> !(images.get(i) instanceof RowImage.Unusable))
        .boxed()
        .toList();
  }

  /**
   * This row as far as it concerns some of the images.
   *
   * @param items indices; image {@code items.get(i)} becomes image {@code i}, in votes too
   * @return a row of these images; votes that say nothing about two of them are left out
   */
  public VotedRow only(List<Integer> items) {
    List<RowVote> kept = new ArrayList<>();
    for (RowVote vote : votes) {
      Answer answer = only(vote.answer(), items);
      if (answer != null) {
        kept.add(new RowVote(vote.annotator(), vote.dimension(), answer));
      }
    }
    return new VotedRow(
        id,
        prompt,
        items.stream().map(images::get).toList(),
        kept,
        source,
        split,
        facts,
        imageFacts.isEmpty() ? List.of() : items.stream().map(imageFacts::get).toList());
  }

  /**
   * This row with other images.
   *
   * @param others one for each
   * @return a new row
   */
  public VotedRow withImages(List<RowImage> others) {
    return new VotedRow(id, prompt, others, votes, source, split, facts, imageFacts);
  }

  private static @Nullable Answer only(Answer answer, List<Integer> items) {
    if (answer instanceof Answer.Pick pick) {
      int first = items.indexOf(pick.first());
      int second = items.indexOf(pick.second());
      return first < 0 || second < 0 ? null : new Answer.Pick(first, second, pick.outcome());
    }
    if (answer instanceof Answer.Order order) {
      Ranking ranking =
          new Ballots(order.ranking().size(), List.of(order.ranking()), List.of())
              .only(items)
              .rankings()
              .get(0);
      return items.size() - ranking.missing().size() < 2 ? null : new Answer.Order(ranking);
    }
    List<OptionalDouble> scores = ((Answer.Scores) answer).scores();
    List<OptionalDouble> own = items.stream().map(scores::get).toList();
    return own.stream().noneMatch(OptionalDouble::isPresent) ? null : new Answer.Scores(own);
  }
}
