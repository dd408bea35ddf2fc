package org.tastemaker.feedback.server;

import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.resilience.Sleeper;

/**
 * A server on the loopback interface that answers ranking questions like ChatGPT.
 *
 * <pre>{@code
 * try (LoopbackServer server = LoopbackServer.builder(MockJudge.of(score)).start();
 *     ChatGptOracle oracle =
 *         ChatGptOracle.builder().baseUrl(server.baseUrl()).withoutApiKey().model("mock").build()) {
 *   oracle.rank(groups, Rubrics.quality());
 * }
 * }</pre>
 *
 * <p>It serves {@code /chat/completions} and {@code /responses}, and {@code /images/generations} if
 * it is {@linkplain Builder#images given a generator}; and {@code /files} and {@code /batches}.
 * Faults are drawn at set rates: those of the network for each request, those of the answer for
 * each question, so that an answer is a function of the question and the seed. Or they are
 * {@linkplain #next scripted} for the next requests.
 */
public final class LoopbackServer implements AutoCloseable {
  private final FaultPlan faults;
  private final OpenAiRoutes routes;
  private final LoopbackHttp http;

  private LoopbackServer(Builder builder) {
    this.faults = new FaultPlan(builder.rates, builder.seed);
    this.routes =
        new OpenAiRoutes(
            builder.judge,
            new ImageAnswers(builder.images, builder.seed),
            new RewriteAnswers(builder.rewriter),
            faults,
            new OpenAiRoutes.Manners(
                builder.key,
                builder.models,
                builder.rejected,
                builder.slowness,
                builder.retryAfter,
                builder.plan,
                builder.clock,
                builder.batchStep));
    this.http = new LoopbackHttp(routes, builder.latency, builder.clock, builder.sleeper);
  }

  /**
   * A server to be set up.
   *
   * @param judge the judge that answers; called from several threads. Its refusals and malformed
   *     answers are passed on as such; any other exception becomes an error of status 400
   * @return a builder without faults
   */
  public static Builder builder(Judge judge) {
    return new Builder(judge);
  }

  /**
   * Where the server is.
   *
   * @return such as {@code http://127.0.0.1:40123/v1}
   */
  public String baseUrl() {
    return "http://" + http.address() + "/v1";
  }

  /**
   * Scripts faults: one for each of the next requests, before any drawn ones.
   *
   * @param faults in order
   */
  public void next(Fault... faults) {
    this.faults.script(List.of(faults));
  }

  /**
   * Scripts what goes wrong with batches: one fault for each of the next that are made.
   *
   * @param faults in order
   */
  public void nextBatch(BatchFault... faults) {
    routes.desk().next(List.of(faults));
  }

  /**
   * Batches that were made, those that failed included.
   *
   * @return at least 0
   */
  public int batches() {
    return routes.desk().batches();
  }

  /**
   * Files that are kept: uploaded, or made by batches, and not deleted.
   *
   * @return at least 0
   */
  public int files() {
    return routes.desk().files();
  }

  /**
   * What a service would bill: all answers that were made, refusals and useless ones too, whether
   * or not they arrived; with their tokens.
   *
   * @return sums
   */
  public Usage billed() {
    return routes.billed();
  }

  /**
   * What the answers say that they cost which were sent whole, those of batches left out.
   *
   * @return sums
   */
  public Usage told() {
    return routes.told();
  }

  /**
   * Requests that came in.
   *
   * @return at least 0
   */
  public long requests() {
    return http.requests();
  }

  /**
   * Correct answers sent: those that would be billed.
   *
   * @return at least 0
   */
  public long answers() {
    return routes.answers();
  }

  /**
   * The largest number of requests that were being answered at the same time.
   *
   * @return at least 0
   */
  public int mostInFlight() {
    return http.mostInFlight();
  }

  /**
   * How often a fault was injected.
   *
   * @param fault which
   * @return at least 0
   */
  public long injected(Fault fault) {
    return faults.injected(fault);
  }

  @Override
  public void close() {
    http.close();
  }

  /** Sets a server up. */
  public static final class Builder {
    private final Judge judge;
    private final Map<Fault, Double> rates = new EnumMap<>(Fault.class);
    private @Nullable ImageGenerator images;
    private @Nullable UnaryOperator<String> rewriter;
    private Seed seed = Seed.of(0);
    private Duration latency = Duration.ZERO;
    private Duration slowness = Duration.ofSeconds(1);
    private Duration retryAfter = Duration.ofMillis(50);
    private Duration batchStep = Duration.ofMillis(20);
    private Clock clock = Clock.systemUTC();
    private Sleeper sleeper = Sleeper.system();
    private @Nullable String key;
    private Set<String> models = Set.of();
    private Set<String> rejected = Set.of();
    private ServerPlan plan = ServerPlan.none();

    private Builder(Judge judge) {
      this.judge = Objects.requireNonNull(judge, "judge == null");
    }

    /**
     * Sets the rate of a fault.
     *
     * @param fault which
     * @param rate in [0, 1]; those of the network must not add up to over 1, nor those of the
     *     answer
     * @return this builder
     */
    public Builder fault(Fault fault, double rate) {
      rates.put(fault, rate);
      double sum =
          rates.entrySet().stream()
              .filter(e -> e.getKey().isOfTheAnswer() == fault.isOfTheAnswer())
              .mapToDouble(Map.Entry::getValue)
              .sum();
      if (!(rate >= 0 && sum <= 1)) {
        throw new IllegalArgumentException(
            "rates of faults must be at least 0 and add up to at most 1, but the rate of "
                + fault
                + " was "
                + rate
                + " and the sum "
                + sum);
      }
      return this;
    }

    /**
     * Serves images too, at {@code /images/generations}.
     *
     * @param generator asked for one image at a time; the caller closes it; by default there are no
     *     images
     * @return this builder
     */
    public Builder images(ImageGenerator generator) {
      this.images = Objects.requireNonNull(generator, "generator == null");
      return this;
    }

    /**
     * Rewrites prompts too, as {@link org.tastemaker.feedback.openai.PromptRewriter} asks for.
     *
     * @param rewriter makes a prompt of a prompt, called from several threads; by default such a
     *     request is an error
     * @return this builder
     */
    public Builder rewriter(UnaryOperator<String> rewriter) {
      this.rewriter = Objects.requireNonNull(rewriter, "rewriter == null");
      return this;
    }

    /**
     * Sets the seed of drawn faults and of images.
     *
     * @param seed by default 0
     * @return this builder
     */
    public Builder seed(Seed seed) {
      this.seed = Objects.requireNonNull(seed, "seed == null");
      return this;
    }

    /**
     * Sets how long each answer takes from the arrival of its question, and how much longer a
     * {@link Fault#SLOW} one takes.
     *
     * @param latency by default none
     * @param slowness by default a second
     * @return this builder
     */
    public Builder latency(Duration latency, Duration slowness) {
      this.latency = latency;
      this.slowness = slowness;
      return this;
    }

    /**
     * Sets how long a batch is validated, as long in progress, and as long finalized.
     *
     * @param batchStep by default 20 milliseconds
     * @return this builder
     */
    public Builder batchStep(Duration batchStep) {
      this.batchStep = batchStep;
      return this;
    }

    /**
     * Sets the delay that {@link Fault#RATE_LIMITED_WITH_DELAY} asks for.
     *
     * @param retryAfter by default 50 milliseconds
     * @return this builder
     */
    public Builder retryAfter(Duration retryAfter) {
      this.retryAfter = retryAfter;
      return this;
    }

    /**
     * Sets the clock and the sleeper.
     *
     * @param clock by default the system's
     * @param sleeper by default one that really waits
     * @return this builder
     */
    public Builder time(Clock clock, Sleeper sleeper) {
      this.clock = Objects.requireNonNull(clock, "clock == null");
      this.sleeper = Objects.requireNonNull(sleeper, "sleeper == null");
      return this;
    }

    /**
     * Requires a key.
     *
     * @param key the only key that is accepted; by default none is required
     * @return this builder
     */
    public Builder key(String key) {
      this.key = key;
      return this;
    }

    /**
     * Sets the models that exist.
     *
     * @param names by default any
     * @return this builder
     */
    public Builder models(String... names) {
      this.models = Set.of(names);
      return this;
    }

    /**
     * Sets the parameters that are rejected, as reasoning models and older servers do.
     *
     * @param parameters such as {@code "temperature"}, {@code "logprobs"}, {@code "json_schema"}
     * @return this builder
     */
    public Builder rejects(String... parameters) {
      this.rejected = Set.of(parameters);
      return this;
    }

    /**
     * Sets what the server does to some requests: refuses them, or answers in another form.
     *
     * @param plan by default nothing; not for another server as well, since it counts
     * @return this builder
     */
    public Builder plan(ServerPlan plan) {
      this.plan = Objects.requireNonNull(plan, "plan == null");
      return this;
    }

    /**
     * Starts the server on a free port that the system chooses, so that several servers can run at
     * once.
     *
     * @return a server: the caller closes it
     */
    public LoopbackServer start() {
      return new LoopbackServer(this);
    }
  }
}
