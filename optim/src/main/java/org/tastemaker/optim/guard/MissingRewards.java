package org.tastemaker.optim.guard;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.json.JsonObject;

/**
 * Ends a run that has too few rewards. A missing reward is never a number, so each round learns
 * from what it has; but what is missing is rarely missing at random, and is paid for.
 */
public final class MissingRewards implements Guard {
  private final double maxShare;
  private final int window;
  private final Deque<Round> latest = new ArrayDeque<>();
  private boolean said;
  private long round;
  private String who = "";
  private String why = "";

  private record Round(int missing, int images) {}

  /**
   * Nothing seen yet.
   *
   * @param maxShare the bound of the share that is missing
   * @param window of how many rounds the share is
   */
  public MissingRewards(double maxShare, int window) {
    this.maxShare = maxShare;
    this.window = window;
  }

  @Override
  public Findings round(Observation seen) {
    Rewards rewards = seen.rewards().orElseThrow();
    Round now = new Round(rewards.size() - rewards.present(), rewards.size());
    latest.addLast(now);
    if (latest.size() > window) {
      latest.removeFirst();
    }
    round = seen.round();
    List<Judgement> without = seen.judgements().stream().filter(Judgement::isMissing).toList();
    if (who.isEmpty()) {
      who = "the reward " + ConstantReward.nameOf(seen.reward());
    }
    if (!without.isEmpty()) {
      who = "the judge " + ConstantReward.judges(without);
      why = " (" + MissingReason.words(MissingReason.of(without)) + ")";
    }
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("missingShare", share(List.copyOf(latest)));
    double share = share(List.of(now));
    if (share <= maxShare || said) {
      return Findings.of(metrics, List.of());
    }
    said = true;
    return Findings.of(
        metrics,
        List.of(
            words(share, "of round " + round)
                + ". The run ends if it stays above in "
                + window
                + (window == 1 ? " round" : " rounds")
                + ". This is said once"));
  }

  private static double share(List<Round> rounds) {
    return (double) rounds.stream().mapToInt(Round::missing).sum()
        / rounds.stream().mapToInt(Round::images).sum();
  }

  private String words(double share, String of) {
    return String.format(
        Locale.ROOT,
        "%s left %.0f %% of the images %s without a reward, above maxMissingShare, %.0f %%%s",
        who,
        100 * share,
        of,
        100 * maxShare,
        why);
  }

  @Override
  public Optional<String> reasonToStop() {
    if (latest.size() < window) {
      return Optional.empty();
    }
    double share = share(List.copyOf(latest));
    return share <= maxShare
        ? Optional.empty()
        : Optional.of(
            words(share, "of the " + latest.size() + " rounds up to round " + round)
                + ": mend that and resume the run, with the judge's retrying() if it has a cache,"
                + " which repeats refusals otherwise; or raise maxMissingShare, if so many are"
                + " meant to be missing");
  }

  @Override
  public Map<String, Object> save() {
    return Map.of(
        "latest",
        latest.stream().map(r -> List.of(r.missing(), r.images())).toList(),
        "said",
        said,
        "round",
        round,
        "who",
        who,
        "why",
        why);
  }

  @Override
  public void restore(JsonObject saved) {
    List<Round> rounds = new ArrayList<>();
    saved.integerLists("latest").forEach(r -> rounds.add(new Round(r.get(0), r.get(1))));
    latest.clear();
    latest.addAll(rounds.subList(Math.max(0, rounds.size() - window), rounds.size()));
    said = saved.flag("said");
    round = saved.longInteger("round");
    who = saved.text("who");
    why = saved.text("why");
  }
}
