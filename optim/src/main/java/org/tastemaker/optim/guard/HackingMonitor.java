package org.tastemaker.optim.guard;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.optim.guard.Track.Change;

/**
 * Watches what a reward does not see: how dark, saturated, edgy, colourful, bright and diverse the
 * images are, how large their latents, what a held-out reward says of them and how differently it
 * orders them. A model that has found a way around its reward shows in these numbers: they run away
 * while the reward rises.
 *
 * <pre>
 *   evaluations   the latest beside the first: the same prompts and seeds
 *   rounds        the mean of the latest few beside that of the first few
 *   suspicious    the reward has risen, and a number has changed by more than its bound
 * </pre>
 *
 * <p>The reward's rise is that on the evaluation's images if it has scored them, and otherwise that
 * on the rounds' images. A reward that only compares images with each other, such as a win rate,
 * has no rise to look at; then the numbers alone count.
 *
 * <p>A reward may ask for what is suspicious here, such as small JPEG files: then the bounds are to
 * be raised, or the monitor told to measure only. It cannot tell what was meant.
 */
public final class HackingMonitor implements Guard {
  private static final String REWARD = "reward";
  private static final String REWARD_DEVIATION = "rewardDeviation";
  private static final String HELD_OUT_DEVIATION = "heldOutDeviation";
  private static final String IMAGES = "images";

  private final HackingOptions options;
  private final Track rounds;
  private final Track evaluations = new Track("evaluation", 1);
  private final Set<Signal> said = EnumSet.noneOf(Signal.class);
  private boolean relative;

  /**
   * Nothing seen yet.
   *
   * @param options when a change is suspicious
   */
  public HackingMonitor(HackingOptions options) {
    this.options = options;
    this.rounds = new Track("round", options.rounds());
  }

  @Override
  public Findings round(Observation seen) {
    return note(rounds, seen, "");
  }

  @Override
  public Findings evaluation(Observation seen) {
    return note(evaluations, seen, "evaluation.");
  }

  private Findings note(Track track, Observation seen, String prefix) {
    // 1. What the images are like, and what is said of them.
    Map<Signal, Double> signals = ImageMeasures.of(seen.rollout());
    Map<String, Double> scores = new TreeMap<>();
    relative = seen.reward().isRelative();
    if (seen.rewards().isPresent() && !relative) {
      score(seen.rewards().get(), REWARD, REWARD_DEVIATION, scores);
    }
    if (seen.heldOut().isPresent()) {
      Rewards heldOut = seen.heldOut().get();
      score(heldOut, Signal.HELD_OUT.metric(), HELD_OUT_DEVIATION, scores);
      heldOut.mean().ifPresent(mean -> signals.put(Signal.HELD_OUT, mean));
      seen.rewards()
          .map(trained -> RankGap.of(seen.rollout().groupIndices(), trained, heldOut))
          .orElse(OptionalDouble.empty())
          .ifPresent(gap -> signals.put(Signal.RANK_GAP, gap));
    }
    Map<String, Double> metrics = new TreeMap<>();
    signals.forEach((signal, value) -> metrics.put(prefix + signal.metric(), value));

    // 2. Beside the beginning.
    signals.forEach((signal, value) -> scores.put(signal.metric(), value));
    scores.put(IMAGES, (double) seen.rollout().size());
    track.add(seen.round(), scores);
    List<Signal> unsaid = new ArrayList<>(ranAway(track));
    unsaid.removeAll(said);
    if (options.action() == HackingOptions.Action.MEASURE || unsaid.isEmpty()) {
      return Findings.of(metrics, List.of());
    }
    said.addAll(unsaid);
    return Findings.of(metrics, List.of(words(track, unsaid)));
  }

  /** Notes the mean of some scores and their standard deviation. */
  private static void score(
      Rewards rewards, String name, String deviation, Map<String, Double> to) {
    OptionalDouble mean = rewards.mean();
    if (mean.isPresent()) {
      double m = mean.getAsDouble();
      to.put(name, m);
      to.put(
          deviation,
          Math.sqrt(
              rewards.values().stream()
                  .filter(OptionalDouble::isPresent)
                  .mapToDouble(r -> (r.getAsDouble() - m) * (r.getAsDouble() - m))
                  .average()
                  .orElse(0)));
    }
  }

  /** The numbers that are suspicious; none while the reward has not risen. */
  private List<Signal> ranAway(Track track) {
    List<Signal> away = new ArrayList<>();
    if (!track.isFull() || !(relative || hasRisen(scored(track)))) {
      return away;
    }
    double deviation = track.change(HELD_OUT_DEVIATION).map(Change::before).orElse(0.0);
    double images = track.window() * track.change(IMAGES).map(Change::now).orElse(1.0);
    for (Signal signal : Signal.values()) {
      track
          .change(signal.metric())
          .filter(
              change -> signal.ranAway(change.before(), change.now(), deviation, images, options))
          .ifPresent(change -> away.add(signal));
    }
    return away;
  }

  /** Where the reward is known: on the images of these measurements, or else on the rounds'. */
  private Track scored(Track track) {
    return track.change(REWARD).isPresent() ? track : rounds;
  }

  private boolean hasRisen(Track scored) {
    double deviation = scored.change(REWARD_DEVIATION).map(Change::before).orElse(0.0);
    return scored
        .change(REWARD)
        .filter(reward -> reward.now() - reward.before() > options.minScoreRise() * deviation)
        .isPresent();
  }

  private String words(Track track, List<Signal> away) {
    List<String> parts = new ArrayList<>();
    for (Signal signal : away) {
      Change change = track.change(signal.metric()).orElseThrow();
      parts.add(signal.words() + moved(change));
    }
    String reward =
        relative
            ? "the reward only compares images with each other, and so cannot show it"
            : "the reward" + moved(scored(track).change(REWARD).orElseThrow());
    return String.format(
        Locale.ROOT,
        "%s while %s, %s: the model may have found a way around the reward. Look at the images; go"
            + " back to an earlier checkpoint with a lower learning rate or a KL penalty, or train"
            + " on several rewards or more prompts. If this is what the reward asks for, raise the"
            + " bound of the hacking monitor",
        String.join(" and ", parts),
        reward,
        track.span());
  }

  private static String moved(Change change) {
    return String.format(
        Locale.ROOT,
        " %s from %.3g to %.3g",
        change.now() > change.before() ? "rose" : "fell",
        change.before(),
        change.now());
  }

  @Override
  public Optional<String> reasonToStop() {
    if (options.action() != HackingOptions.Action.STOP) {
      return Optional.empty();
    }
    for (Track track : List.of(evaluations, rounds)) {
      List<Signal> away = ranAway(track);
      if (!away.isEmpty()) {
        return Optional.of(words(track, away));
      }
    }
    return Optional.empty();
  }

  @Override
  public Map<String, Object> save() {
    Map<String, Object> saved = new LinkedHashMap<>();
    saved.put("evaluations", evaluations.save());
    saved.put("rounds", rounds.save());
    saved.put("relative", relative);
    saved.put("said", said.stream().map(Signal::metric).toList());
    return saved;
  }

  @Override
  public void restore(JsonObject saved) {
    evaluations.restore(saved.object("evaluations"));
    rounds.restore(saved.object("rounds"));
    relative = saved.flag("relative");
    said.clear();
    List<String> names = saved.texts("said");
    EnumSet.allOf(Signal.class).stream()
        .filter(signal -> names.contains(signal.metric()))
        .forEach(said::add);
  }
}
