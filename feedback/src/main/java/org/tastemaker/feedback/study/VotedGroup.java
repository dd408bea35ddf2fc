package org.tastemaker.feedback.study;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.feedback.protocol.JudgementFacts;

/**
 * Images of a prompt and what people said about them. A group of more than two is compared by all
 * of its pairs that have votes.
 *
 * @param images the group, as a judge is asked about it
 * @param pairs people's votes; each pair once by each criterion
 * @param facts what is known of the group, such as its {@code source}; see {@link Stratum}
 * @param imageFacts what is known of each image, such as the {@code model} that made it; empty, or
 *     one for each image
 */
public record VotedGroup(
    ImageGroup images,
    List<VotedPair> pairs,
    Map<String, String> facts,
    List<Map<String, String>> imageFacts) {
  /**
   * The fact that names the group in a judge's dataset, where the images are those that a job has
   * saved: rounded to 8 bits, they may have another {@link #id}.
   */
  public static final String GROUP = JudgementFacts.GROUP;

  /**
   * Checks that the pairs are of the group's images.
   *
   * @param images as above
   * @param pairs as above
   * @param facts as above
   * @param imageFacts as above
   */
  public VotedGroup {
    Objects.requireNonNull(images, "images == null");
    pairs = List.copyOf(pairs);
    facts = Map.copyOf(facts);
    imageFacts = imageFacts.stream().map(Map::copyOf).toList();
    Set<List<Object>> seen = new HashSet<>();
    for (VotedPair pair : pairs) {
      if (pair.second() >= images.size()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the group of prompt '%s' has images 0 to %d, but a pair is of %d and %d",
                images.prompt().text(),
                images.size() - 1,
                pair.first(),
                pair.second()));
      }
      if (!seen.add(List.of(pair.first(), pair.second(), pair.criterion()))) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "pair %d, %d of the group of prompt '%s' is there twice: put all votes about it"
                    + " into one list",
                pair.first(),
                pair.second(),
                images.prompt().text()));
      }
    }
    if (!imageFacts.isEmpty() && imageFacts.size() != images.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be facts of each of the %d images or of none, but they are of %d",
              images.size(),
              imageFacts.size()));
    }
  }

  /**
   * Two images and the votes about them.
   *
   * @param images a group of two
   * @param votes one for each person
   * @return the group
   */
  public static VotedGroup ofPair(ImageGroup images, List<Vote> votes) {
    return new VotedGroup(
        images, List.of(new VotedPair(0, 1, VotedPair.OVERALL, votes)), Map.of(), List.of());
  }

  /**
   * Images that each person has put in order.
   *
   * @param images at least two
   * @param orders one for each person; who says nothing about an image has no vote about its pairs
   * @return the group, with all of its pairs
   */
  public static VotedGroup ofRankings(ImageGroup images, List<Ranking> orders) {
    int n = images.size();
    List<VotedPair> pairs = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      for (int j = i + 1; j < n; j++) {
        List<Vote> votes = new ArrayList<>();
        for (Ranking order : orders) {
          Orders.choice(order, i, j).map(Vote::of).ifPresent(votes::add);
        }
        pairs.add(new VotedPair(i, j, VotedPair.OVERALL, votes));
      }
    }
    return new VotedGroup(images, pairs, Map.of(), List.of());
  }

  /**
   * This group with one more fact.
   *
   * @param name such as {@code source}
   * @param value its value
   * @return a new group
   */
  public VotedGroup withFact(String name, String value) {
    Map<String, String> all = new HashMap<>(facts);
    all.put(name, value);
    return new VotedGroup(images, pairs, all, imageFacts);
  }

  /**
   * This group with a fact of each image.
   *
   * @param name such as {@code model}
   * @param values one for each image
   * @return a new group
   */
  public VotedGroup withImageFact(String name, List<String> values) {
    if (values.size() != images.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "'%s' must be of each of the %d images, but is of %d",
              name,
              images.size(),
              values.size()));
    }
    List<Map<String, String>> all = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      Map<String, String> one = new HashMap<>(imageFacts.isEmpty() ? Map.of() : imageFacts.get(i));
      one.put(name, values.get(i));
      all.add(one);
    }
    return new VotedGroup(images, pairs, facts, all);
  }

  /**
   * The identity of the images as a group.
   *
   * @return as in a dataset of judgements
   */
  public String id() {
    return GroupId.of(images);
  }

  /**
   * People's score of each image by a criterion: its mean share of votes over its pairs.
   *
   * @return NaN for an image without votes
   */
  double[] scores(String criterion) {
    double[] sums = new double[images.size()];
    int[] counts = new int[images.size()];
    for (VotedPair pair : pairs) {
      if (pair.criterion().equals(criterion) && !pair.votes().isEmpty()) {
        double share = pair.shareOfFirst();
        sums[pair.first()] += share;
        sums[pair.second()] += 1 - share;
        counts[pair.first()]++;
        counts[pair.second()]++;
      }
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] /= counts[i];
    }
    return sums;
  }

  /** People's pairs by a criterion; those about which image is better where there are none. */
  List<VotedPair> pairsBy(String criterion) {
    List<VotedPair> own = pairs.stream().filter(p -> p.criterion().equals(criterion)).toList();
    return own.isEmpty()
        ? pairs.stream().filter(p -> p.criterion().equals(VotedPair.OVERALL)).toList()
        : own;
  }
}
