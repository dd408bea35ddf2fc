package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import okhttp3.ConnectionPool;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.resilience.AttemptFailed;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.ServerHints;
import org.tastemaker.feedback.resilience.Sleeper;
import retrofit2.Call;
import retrofit2.Response;
import retrofit2.Retrofit;
import retrofit2.converter.moshi.MoshiConverterFactory;

/**
 * A server that speaks OpenAI's language: its address, the key, the limits of pace, the book of
 * what is spent, and what is known of its models. Judges, rewriters and generators share one.
 *
 * <p>Thread-safe. Calls block, and are not repeated below this class: OkHttp's own silent
 * repetitions are off, since each may be billed.
 */
public final class OpenAiClient implements AutoCloseable {
  /** The service itself. */
  public static final String OPENAI = "https://api.openai.com/v1";

  private static final Logger LOG = LoggerFactory.getLogger(OpenAiClient.class);

  /** Each parameter can be turned down once, some in two steps. */
  private static final int MOST_LESSONS = 12;

  private static final int HIDDEN_TOKENS = 4096;
  private static final int LONGEST_DOWNLOAD = 64 * 1024 * 1024;

  private final HttpUrl baseUrl;
  private final ApiKey key;
  private final Ledger ledger;
  private final Clock clock;
  private final ResilientCaller caller;
  private final OkHttpClient http;
  private final OpenAiService service;
  private final ConcurrentMap<String, ModelCapabilities> capabilities = new ConcurrentHashMap<>();

  private OpenAiClient(Builder builder, HttpUrl baseUrl, ApiKey key) {
    this.baseUrl = baseUrl;
    this.key = key;
    this.ledger = builder.ledger;
    this.clock = builder.clock;
    this.caller = new ResilientCaller(builder.limits, builder.clock, builder.sleeper, builder.seed);
    this.http =
        new OkHttpClient.Builder()
            .callTimeout(builder.timeout)
            .readTimeout(builder.timeout)
            .writeTimeout(builder.timeout)
            .connectTimeout(Duration.ofSeconds(10))
            .retryOnConnectionFailure(false)
            .connectionPool(new ConnectionPool(builder.limits.inFlight(), 5, TimeUnit.MINUTES))
            .addInterceptor(chain -> chain.proceed(signed(chain.request())))
            .build();
    this.service =
        new Retrofit.Builder()
            .baseUrl(baseUrl)
            .client(http)
            .addConverterFactory(MoshiConverterFactory.create(Wire.MOSHI))
            .build()
            .create(OpenAiService.class);
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
   * What is spent through this client.
   *
   * @return the ledger that it writes to
   */
  public Ledger ledger() {
    return ledger;
  }

  /**
   * How calls went so far.
   *
   * @return counts
   */
  public ResilientCaller.Counts counts() {
    return caller.counts();
  }

  /**
   * What is known of a model by now.
   *
   * @param model its name
   * @return its capabilities
   */
  public ModelCapabilities capabilities(String model) {
    return capabilities.getOrDefault(model, ModelCapabilities.ALL);
  }

  /**
   * Tells what a model can do, to spare the calls that find it out.
   *
   * @param model its name
   * @param can its capabilities
   */
  public void assume(String model, ModelCapabilities can) {
    capabilities.put(model, can);
  }

  @Override
  public void close() {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }

  @Override
  public String toString() {
    return "OpenAiClient[" + baseUrl + ", " + key + "]";
  }

  /** Asks a model. Parameters that it does not have are found out, and left out from then on. */
  ModelAnswer complete(WireFormat format, ModelCall call) {
    for (int lesson = 0; ; lesson++) {
      ModelCapabilities can = capabilities(call.model());
      Usage estimate =
          new Usage(1, call.estimatedInput(), 0, (long) call.maxTokens() + can.hiddenTokens());
      Function<ApiError, Boolean> learns = error -> learn(error, call, can);
      Optional<ModelAnswer> answer =
          format == WireFormat.CHAT_COMPLETIONS
              ? post(
                  new Post<>(
                      "a question to " + call.model(),
                      call.model(),
                      estimate,
                      api -> api.chat(ChatFormat.request(call, can)),
                      body -> new Billed(body.model(), ChatFormat.usage(body), text(body.id()))),
                  learns,
                  body -> ChatFormat.answer(body, call))
              : post(
                  new Post<>(
                      "a question to " + call.model(),
                      call.model(),
                      estimate,
                      api -> api.respond(ResponsesFormat.request(call, can)),
                      body ->
                          new Billed(body.model(), ResponsesFormat.usage(body), text(body.id()))),
                  learns,
                  body -> ResponsesFormat.answer(checked(body, call), call));
      if (answer.isPresent()) {
        makeRoomForReasoning(answer.get(), call, can);
        return answer.get();
      }
      if (lesson >= MOST_LESSONS) {
        throw new FeedbackException.InvalidRequest(
            "the server at "
                + baseUrl
                + " turned down one parameter after the other for "
                + call.model()
                + "; is it an OpenAI-compatible server?",
            true);
      }
    }
  }

  /** Has images made. */
  ImagesWire.Response generate(ImagesWire.Request request, Usage estimate) {
    return post(
            new Post<>(
                "an image of " + request.model(),
                request.model(),
                estimate,
                api -> api.generate(request),
                body -> {
                  Usage used = ResponsesFormat.usage(body.usage());
                  // Older models report no usage and are billed by request.
                  return new Billed(
                      request.model(), used == null ? new Usage(1, 0, 0, 0) : used, "");
                }),
            error -> false,
            body -> body)
        .orElseThrow(() -> new IllegalStateException("a request without options was shortened"));
  }

  /** Fetches what an answer points to. */
  byte[] download(String url) {
    HttpUrl address = HttpUrl.parse(url);
    if (address == null) {
      throw new FeedbackException.MalformedVerdict(
          "data[0].url",
          "an image's address must be an http or https URL, but was of another kind");
    }
    String what = "the download of an image";
    return caller.call(
        what,
        0,
        number -> {
          try {
            Response<ResponseBody> response = service.download(url).execute();
            ServerHints hints = ServerHints.read(response.headers()::get, clock.instant());
            if (!response.isSuccessful()) {
              throw HttpFailures.of(error(response), hints, address.host(), what);
            }
            try (ResponseBody body = Objects.requireNonNull(response.body())) {
              if (body.source().request(LONGEST_DOWNLOAD + 1L)) {
                throw AttemptFailed.forGood(
                    new FeedbackException.InvalidRequest(
                        what + " was ended: it has over " + LONGEST_DOWNLOAD + " bytes", false));
              }
              return body.bytes();
            }
          } catch (IOException e) {
            throw interruptedOr(e, HttpFailures.of(e, address.host(), what, key));
          }
        });
  }

  /** A call, by what is special to it. */
  private record Post<T>(
      String what,
      String model,
      Usage estimate,
      Function<OpenAiService, Call<T>> call,
      Function<T, Billed> billed) {}

  /** What an answer says of its cost; the usage is null where it does not say. */
  private record Billed(@Nullable String model, @Nullable Usage usage, String id) {}

  /** Empty: the server turned the request down and a lesson was learnt from it. */
  private <T, R> Optional<R> post(
      Post<T> post, Function<ApiError, Boolean> learns, Function<T, R> read) {
    long tokens = post.estimate.inputTokens() + post.estimate.outputTokens();
    return caller.call(
        post.what,
        tokens,
        number -> {
          Ledger.Entry entry = ledger.begin(post.model, post.estimate);
          long used = tokens;
          try {
            Response<T> response = post.call.apply(service).execute();
            ServerHints hints = ServerHints.read(response.headers()::get, clock.instant());
            caller.heed(hints);
            if (!response.isSuccessful()) {
              entry.free();
              used = 0;
              ApiError error = error(response);
              if (learns.apply(error)) {
                return Optional.empty();
              }
              throw HttpFailures.of(error, hints, baseUrl.toString(), post.what);
            }
            T body = response.body();
            if (body == null) {
              throw new JsonDataException("an empty body");
            }
            Billed billed = post.billed.apply(body);
            if (billed.usage != null) {
              String model = Objects.requireNonNullElse(billed.model, post.model);
              entry.paid(model, billed.usage, billed.id);
              used = billed.usage.inputTokens() + billed.usage.outputTokens();
            }
            return Optional.of(read.apply(body));
          } catch (IOException e) {
            if (HttpFailures.neverArrived(e)) {
              entry.free();
              used = 0;
            }
            throw interruptedOr(e, HttpFailures.of(e, baseUrl.toString(), post.what, key));
          } catch (JsonDataException e) {
            throw HttpFailures.garbled(e, baseUrl.toString(), post.what, key);
          } finally {
            entry.unknown(); // counts only where nothing better was said before
            caller.settleTokens(tokens, used);
          }
        });
  }

  private boolean learn(ApiError error, ModelCall call, ModelCapabilities used) {
    return used.without(error, call)
        .map(
            less -> {
              // Another thread may have learnt the same, or something else, meanwhile.
              capabilities.compute(
                  call.model(), (name, now) -> now == null || now.equals(used) ? less : now);
              LOG.info("{} takes one parameter less: {}", call.model(), error.words());
              return true;
            })
        .orElse(false);
  }

  /** Where an answer was cut off while the model was thinking, the next one gets more room. */
  private void makeRoomForReasoning(ModelAnswer answer, ModelCall call, ModelCapabilities used) {
    if (answer.end() == ModelAnswer.End.TRUNCATED
        && answer.reasoningTokens() > 0
        && used.hiddenTokens() < 8 * HIDDEN_TOKENS) {
      ModelCapabilities more =
          used.withHiddenTokens(Math.max(HIDDEN_TOKENS, 2 * used.hiddenTokens()));
      capabilities.compute(
          call.model(), (name, now) -> now == null || now.equals(used) ? more : now);
    }
  }

  /** A Responses answer can carry an error under status 200. */
  private ResponsesWire.Response checked(ResponsesWire.Response body, ModelCall call) {
    ResponsesWire.Failure failure = body.error();
    if (failure == null) {
      return body;
    }
    ApiError error =
        new ApiError(200, key.redact(text(failure.message())), "", "", text(failure.code()));
    if (error.isAboutContent()) {
      throw new FeedbackException.Refused(error.words());
    }
    throw new JsonDataException(
        "the answer of " + call.model() + " holds an error: " + error.words());
  }

  private Request signed(Request request) {
    Request.Builder signed = request.newBuilder().header("User-Agent", "tastemaker");
    String authorization = key.authorization();
    boolean ours =
        request.url().host().equals(baseUrl.host()) && request.url().port() == baseUrl.port();
    if (authorization != null && ours && request.method().equals("POST")) {
      signed.header("Authorization", authorization);
    }
    return signed.build();
  }

  private ApiError error(Response<?> response) throws IOException {
    try (ResponseBody body = response.errorBody()) {
      return ApiError.read(response.code(), body == null ? "" : body.string(), key);
    }
  }

  /** OkHttp reports an interrupted thread as a failed call. */
  private static AttemptFailed interruptedOr(IOException failure, AttemptFailed otherwise)
      throws InterruptedException {
    if (Thread.interrupted()) {
      InterruptedException interrupted = new InterruptedException("interrupted in a call");
      interrupted.initCause(failure);
      throw interrupted;
    }
    return otherwise;
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
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
     * Sends no key, for a server that asks for none.
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
     * Sets the limits of pace, of calls in flight and of repetitions.
     *
     * @param limits by default {@link ResilientCaller.Options#DEFAULTS}
     * @return this builder
     */
    public Builder limits(ResilientCaller.Options limits) {
      this.limits = Objects.requireNonNull(limits, "limits == null");
      return this;
    }

    /**
     * Sets where what is spent is written to, and ends.
     *
     * @param ledger by default one in memory, without prices and without a budget; stays the
     *     caller's to close
     * @return this builder
     */
    public Builder ledger(Ledger ledger) {
      this.ledger = Objects.requireNonNull(ledger, "ledger == null");
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
     * Sets how long one attempt may take.
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
     * Makes the client. Makes no call.
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
                + " or say withoutApiKey() for a server that asks for none",
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
