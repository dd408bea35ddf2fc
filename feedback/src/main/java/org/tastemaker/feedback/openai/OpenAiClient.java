package org.tastemaker.feedback.openai;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.Sleeper;

/**
 * A client for OpenAI and compatible servers: address, key, rate limits, ledger, and the known
 * capabilities of models. Judges, rewriters and generators can share one.
 *
 * <p>Thread-safe. Calls block.
 */
public final class OpenAiClient implements AutoCloseable {
  /** The service itself. */
  public static final String OPENAI = "https://api.openai.com/v1";

  private final HttpUrl baseUrl;
  private final ApiKey key;
  private final Ledger ledger;
  private final ResilientCaller caller;
  private final PaidCalls calls;
  private final AnswerJson json;
  private final LearnedCapabilities learned;
  private final ModelQuestions questions;
  private final Parts parts;

  private OpenAiClient(Builder builder, HttpUrl baseUrl, ApiKey key) {
    this.baseUrl = baseUrl;
    this.key = key;
    this.ledger = builder.ledger;
    this.learned = new LearnedCapabilities(baseUrl.toString(), builder.memory, builder.clock);
    this.caller =
        new ResilientCaller(
            builder.limits, builder.clock, builder.sleeper, builder.seed, builder.listener);
    this.calls =
        new PaidCalls(
            new PaidCalls.Connection(
                baseUrl, key, builder.redirects, builder.bodies, builder.timeout),
            ledger,
            builder.clock,
            caller,
            builder.limits.inFlight());
    this.json = new AnswerJson(key);
    this.questions = new ModelQuestions(calls, learned, baseUrl.toString());
    this.parts = new Parts(calls, json, key, learned, ledger, builder.clock, builder.sleeper);
  }

  /**
   * A client to be set up.
   *
   * @return a builder for OpenAI itself, with the key of the environment
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The ledger of this client.
   *
   * @return the ledger that it writes to
   */
  public Ledger ledger() {
    return ledger;
  }

  /**
   * Counts of calls so far.
   *
   * @return counts
   */
  public ResilientCaller.Counts counts() {
    return caller.counts();
  }

  /**
   * What is known about a model.
   *
   * @param model its name
   * @return its capabilities
   */
  public ModelCapabilities capabilities(String model) {
    return learned.of(model);
  }

  /**
   * Sets what a model can do, to save the calls that find it out. Takes precedence over what
   * earlier runs learned, and is not stored for later ones.
   *
   * @param model its name
   * @param can its capabilities
   */
  public void assume(String model, ModelCapabilities can) {
    learned.assume(model, can);
  }

  @Override
  public void close() {
    calls.close();
  }

  @Override
  public String toString() {
    return "OpenAiClient[" + baseUrl + ", " + key + "]";
  }

  /** Asks a model. Parameters that it rejects are left out from then on. */
  ModelAnswer complete(WireFormat format, ModelCall call) {
    return complete(format, call, Supplier::get);
  }

  /** Asks a model, and uses the answer, or the refusal, while the call still is in flight. */
  <T> T complete(WireFormat format, ModelCall call, Function<Supplier<ModelAnswer>, T> first) {
    return questions.complete(format, call, first);
  }

  /** What batches need of a client. */
  record Parts(
      PaidCalls calls,
      AnswerJson json,
      ApiKey key,
      LearnedCapabilities learned,
      Ledger ledger,
      Clock clock,
      Sleeper sleeper) {}

  Parts parts() {
    return parts;
  }

  /** Reads JSON that an answer holds as text. */
  AnswerJson json() {
    return json;
  }

  /** Has images made. */
  ImagesWire.Response generate(ImagesWire.Request request, Usage estimate) {
    return calls
        .post(
            new PaidCalls.Post<>(
                "an image of " + request.model(),
                request.model(),
                true,
                estimate,
                api -> api.generate(request),
                (reader, body) -> new Billed(request.model(), ImagesWire.used(reader, body), 0, ""),
                ImagesWire.Response.class),
            error -> false,
            received -> {
              if (Wire.isError(received.body().error())) {
                throw new ErrorInAnswer(received.asError().get(), true);
              }
              return Optional.of(received.body());
            })
        .orElseThrow(() -> new IllegalStateException("a request without options was shortened"));
  }

  /** Fetches what an answer points to. */
  byte[] download(String url) {
    return calls.download(url);
  }

  /** Sets a client up. */
  public static final class Builder {
    private String baseUrl = OPENAI;
    private @Nullable ApiKey key;
    private UnaryOperator<@Nullable String> environment = System::getenv;
    private ResilientCaller.Options limits = ResilientCaller.Options.DEFAULTS;
    private Ledger ledger = Ledger.inMemory(PriceTable.none(), Budget.unlimited());
    private Clock clock = Clock.systemUTC();
    private Sleeper sleeper = Sleeper.system();
    private Seed seed = Seed.of(0);
    private Duration timeout = Duration.ofMinutes(2);
    private BodyLimits bodies = BodyLimits.DEFAULTS;
    private Redirects redirects = Redirects.NONE;
    private @Nullable Path memory;
    private RunListener listener = RunListener.none();

    private Builder() {}

    /**
     * Sets where the server is.
     *
     * @param baseUrl what comes before {@code /chat/completions}, such as {@code
     *     http://localhost:8000/v1}; by default {@link #OPENAI}
     * @return this builder
     */
    public Builder baseUrl(String baseUrl) {
      this.baseUrl = baseUrl;
      return this;
    }

    /**
     * Sets the key.
     *
     * @param key by default the environment variable {@code OPENAI_API_KEY}
     * @return this builder
     */
    public Builder apiKey(String key) {
      this.key = ApiKey.of(key);
      return this;
    }

    /**
     * Sends no key, for a server that needs none.
     *
     * @return this builder
     */
    public Builder withoutApiKey() {
      this.key = ApiKey.none();
      return this;
    }

    /**
     * Sets how environment variables are looked up.
     *
     * @param environment gives a variable's value by its name, or null; by default the process's
     *     own
     * @return this builder
     */
    public Builder environment(UnaryOperator<@Nullable String> environment) {
      this.environment = Objects.requireNonNull(environment, "environment == null");
      return this;
    }

    /**
     * Sets rate limits, calls in flight and retries.
     *
     * @param limits by default {@link ResilientCaller.Options#DEFAULTS}
     * @return this builder
     */
    public Builder limits(ResilientCaller.Options limits) {
      this.limits = Objects.requireNonNull(limits, "limits == null");
      return this;
    }

    /**
     * Sets the ledger, which may have a budget.
     *
     * @param ledger by default one in memory, without prices and without a budget; the caller
     *     closes it
     * @return this builder
     */
    public Builder ledger(Ledger ledger) {
      this.ledger = Objects.requireNonNull(ledger, "ledger == null");
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
     * Sets the seed of the jitter of delays.
     *
     * @param seed by default 0
     * @return this builder
     */
    public Builder seed(Seed seed) {
      this.seed = Objects.requireNonNull(seed, "seed == null");
      return this;
    }

    /**
     * Sets how long one attempt may take, from the search for the server's address to the last byte
     * of its answer.
     *
     * @param timeout over 0, by default two minutes
     * @return this builder
     */
    public Builder timeout(Duration timeout) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException("a timeout must be over 0, but was " + timeout);
      }
      this.timeout = timeout;
      return this;
    }

    /**
     * Sets how long answers may be.
     *
     * @param bodies by default {@link BodyLimits#DEFAULTS}
     * @return this builder
     */
    public Builder bodies(BodyLimits bodies) {
      this.bodies = Objects.requireNonNull(bodies, "bodies == null");
      return this;
    }

    /**
     * Sets which redirects are followed.
     *
     * @param redirects by default {@link Redirects#NONE}
     * @return this builder
     */
    public Builder redirects(Redirects redirects) {
      this.redirects = Objects.requireNonNull(redirects, "redirects == null");
      return this;
    }

    /**
     * Stores what is learned about models, and starts with what was learned in the last 30 days.
     *
     * @param file small JSON; its folder must exist. Delete it to learn everything again
     * @return this builder
     */
    public Builder memory(Path file) {
      this.memory = Objects.requireNonNull(file, "file == null");
      return this;
    }

    /**
     * Sets the listener for what goes wrong: a {@link org.tastemaker.core.RunEvent.Notice} of the
     * first failed attempt of each kind.
     *
     * @param listener by default none; called from the threads that ask
     * @return this builder
     */
    public Builder listener(RunListener listener) {
      this.listener = Objects.requireNonNull(listener, "listener == null");
      return this;
    }

    /**
     * Makes the client, without a call.
     *
     * @return a client of these settings: the caller closes it
     * @throws FeedbackException.InvalidRequest if there is no key
     */
    public OpenAiClient build() {
      String withSlash = baseUrl.endsWith("/") ? baseUrl : baseUrl + "/";
      HttpUrl url = HttpUrl.parse(withSlash);
      if (url == null || !url.username().isEmpty() || url.querySize() > 0) {
        throw new IllegalArgumentException(
            "a base URL is http or https, without user and query, such as "
                + OPENAI
                + ", but was of another form");
      }
      return new OpenAiClient(this, url, key != null ? key : keyOfTheEnvironment(url));
    }

    private ApiKey keyOfTheEnvironment(HttpUrl url) {
      String value = environment.apply("OPENAI_API_KEY");
      if (value == null || value.isBlank()) {
        throw new FeedbackException.InvalidRequest(
            "there is no API key for "
                + url
                + ": set the environment variable OPENAI_API_KEY, or give the key with apiKey(...),"
                + " or say withoutApiKey() for a server that needs none",
            true);
      }
      return ApiKey.of(value.trim());
    }

    @Override
    public String toString() {
      return "OpenAiClient.Builder[" + baseUrl + ", " + (key == null ? "no key yet" : key) + "]";
    }
  }
}
