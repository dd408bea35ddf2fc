package org.tastemaker.reward.learned;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.Ballots;

/**
 * What a learned reward is trained on: judged images, one {@link JudgedGroup} for each prompt.
 *
 * <p>Groups with the same text are merged, whoever judged them and whenever: the images of all of
 * them, each once, with all their ballots. So all that is known about a prompt is in one element of
 * a batch and on one side of every split.
 */
public final class PreferenceSet {
  private final List<JudgedGroup> groups;

  private PreferenceSet(List<JudgedGroup> groups) {
    this.groups = groups;
  }

  /**
   * A set of given groups.
   *
   * @param groups any number; those with the same text are merged
   * @return the set, in the order of each text's first group
   */
  public static PreferenceSet of(List<JudgedGroup> groups) {
    Map<String, List<JudgedGroup>> byText = new LinkedHashMap<>();
    for (JudgedGroup group : groups) {
      byText.computeIfAbsent(group.prompt().text(), t -> new ArrayList<>()).add(group);
    }
    return new PreferenceSet(byText.values().stream().map(PreferenceSet::join).toList());
  }

  /**
   * A set made from an oracle's answers. A group whose judgement is missing is left out.
   *
   * @param groups what was judged
   * @param judgements one for each group, in order
   * @return the set, with the overall rankings, and with the scores as labels if there are any
   */
  public static PreferenceSet of(List<ImageGroup> groups, List<Judgement> judgements) {
    return of(groups, judgements, j -> Ballots.ofRankings(List.of(j.ranking())));
  }

  /**
   * A set made from an oracle's answers, with its probabilities of pairs as soft labels, such as a
   * calibration has corrected them. A group whose judgement is missing is left out.
   *
   * @param groups what was judged
   * @param judgements one for each group, in order; where one has no probabilities, its ranking is
   *     taken
   * @return the set, and with the scores as labels if there are any
   */
  public static PreferenceSet ofSoft(List<ImageGroup> groups, List<Judgement> judgements) {
    return of(groups, judgements, Ballots::ofSoft);
  }

  private static PreferenceSet of(
      List<ImageGroup> groups, List<Judgement> judgements, Function<Judgement, Ballots> ballots) {
    if (groups.size() != judgements.size()) {
      throw new IllegalArgumentException(
          "there must be a judgement for each of the "
              + groups.size()
              + " groups, but there were "
              + judgements.size());
    }
    List<JudgedGroup> judged = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      ImageGroup group = groups.get(g);
      Judgement judgement = judgements.get(g);
      if (!judgement.isMissing()) {
        judged.add(
            new JudgedGroup(
                group.prompt(), group.images(), ballots.apply(judgement), judgement.scores()));
      }
    }
    return of(judged);
  }

  /**
   * The groups.
   *
   * @return one for each text
   */
  public List<JudgedGroup> groups() {
    return groups;
  }

  /**
   * The number of prompts.
   *
   * @return at least 0
   */
  public int size() {
    return groups.size();
  }

  /**
   * The same set with good or bad labels.
   *
   * @param threshold the lowest label of a good image
   * @return with label 1 for good images and 0 for bad ones; a missing label stays missing, and the
   *     comparisons stay as they are
   */
  public PreferenceSet goodFrom(double threshold) {
    if (!Double.isFinite(threshold)) {
      throw new IllegalArgumentException("threshold must be finite, but was " + threshold);
    }
    return new PreferenceSet(
        groups.stream()
            .map(
                g ->
                    new JudgedGroup(
                        g.prompt(),
                        g.images(),
                        g.ballots(),
                        g.labels().stream()
                            .map(
                                l ->
                                    l.isPresent()
                                        ? OptionalDouble.of(l.getAsDouble() >= threshold ? 1 : 0)
                                        : l)
                            .toList()))
            .toList());
  }

  /**
   * Splits the prompts at random.
   *
   * @param shares of the parts, each above 0, summing to 1
   * @param seed of the order
   * @return the parts, each with at least one prompt
   * @throws IllegalArgumentException if there are fewer prompts than parts
   */
  public List<PreferenceSet> split(double[] shares, Seed seed) {
    if (shares.length == 0
        || Arrays.stream(shares).anyMatch(s -> !(s > 0))
        || Math.abs(Arrays.stream(shares).sum() - 1) > 1e-9) {
      throw new IllegalArgumentException(
          "the shares of a split must each be above 0 and sum to 1, but were "
              + Arrays.toString(shares));
    }
    if (size() < shares.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s prompts cannot be split into %s parts of at least one prompt each; judge more prompts",
              size(),
              shares.length));
    }
    List<JudgedGroup> shuffled = new ArrayList<>(groups);
    RandomGenerator random = seed.generator();
    for (int i = shuffled.size() - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      JudgedGroup kept = shuffled.get(i);
      shuffled.set(i, shuffled.get(j));
      shuffled.set(j, kept);
    }
    List<PreferenceSet> parts = new ArrayList<>();
    int from = 0;
    double sum = 0;
    for (int p = 0; p < shares.length; p++) {
      sum += shares[p];
      int partsLeft = shares.length - 1 - p;
      int to = (int) Math.round(sum * size());
      to = Math.max(from + 1, Math.min(to, size() - partsLeft));
      parts.add(new PreferenceSet(List.copyOf(shuffled.subList(from, to))));
      from = to;
    }
    return parts;
  }

  private static JudgedGroup join(List<JudgedGroup> groups) {
    if (groups.size() == 1) {
      return groups.get(0);
    }
    List<Image> images = new ArrayList<>();
    Map<Image, Integer> places = new LinkedHashMap<>();
    for (JudgedGroup group : groups) {
      for (Image image : group.images()) {
        if (places.putIfAbsent(image, images.size()) == null) {
          images.add(image);
        }
      }
    }
    List<Ranking> rankings = new ArrayList<>();
    List<Preference> preferences = new ArrayList<>();
    OptionalDouble[] labels = new OptionalDouble[images.size()];
    Arrays.fill(labels, OptionalDouble.empty());
    boolean labelled = false;
    for (JudgedGroup group : groups) {
      int[] place = group.images().stream().mapToInt(i -> requirePlace(places, i)).toArray();
      if (Arrays.stream(place).distinct().count() < place.length) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "prompt '%s' was judged in several groups, one of which holds the same image twice; leave one out",
                group.prompt().text()));
      }
      for (Ranking ranking : group.ballots().rankings()) {
        rankings.add(
            Ranking.ofTiers(
                images.size(),
                ranking.tiers().stream()
                    .map(tier -> tier.stream().map(i -> place[i]).toList())
                    .toList()));
      }
      for (Preference p : group.ballots().preferences()) {
        preferences.add(new Preference(place[p.first()], place[p.second()], p.probability()));
      }
      for (int i = 0; i < group.labels().size(); i++) {
        labelled = true;
        if (group.labels().get(i).isPresent()) {
          labels[place[i]] = group.labels().get(i);
        }
      }
    }
    return new JudgedGroup(
        groups.get(0).prompt(),
        images,
        new Ballots(images.size(), rankings, preferences),
        labelled ? Arrays.asList(labels) : List.of());
  }

  private static int requirePlace(Map<Image, Integer> places, Image image) {
    Integer place = places.get(image);
    if (place == null) {
      throw new IllegalStateException("an image has no place");
    }
    return place;
  }
}
