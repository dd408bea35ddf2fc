package org.tastemaker.feedback.mock;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.ToDoubleBiFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * A judge that ranks by a score function, with adjustable noise and faults.
 *
 * <p>It sees, for the image at position i of n, the utility
 *
 * <pre>
 *   u_i = score_i + positionBias * (n - 1 - i) / (n - 1) + temperature * G_i
 * </pre>
 *
 * <p>with independent standard Gumbel deviates G, and puts the images in the order of their
 * utilities. The difference of two Gumbel deviates is logistic, so that with the noise on
 *
 * <ul>
 *   <li>of two images the first wins with probability {@code sigma((score_0 - score_1 +
 *       positionBias) / temperature)}, exactly: the Bradley-Terry model;
 *   <li>rankings follow the Plackett-Luce model with log-worths {@code score / temperature}.
 * </ul>
 *
 * <p>Neighbours in the order whose utilities differ by the tie threshold or less tie. A question
 * for numbers is answered with {@code score + temperature * G}, rounded to the scale.
 *
 * <p>The answer is a function of the question's {@linkplain Question#id content}, of its attempt
 * (for faults) and of the seed: not of earlier questions, nor of the thread.
 */
public final class MockJudge implements Judge {
  private final ToDoubleBiFunction<Image, Prompt> score;
  private final Map<String, ToDoubleBiFunction<Image, Prompt>> byCriterion;
  private final Options options;
  private final Duration latency;
  private final Consumer<Duration> sleeper;

  private MockJudge(
      ToDoubleBiFunction<Image, Prompt> score,
      Map<String, ToDoubleBiFunction<Image, Prompt>> byCriterion,
      Options options,
      Duration latency,
      Consumer<Duration> sleeper) {
    this.score = Objects.requireNonNull(score, "score == null");
    this.byCriterion = Map.copyOf(byCriterion);
    this.options = Objects.requireNonNull(options, "options == null");
    this.latency = latency;
    this.sleeper = Objects.requireNonNull(sleeper, "sleeper == null");
  }

  /**
   * A judge without faults.
   *
   * @param score of an image for a prompt, higher is better; finite; called from several threads
   * @return the judge
   */
  public static MockJudge of(ToDoubleBiFunction<Image, Prompt> score) {
    return of(score, Options.defaults());
  }

  /**
   * A judge with faults.
   *
   * @param score of an image for a prompt, higher is better; finite; called from several threads
   * @param options its noise and faults
   * @return the judge
   */
  public static MockJudge of(ToDoubleBiFunction<Image, Prompt> score, Options options) {
    if (options.softAnswers() && options.temperature() == 0) {
      throw new IllegalArgumentException(
          "soft answers come from the noise, so they need a temperature over 0, but it was 0.0");
    }
    return new MockJudge(score, Map.of(), options, Duration.ZERO, duration -> {});
  }

  /**
   * This judge with another score for one criterion; the others are judged by the general one.
   *
   * @param name the criterion's
   * @param score of an image for a prompt, higher is better
   * @return a new judge
   */
  public MockJudge withCriterion(String name, ToDoubleBiFunction<Image, Prompt> score) {
    Map<String, ToDoubleBiFunction<Image, Prompt>> all = new HashMap<>(byCriterion);
    all.put(name, score);
    return new MockJudge(this.score, all, options, latency, sleeper);
  }

  /**
   * This judge with a latency.
   *
   * @param latency of each answer, at least 0
   * @param sleeper waits; a test can record the call instead
   * @return a new judge
   */
  public MockJudge withLatency(Duration latency, Consumer<Duration> sleeper) {
    if (latency.isNegative()) {
      throw new IllegalArgumentException("latency must be at least 0, but was " + latency);
    }
    return new MockJudge(score, byCriterion, options, latency, sleeper);
  }

  /** What is wrong with an answer. */
  enum Fault {
    NONE,
    /** The judge does not want to answer. */
    REFUSAL,
    /** The answer is not in the form asked for. */
    MALFORMED
  }

  @Override
  public String name() {
    return options.name();
  }

  Seed seed() {
    return options.seed();
  }

  /** The fault of the answer to a question, for its attempt. */
  Fault faultOf(Question question) {
    double draw =
        options
            .seed()
            .split("fault")
            .split(key(question))
            .split(question.attempt().number())
            .generator()
            .nextDouble();
    return draw < options.refusalRate()
        ? Fault.REFUSAL
        : draw < options.refusalRate() + options.malformedRate() ? Fault.MALFORMED : Fault.NONE;
  }

  /** The answer to a question, whatever the faults and the latency are. */
  Verdict answer(Question question) {
    List<Rubric.Criterion> criteria = question.rubric().criteria();
    Map<String, Verdict.Answer> answers = new LinkedHashMap<>();
    if (criteria.size() == 1) {
      Verdict.Answer only =
          answer(question, "", byCriterion.getOrDefault(criteria.get(0).name(), score));
      return new Verdict(only, answers, "", options.usage(), name(), false);
    }
    for (Rubric.Criterion criterion : criteria) {
      answers.put(
          criterion.name(),
          answer(question, criterion.name(), byCriterion.getOrDefault(criterion.name(), score)));
    }
    return new Verdict(answer(question, "", score), answers, "", options.usage(), name(), false);
  }

  @Override
  public Verdict ask(Question question) {
    if (!latency.isZero()) {
      sleeper.accept(latency);
    }
    return switch (faultOf(question)) {
      case REFUSAL -> throw new FeedbackException.Refused("a mock refusal", options.usage());
      case MALFORMED ->
          throw new FeedbackException.MalformedVerdict(
              "overall",
              "the answer of " + name() + " is malformed at overall: a mock fault was injected",
              options.usage());
      case NONE -> answer(question);
    };
  }

  private Verdict.Answer answer(
      Question question, String criterion, ToDoubleBiFunction<Image, Prompt> score) {
    int n = question.size();
    RandomGenerator random =
        options.seed().split("noise").split(key(question)).split(criterion).generator();
    double[] utilities = new double[n];
    double[] scores = new double[n];
    for (int i = 0; i < n; i++) {
      scores[i] = score.applyAsDouble(question.images().get(i), question.prompt());
      if (!Double.isFinite(scores[i])) {
        throw new IllegalStateException(
            "the score function must give finite numbers, but gave "
                + scores[i]
                + " for the image at position "
                + i
                + " of prompt '"
                + question.prompt().text()
                + "'");
      }
      double gumbel = -Math.log(-Math.log((random.nextLong() >>> 11) * 0x1p-53 + 0x1p-54));
      double bias = n == 1 ? 0 : options.positionBias() * (n - 1 - i) / (n - 1);
      utilities[i] = scores[i] + options.temperature() * gumbel + bias;
    }
    return switch (question.kind()) {
      case SCORE -> Verdict.Answer.ofScores(onScale(question, utilities));
      case RANK -> Verdict.Answer.of(order(utilities));
      case BEST ->
          Verdict.Answer.of(
              Ranking.topK(
                  n, sorted(utilities).stream().limit(question.k()).mapToInt(i -> i).toArray()));
      case PAIR -> {
        Verdict.Answer hard = Verdict.Answer.of(order(utilities));
        boolean soft = options.softAnswers() && options.temperature() > 0;
        yield soft
            ? Verdict.Answer.soft(
                1
                    / (1
                        + Math.exp(
                            -(scores[0] - scores[1] + options.positionBias())
                                / options.temperature())))
            : hard;
      }
    };
  }

  private List<OptionalDouble> onScale(Question question, double[] utilities) {
    Question.Scale scale = Objects.requireNonNull(question.scale());
    return Arrays.stream(utilities)
        .map(u -> Math.min(scale.max(), Math.max(scale.min(), Math.rint(u))))
        .mapToObj(OptionalDouble::of)
        .toList();
  }

  private Ranking order(double[] utilities) {
    List<List<Integer>> tiers = new ArrayList<>();
    double last = Double.POSITIVE_INFINITY;
    for (int i : sorted(utilities)) {
      if (last - utilities[i] > options.tieThreshold()) {
        tiers.add(new ArrayList<>());
      }
      tiers.get(tiers.size() - 1).add(i);
      last = utilities[i];
    }
    return Ranking.ofTiers(utilities.length, tiers);
  }

  private static List<Integer> sorted(double[] utilities) {
    return IntStream.range(0, utilities.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -utilities[i]))
        .toList();
  }

  private static long key(Question question) {
    return Long.parseUnsignedLong(question.id().substring(0, 16), 16);
  }

  /**
   * How large the faults are.
   *
   * @param seed of noise and faults
   * @param name that verdicts bear
   * @param temperature of the noise, at least 0, in units of the score; 0 is none
   * @param positionBias the advantage of being shown first over being shown last, in units of the
   *     score; negative favours the last
   * @param tieThreshold the difference above which the judge tells images apart, at least 0, in
   *     units of the score; 0 ties equal utilities only
   * @param refusalRate how often the judge refuses, in [0, 1]; another attempt is another draw
   * @param malformedRate how often an answer is malformed, in [0, 1]; another attempt is another
   *     draw; both rates together are at most 1
   * @param softAnswers whether answers about pairs are soft: the exact probability, as
   *     log-probabilities would tell it, and no draw; needs a temperature over 0
   * @param usage what an answer, a refusal too, claims to cost
   */
  @RecordBuilder
  public record Options(
      Seed seed,
      String name,
      double temperature,
      double positionBias,
      double tieThreshold,
      double refusalRate,
      double malformedRate,
      boolean softAnswers,
      Usage usage)
      implements MockJudgeOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(seed, "seed == null");
      Objects.requireNonNull(name, "name == null");
      Objects.requireNonNull(usage, "usage == null");
      requireAtLeastZero("temperature", temperature);
      requireAtLeastZero("tieThreshold", tieThreshold);
      if (!Double.isFinite(positionBias)) {
        throw new IllegalArgumentException("positionBias must be finite, but was " + positionBias);
      }
      requireRate("refusalRate", refusalRate);
      requireRate("malformedRate", malformedRate);
      if (refusalRate + malformedRate > 1 + 1e-12) {
        throw new IllegalArgumentException(
            "refusalRate and malformedRate must together be at most 1, but were "
                + refusalRate
                + " and "
                + malformedRate);
      }
    }

    /**
     * No noise and no faults.
     *
     * @return seed 0, the name {@code mock}, and one request without tokens for each answer
     */
    public static Options defaults() {
      return new Options(Seed.of(0), "mock", 0, 0, 0, 0, 0, false, new Usage(1, 0, 0, 0));
    }

    private static void requireAtLeastZero(String name, double value) {
      if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            name + " must be finite and at least 0, but was " + value);
      }
    }

    private static void requireRate(String name, double value) {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException(name + " must be in [0, 1], but was " + value);
      }
    }
  }
}
