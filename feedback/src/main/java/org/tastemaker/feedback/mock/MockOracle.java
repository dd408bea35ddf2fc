package org.tastemaker.feedback.mock;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.ToDoubleBiFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.tastemaker.core.FeedbackOracle;
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
import org.tastemaker.feedback.protocol.JudgeOracle;

/**
 * A judge that ranks by a score function, with faults of known size.
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
 * (for faults) and of the seed: not of what was asked before, or on which thread.
 */
public final class MockOracle implements Judge {
  private final ToDoubleBiFunction<Image, Prompt> score;
  private final Map<String, ToDoubleBiFunction<Image, Prompt>> byCriterion;
  private final Seed seed;
  private final String name;
  private final double temperature;
  private final double positionBias;
  private final double tieThreshold;
  private final double refusalRate;
  private final double malformedRate;
  private final boolean softAnswers;
  private final Duration latency;
  private final Consumer<Duration> sleeper;
  private final Usage usage;

  private MockOracle(Builder builder) {
    this.score = builder.score;
    this.byCriterion = Map.copyOf(builder.byCriterion);
    this.seed = builder.seed;
    this.name = builder.name;
    this.temperature = builder.temperature;
    this.positionBias = builder.positionBias;
    this.tieThreshold = builder.tieThreshold;
    this.refusalRate = builder.refusalRate;
    this.malformedRate = builder.malformedRate;
    this.softAnswers = builder.softAnswers;
    this.latency = builder.latency;
    this.sleeper = builder.sleeper;
    this.usage = builder.usage;
  }

  /** What is wrong with an answer. */
  public enum Fault {
    /** Nothing. */
    NONE,
    /** The judge does not want to answer. */
    REFUSAL,
    /** The answer is not in the form asked for. */
    MALFORMED
  }

  /**
   * A judge without faults.
   *
   * @param score of an image for a prompt, higher is better; finite; called from several threads
   * @return the judge
   */
  public static MockOracle of(ToDoubleBiFunction<Image, Prompt> score) {
    return builder(score).build();
  }

  /**
   * A feedback oracle without faults, which shows all images of a group at once.
   *
   * @param score of an image for a prompt, higher is better; finite; called from several threads
   * @return the oracle
   */
  public static FeedbackOracle oracle(ToDoubleBiFunction<Image, Prompt> score) {
    return of(score).asOracle();
  }

  /**
   * A judge to be set up.
   *
   * @param score of an image for a prompt, higher is better; finite; called from several threads
   * @return a builder without faults
   */
  public static Builder builder(ToDoubleBiFunction<Image, Prompt> score) {
    return new Builder(score);
  }

  /**
   * This judge as a feedback oracle with the default protocol, under the same seed.
   *
   * @return the oracle
   */
  public JudgeOracle asOracle() {
    return JudgeOracle.builder(this).seed(seed).build();
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * What is wrong with the answer to a question, at its attempt: for a server that plays this judge
   * and must spoil the answer itself.
   *
   * @param question any
   * @return the fault
   */
  public Fault faultOf(Question question) {
    double draw =
        seed.split("fault")
            .split(key(question))
            .split(question.attempt().number())
            .generator()
            .nextDouble();
    return draw < refusalRate
        ? Fault.REFUSAL
        : draw < refusalRate + malformedRate ? Fault.MALFORMED : Fault.NONE;
  }

  /**
   * The answer to a question, whatever the faults and the latency are.
   *
   * @param question any
   * @return what {@link #ask} answers where it does
   */
  public Verdict answer(Question question) {
    List<Rubric.Criterion> criteria = question.rubric().criteria();
    Map<String, Verdict.Answer> answers = new LinkedHashMap<>();
    if (criteria.size() == 1) {
      Verdict.Answer only =
          answer(question, "", byCriterion.getOrDefault(criteria.get(0).name(), score));
      return new Verdict(only, answers, "", usage, name, false);
    }
    for (Rubric.Criterion criterion : criteria) {
      answers.put(
          criterion.name(),
          answer(question, criterion.name(), byCriterion.getOrDefault(criterion.name(), score)));
    }
    return new Verdict(answer(question, "", score), answers, "", usage, name, false);
  }

  @Override
  public Verdict ask(Question question) {
    if (!latency.isZero()) {
      sleeper.accept(latency);
    }
    return switch (faultOf(question)) {
      case REFUSAL -> throw new FeedbackException.Refused("a mock refusal", usage);
      case MALFORMED ->
          throw new FeedbackException.MalformedVerdict(
              "overall",
              "the answer of " + name + " is malformed at overall: a mock fault was injected",
              usage);
      case NONE -> answer(question);
    };
  }

  private Verdict.Answer answer(
      Question question, String criterion, ToDoubleBiFunction<Image, Prompt> score) {
    int n = question.size();
    RandomGenerator random = seed.split("noise").split(key(question)).split(criterion).generator();
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
      double bias = n == 1 ? 0 : positionBias * (n - 1 - i) / (n - 1);
      utilities[i] = scores[i] + temperature * gumbel + bias;
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
        boolean soft = softAnswers && temperature > 0;
        yield soft
            ? Verdict.Answer.soft(
                1 / (1 + Math.exp(-(scores[0] - scores[1] + positionBias) / temperature)))
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
      if (last - utilities[i] > tieThreshold) {
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

  /** Sets up a {@link MockOracle}. */
  public static final class Builder {
    private final ToDoubleBiFunction<Image, Prompt> score;
    private final Map<String, ToDoubleBiFunction<Image, Prompt>> byCriterion =
        new LinkedHashMap<>();
    private Seed seed = Seed.of(0);
    private String name = "mock";
    private double temperature;
    private double positionBias;
    private double tieThreshold;
    private double refusalRate;
    private double malformedRate;
    private boolean softAnswers;
    private Duration latency = Duration.ZERO;
    private Consumer<Duration> sleeper = duration -> {};
    private Usage usage = new Usage(1, 0, 0, 0);

    private Builder(ToDoubleBiFunction<Image, Prompt> score) {
      this.score = Objects.requireNonNull(score, "score == null");
    }

    /**
     * Scores one criterion by a function of its own; the others go by the general one.
     *
     * @param name the criterion's
     * @param score of an image for a prompt, higher is better
     * @return this builder
     */
    public Builder criterion(String name, ToDoubleBiFunction<Image, Prompt> score) {
      byCriterion.put(
          Objects.requireNonNull(name, "name == null"),
          Objects.requireNonNull(score, "score == null"));
      return this;
    }

    /**
     * Sets the seed of noise and faults.
     *
     * @param seed by default 0
     * @return this builder
     */
    public Builder seed(Seed seed) {
      this.seed = Objects.requireNonNull(seed, "seed == null");
      return this;
    }

    /**
     * Sets the name that verdicts bear.
     *
     * @param name by default {@code mock}
     * @return this builder
     */
    public Builder name(String name) {
      this.name = Objects.requireNonNull(name, "name == null");
      return this;
    }

    /**
     * Sets the noise.
     *
     * @param temperature at least 0, in units of the score; 0, the default, is none
     * @return this builder
     */
    public Builder temperature(double temperature) {
      this.temperature = requireAtLeastZero("temperature", temperature);
      return this;
    }

    /**
     * Sets what being shown first is worth, against being shown last.
     *
     * @param positionBias in units of the score; negative favours the last; 0 by default
     * @return this builder
     */
    public Builder positionBias(double positionBias) {
      if (!Double.isFinite(positionBias)) {
        throw new IllegalArgumentException("positionBias must be finite, but was " + positionBias);
      }
      this.positionBias = positionBias;
      return this;
    }

    /**
     * Sets from which difference on the judge tells images apart.
     *
     * @param tieThreshold at least 0, in units of the score; 0, the default, ties equal utilities
     *     only
     * @return this builder
     */
    public Builder tieThreshold(double tieThreshold) {
      this.tieThreshold = requireAtLeastZero("tieThreshold", tieThreshold);
      return this;
    }

    /**
     * Sets how often the judge refuses. Another attempt is another draw.
     *
     * @param refusalRate in [0, 1]
     * @return this builder
     */
    public Builder refusalRate(double refusalRate) {
      this.refusalRate = requireRate("refusalRate", refusalRate, malformedRate);
      return this;
    }

    /**
     * Sets how often an answer is of no use. Another attempt is another draw.
     *
     * @param malformedRate in [0, 1]
     * @return this builder
     */
    public Builder malformedRate(double malformedRate) {
      this.malformedRate = requireRate("malformedRate", malformedRate, refusalRate);
      return this;
    }

    /**
     * Makes answers about pairs soft: the exact probability, as log-probabilities would tell it,
     * and no draw. Needs a temperature over 0.
     *
     * @param softAnswers by default false
     * @return this builder
     */
    public Builder softAnswers(boolean softAnswers) {
      this.softAnswers = softAnswers;
      return this;
    }

    /**
     * Sets how long an answer takes.
     *
     * @param latency at least 0
     * @param sleeper waits; a test's only takes note
     * @return this builder
     */
    public Builder latency(Duration latency, Consumer<Duration> sleeper) {
      if (latency.isNegative()) {
        throw new IllegalArgumentException("latency must be at least 0, but was " + latency);
      }
      this.latency = latency;
      this.sleeper = Objects.requireNonNull(sleeper, "sleeper == null");
      return this;
    }

    /**
     * Sets what an answer, a refusal too, claims to cost.
     *
     * @param usage by default one request and no tokens
     * @return this builder
     */
    public Builder usage(Usage usage) {
      this.usage = Objects.requireNonNull(usage, "usage == null");
      return this;
    }

    /**
     * Makes the judge.
     *
     * @return a judge of these settings
     */
    public MockOracle build() {
      if (softAnswers && temperature == 0) {
        throw new IllegalArgumentException(
            "soft answers come from the noise, so they need a temperature over 0, but it was 0.0");
      }
      return new MockOracle(this);
    }

    private static double requireAtLeastZero(String name, double value) {
      if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            name + " must be finite and at least 0, but was " + value);
      }
      return value;
    }

    private static double requireRate(String name, double value, double other) {
      if (!(value >= 0 && value <= 1 && value + other <= 1 + 1e-12)) {
        throw new IllegalArgumentException(
            name
                + " must be in [0, 1], and the rates of all faults together at most 1, but was "
                + value
                + " beside "
                + other);
      }
      return value;
    }
  }
}
