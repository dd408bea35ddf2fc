package org.tastemaker.feedback.calibration;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.PromptBootstrap;
import org.tastemaker.feedback.agreement.TieMargin;
import org.tastemaker.feedback.calibration.StudyPairs.OfPrompt;
import org.tastemaker.feedback.calibration.StudyPairs.Pair;
import org.tastemaker.feedback.study.Truth;
import org.tastemaker.feedback.study.VotedGroup;

/**
 * Learns a {@link JudgeCalibration} from a study: on one half of the prompts, and checks it on the
 * other.
 *
 * <pre>{@code
 * JudgeCalibration calibration =
 *     CalibrationLearner.usual().learn(votes, dataset, clock.instant());
 * calibration.save(JudgeCalibration.beside(dataset));
 * }</pre>
 *
 * <p>The steps:
 *
 * <ol>
 *   <li>Position bias: the mean logit of single answers for the image shown first. Over both
 *       orders, or over random ones, what the images differ by cancels. It is taken out where its
 *       interval leaves out 0.
 *   <li>Slope: {@link Correction} and the fit to people's shares of votes.
 *   <li>Tie margin: {@link TieMargin} on the corrected probabilities. It is used where the half
 *       held out has no fewer pairs right with it.
 *   <li>The check: if the loss on the half held out is not less, beyond chance, nothing is
 *       corrected, whatever was learned.
 * </ol>
 *
 * <p>Criteria are not calibrated one by one: what is learned is about which image is better
 * overall.
 */
public final class CalibrationLearner {
  private static final PromptBootstrap TIES = new PromptBootstrap(200, 0.95);
  private static final int BINS = 10;

  private final Truth truth;
  private final Seed seed;

  private CalibrationLearner(Truth truth, Seed seed) {
    this.truth = Objects.requireNonNull(truth, "truth == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
  }

  /**
   * A learner.
   *
   * @param truth how votes become what people chose
   * @param seed of the halves, and of resamples
   * @return the learner
   */
  public static CalibrationLearner of(Truth truth, Seed seed) {
    return new CalibrationLearner(truth, seed);
  }

  /**
   * The majority of votes, seed 0.
   *
   * @return the learner
   */
  public static CalibrationLearner usual() {
    return of(Truth.majority(), Seed.of(0));
  }

  /**
   * Learns.
   *
   * @param votes people's
   * @param dataset of the judge, as an annotation job has written it; of a calibrated one, what the
   *     judge said itself is taken
   * @param now for the record
   * @return the calibration; of a study too small to learn from, or of no use on the half held out,
   *     it corrects nothing and says why
   * @throws IllegalArgumentException if the dataset is about none of the groups
   * @throws java.io.UncheckedIOException if the dataset cannot be read
   */
  public JudgeCalibration learn(Iterable<VotedGroup> votes, Path dataset, Instant now) {
    StudyPairs study = StudyPairs.read(votes, dataset, truth);
    Predicate<String> half = prompt -> seed.split("halves").split(prompt).generator().nextBoolean();
    List<OfPrompt> learnOn = new ArrayList<>();
    List<OfPrompt> checkOn = new ArrayList<>();
    study.byPrompt().forEach((text, own) -> (half.test(text) ? learnOn : checkOn).add(own));

    // 1. The judge's liking for what is shown first.
    Estimate bias = shownFirst(learnOn, x -> x, x -> true);
    Estimate share = shownFirst(learnOn, x -> x > 0 ? 1 : 0, x -> x != 0);
    double b = bias.excludes(0) ? bias.value() : 0;

    // 2. How much its logits are worth.
    List<List<SlopeFit.Point>> points = points(learnOn, b);
    long n = points.stream().mapToLong(List::size).sum();
    SlopeFit fit = n == 0 ? new SlopeFit(1, Double.NaN) : SlopeFit.of(points);
    Estimate slope = n == 0 ? Estimate.NONE : Estimate.around(fit.slope(), fit.error(), n);

    // 3. What people call a tie.
    Correction graded = new Correction(fit.slope(), b, 0);
    Estimate margin = n == 0 ? Estimate.NONE : margin(learnOn, graded, n);
    Correction wide =
        new Correction(fit.slope(), b, margin.isKnown() ? Math.min(1, margin.value()) : 0);

    // 4. The check.
    HeldOut check = check(checkOn, graded);
    double right = ties(checkOn, wide);
    boolean wider = right >= check.tiesAfter();
    Correction learned = wider ? wide : graded;
    if (wider) {
      check = withTies(check, right);
    }
    String reason = reason(n, check);
    return new JudgeCalibration(
        withoutCalibration(study.header().settings()),
        study.header().rubric(),
        study.header().rubricText(),
        study.data(),
        now,
        learnOn.size(),
        bias,
        share,
        slope,
        margin,
        flips(study),
        check,
        check.helps() ? learned : Correction.IDENTITY,
        reason);
  }

  private static String reason(long n, HeldOut check) {
    if (n == 0 || check.pairs() == 0) {
      return "nothing is corrected: one half of the prompts has no pair with votes and an answer";
    }
    return check.helps()
        ? "it helps on the prompts held out"
        : String.format(
            Locale.ROOT,
            "nothing is corrected: on %d prompts held out the gain of %s nats is not above 0 beyond"
                + " chance",
            check.prompts(),
            check.gain());
  }

  private static Settings withoutCalibration(Settings settings) {
    var values = new java.util.TreeMap<>(settings.values());
    values.remove(JudgeCalibration.SETTING);
    return new Settings(values);
  }

  private static Estimate shownFirst(
      List<OfPrompt> prompts, ToDoubleFunction<Double> value, Predicate<Double> counts) {
    List<double[]> sums = new ArrayList<>();
    for (OfPrompt prompt : prompts) {
      double[] all = prompt.shownFirst().stream().filter(counts).mapToDouble(value).toArray();
      sums.add(new double[] {Arrays.stream(all).sum(), all.length});
    }
    return Estimate.mean(sums);
  }

  private static List<List<SlopeFit.Point>> points(List<OfPrompt> prompts, double bias) {
    return prompts.stream()
        .map(
            prompt ->
                prompt.pairs().stream()
                    .map(p -> new SlopeFit.Point(p.said().logit(bias), p.share()))
                    .toList())
        .toList();
  }

  private Estimate margin(List<OfPrompt> prompts, Correction graded, long n) {
    List<List<TieMargin.Scored>> scored =
        prompts.stream()
            .map(prompt -> prompt.pairs().stream().map(p -> scored(p, graded)).toList())
            .filter(pairs -> !pairs.isEmpty())
            .toList();
    PromptBootstrap.Interval interval =
        TIES.of(
            scored,
            drawn -> TieMargin.calibrate(drawn.stream().flatMap(List::stream).toList()).margin(),
            seed.split("ties"));
    return new Estimate(interval.value(), interval.low(), interval.high(), n);
  }

  private static TieMargin.Scored scored(Pair pair, Correction graded) {
    double p = graded.graded(pair.said());
    return new TieMargin.Scored(pair.people(), p, 1 - p);
  }

  private static Estimate flips(StudyPairs study) {
    List<double[]> sums = new ArrayList<>();
    for (OfPrompt prompt : study.byPrompt().values()) {
      double[] own = new double[2];
      for (Pair pair : prompt.pairs()) {
        if (pair.verdict() != Choice.TIE && pair.people() != Choice.TIE) {
          own[0] += pair.verdict() == pair.people() ? 0 : 1;
          own[1]++;
        }
      }
      sums.add(own);
    }
    return Estimate.mean(sums);
  }

  private static HeldOut check(List<OfPrompt> prompts, Correction graded) {
    Correction none = Correction.IDENTITY;
    List<double[]> before = new ArrayList<>();
    List<double[]> after = new ArrayList<>();
    List<double[]> gains = new ArrayList<>();
    long pairs = 0;
    for (OfPrompt prompt : prompts) {
      double n = prompt.pairs().size();
      double raw = prompt.pairs().stream().mapToDouble(p -> loss(p, none)).sum();
      double corrected = prompt.pairs().stream().mapToDouble(p -> loss(p, graded)).sum();
      before.add(new double[] {raw, n});
      after.add(new double[] {corrected, n});
      gains.add(new double[] {raw - corrected, n});
      pairs += prompt.pairs().size();
    }
    return new HeldOut(
        prompts.size(),
        pairs,
        Estimate.mean(before).value(),
        Estimate.mean(after).value(),
        Estimate.mean(gains),
        error(prompts, none),
        error(prompts, graded),
        ties(prompts, none),
        ties(prompts, graded));
  }

  private static HeldOut withTies(HeldOut check, double right) {
    return new HeldOut(
        check.prompts(),
        check.pairs(),
        check.lossBefore(),
        check.lossAfter(),
        check.gain(),
        check.errorBefore(),
        check.errorAfter(),
        check.tiesBefore(),
        right);
  }

  private static double loss(Pair pair, Correction c) {
    return SlopeFit.loss(c.slope() * pair.said().logit(c.positionBias()), pair.share());
  }

  /** Expected calibration error, each pair seen from the image that is preferred. */
  private static double error(List<OfPrompt> prompts, Correction c) {
    double[] off = new double[BINS];
    long n = 0;
    for (OfPrompt prompt : prompts) {
      for (Pair pair : prompt.pairs()) {
        double p = c.graded(pair.said());
        double share = p == 0.5 ? 0.5 : p > 0.5 ? pair.share() : 1 - pair.share();
        double preferred = Math.max(p, 1 - p);
        off[Math.min(BINS - 1, (int) ((preferred - 0.5) * 2 * BINS))] += preferred - share;
        n++;
      }
    }
    return n == 0 ? Double.NaN : Arrays.stream(off).map(Math::abs).sum() / n;
  }

  /** The share of pairs in which people and the correction say the same of first, tie, second. */
  private static double ties(List<OfPrompt> prompts, Correction c) {
    long right = 0;
    long n = 0;
    for (OfPrompt prompt : prompts) {
      for (Pair pair : prompt.pairs()) {
        double p = c.probability(pair.said());
        right += Choice.ofScores(p, 0.5, 0) == pair.people() ? 1 : 0;
        n++;
      }
    }
    return n == 0 ? Double.NaN : (double) right / n;
  }
}
