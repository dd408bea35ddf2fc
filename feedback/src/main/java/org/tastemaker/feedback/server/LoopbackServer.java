package org.tastemaker.feedback.server;

import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Seed;
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
 * <p>It understands {@code /chat/completions} and {@code /responses}, and {@code
 * /images/generations} where it is {@linkplain Builder#images given a generator}. Faults are drawn
 * with set rates, those of the network for each request, those of the answer for each question, so
 * that an answer is a function of the question and the seed; or they are {@linkplain #next put in a
 * row} for the requests to come.
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
            faults,
            new OpenAiRoutes.Manners(
                builder.key,
                builder.models,
                builder.turnedDown,
                builder.slowness,
                builder.retryAfter));
    this.http = new LoopbackHttp(routes, builder.latency, builder.clock, builder.sleeper);
  }

  /**
   * A server to be set up.
   *
   * @param judge who answers; called from several threads. Its refusals and malformed answers are
   *     passed on as such, any other exception as a request that cannot be answered
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
   * Puts faults in a row: one for each of the next requests, before any drawn ones.
   *
   * @param faults in order
   */
  public void next(Fault... faults) {
    this.faults.script(List.of(faults));
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
   * Correct answers that went out: what would have to be paid.
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
   * How often the server misbehaved in a way.
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
    private Seed seed = Seed.of(0);
    private Duration latency = Duration.ZERO;
    private Duration slowness = Duration.ofSeconds(1);
    private Duration retryAfter = Duration.ofMillis(50);
    private Clock clock = Clock.systemUTC();
    private Sleeper sleeper = Sleeper.system();
    private @Nullable String key;
    private Set<String> models = Set.of();
    private Set<String> turnedDown = Set.of();

    private Builder(Judge judge) {
      this.judge = Objects.requireNonNull(judge, "judge == null");
    }

    /**
     * Sets how often the server misbehaves in a way.
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
     * Makes images too, at {@code /images/generations}.
     *
     * @param generator is asked for one image at a time; stays the caller's; by default there are
     *     no images
     * @return this builder
     */
    public Builder images(ImageGenerator generator) {
      this.images = Objects.requireNonNull(generator, "generator == null");
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
     * Sets how long each answer takes from the arrival of its question, and how long a {@link
     * Fault#SLOW} one on top of that.
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
     * Sets what {@link Fault#RATE_LIMITED_WITH_DELAY} asks for.
     *
     * @param retryAfter by default 50 milliseconds
     * @return this builder
     */
    public Builder retryAfter(Duration retryAfter) {
      this.retryAfter = retryAfter;
      return this;
    }

    /**
     * Sets the clock and how time is let pass.
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
     * Asks for a key.
     *
     * @param key the only one that is let in; by default none is asked for
     * @return this builder
     */
    public Builder key(String key) {
      this.key = key;
      return this;
    }

    /**
     * Sets which models there are.
     *
     * @param names by default any
     * @return this builder
     */
    public Builder models(String... names) {
      this.models = Set.of(names);
      return this;
    }

    /**
     * Sets which parameters the models do not take, as reasoning models and older servers do.
     *
     * @param parameters such as {@code "temperature"}, {@code "logprobs"}, {@code "json_schema"}
     * @return this builder
     */
    public Builder turnsDown(String... parameters) {
      this.turnedDown = Set.of(parameters);
      return this;
    }

    /**
     * Starts the server on a port that nothing else uses: the system chooses it, so that none can
     * be in use already, and several servers may run at once.
     *
     * @return a server: the caller closes it
     */
    public LoopbackServer start() {
      return new LoopbackServer(this);
    }
  }
}
