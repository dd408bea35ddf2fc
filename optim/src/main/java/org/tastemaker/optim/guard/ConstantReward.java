package org.tastemaker.optim.guard;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.json.JsonObject;

/**
 * Names a judge or a reward that makes no difference between images: the judge ties all images of
 * every group, or all rewards of a round are the same. It looks at differences, and not at means:
 * the mean of win rates is 0.5 in every round, and nothing is wrong with that.
 */
public final class ConstantReward implements Guard {
  private final int maxRounds;
  private int inARow;
  private int said; // the longest row that was warned of
  private String words = "";

  /** Fewer images than this may well be equal in one round. */
  private static final int MANY = 4;

  /**
   * Nothing seen yet.
   *
   * @param maxRounds after how many rounds in a row there is a reason to stop
   */
  public ConstantReward(int maxRounds) {
    this.maxRounds = maxRounds;
  }

  @Override
  public Findings round(Observation seen) {
    Map<String, Double> metrics = new TreeMap<>();
    Rewards rewards = seen.rewards().orElseThrow();
    constantGroups(seen.rollout().groupIndices(), rewards)
        .ifPresent(share -> metrics.put("constantGroups", share));
    Optional<String> found = tied(seen.judgements()).or(() -> equal(seen, rewards));
    if (found.isPresent()) {
      inARow++;
      words =
          String.format(
              Locale.ROOT,
              "%s in round %d, %s",
              found.get(),
              seen.round(),
              inARow == 1 ? "for the first time" : "for " + inARow + " rounds in a row");
    } else if (rewards.present() > 1) { // else nothing is known
      inARow = 0;
    }
    metrics.put("constantRounds", (double) inARow);
    // At once, and again each time that the row has doubled; few images are equal by chance.
    boolean chance = inARow == 1 && rewards.present() < MANY;
    if (inARow > said && Integer.bitCount(inARow) == 1 && !chance) {
      said = inARow;
      return Findings.of(metrics, List.of(words + wayOut()));
    }
    return Findings.of(metrics, List.of());
  }

  /** Of the groups with two rewards or more, the share in which they are all equal. */
  private static OptionalDouble constantGroups(List<List<Integer>> groups, Rewards rewards) {
    return groups.stream()
        .map(
            group ->
                group.stream()
                    .map(rewards::get)
                    .filter(OptionalDouble::isPresent)
                    .map(OptionalDouble::getAsDouble)
                    .toList())
        .filter(group -> group.size() > 1)
        .mapToDouble(group -> group.stream().distinct().count() == 1 ? 1 : 0)
        .average();
  }

  /** What a judge did that tied whatever it compared. */
  private static Optional<String> tied(List<Judgement> judgements) {
    List<Judgement> compared =
        judgements.stream()
            .filter(
                judgement -> judgement.ranking().tiers().stream().mapToInt(List::size).sum() > 1)
            .toList();
    if (compared.isEmpty()
        || compared.stream().anyMatch(judgement -> judgement.ranking().tiers().size() > 1)) {
      return Optional.empty();
    }
    List<Double> scores =
        compared.stream()
            .flatMap(judgement -> judgement.scores().stream())
            .filter(OptionalDouble::isPresent)
            .map(OptionalDouble::getAsDouble)
            .distinct()
            .toList();
    return Optional.of(
        String.format(
            Locale.ROOT,
            "the judge %s tied all images of %s%s",
            judges(compared),
            compared.size() == 1 ? "the only group" : "each of " + compared.size() + " groups",
            scores.size() == 1 ? ", with the score " + scores.get(0) + " for every one," : ""));
  }

  /** The names of some judges. */
  static String judges(List<Judgement> judgements) {
    return judgements.stream()
        .map(judgement -> "\"" + judgement.judge() + "\"")
        .distinct()
        .collect(Collectors.joining(" and "));
  }

  private static Optional<String> equal(Observation seen, Rewards rewards) {
    List<Double> values =
        rewards.values().stream()
            .filter(OptionalDouble::isPresent)
            .map(OptionalDouble::getAsDouble)
            .toList();
    if (values.size() < 2 || values.stream().distinct().count() > 1) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "the reward %s was %s for all %d images",
            nameOf(seen.reward()),
            values.get(0),
            values.size()));
  }

  /** A reward's name, the same in every process: a lambda has that of its class. */
  static String nameOf(Object reward) {
    String name = reward.getClass().getSimpleName();
    int lambda = name.indexOf("$$Lambda");
    return lambda < 0 ? name : "of " + name.substring(0, lambda);
  }

  private static String wayOut() {
    return ": no image is better than another, so nothing is learned. Look at what it answers about"
        + " two images that differ; a judge needs another rubric or model, a reward another scale"
        + " or harder prompts";
  }

  @Override
  public Optional<String> reasonToStop() {
    return inARow < maxRounds
        ? Optional.empty()
        : Optional.of(words + ", and the run may have " + maxRounds + wayOut());
  }

  @Override
  public Map<String, Object> save() {
    return Map.of("inARow", inARow, "said", said, "words", words);
  }

  @Override
  public void restore(JsonObject saved) {
    inARow = saved.integer("inARow");
    said = saved.integer("said");
    words = saved.text("words");
  }
}
