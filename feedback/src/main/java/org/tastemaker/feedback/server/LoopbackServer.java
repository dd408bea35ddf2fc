package org.tastemaker.feedback.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.FeedbackException;
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
  private static final String NO_DELAY = "sun.net.httpserver.nodelay";

  private final Judge judge;
  private final ImageAnswers images;
  private final FaultPlan faults;
  private final Duration latency;
  private final Duration slowness;
  private final Duration retryAfter;
  private final Clock clock;
  private final Sleeper sleeper;
  private final @Nullable String key;
  private final Set<String> models;
  private final Set<String> turnedDown;
  private final HttpServer http;
  private final ExecutorService threads;
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong answers = new AtomicLong();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger mostInFlight = new AtomicInteger();

  private LoopbackServer(Builder builder) {
    this.judge = builder.judge;
    this.images = new ImageAnswers(builder.images, builder.seed);
    this.faults = new FaultPlan(builder.rates, builder.seed);
    this.latency = builder.latency;
    this.slowness = builder.slowness;
    this.retryAfter = builder.retryAfter;
    this.clock = builder.clock;
    this.sleeper = builder.sleeper;
    this.key = builder.key;
    this.models = builder.models;
    this.turnedDown = builder.turnedDown;
    // Without it, the JDK's server sends head and body apart, and each answer waits 40 ms for the
    // client's delayed acknowledgement. It can be set in no other way.
    if (System.getProperty(NO_DELAY) == null) {
      System.setProperty(NO_DELAY, "true");
    }
    try {
      this.http =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    } catch (IOException e) {
      throw new UncheckedIOException("no server can be opened on the loopback interface", e);
    }
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "loopback-server");
              thread.setDaemon(true);
              return thread;
            });
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
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
    return "http://"
        + http.getAddress().getAddress().getHostAddress()
        + ":"
        + http.getAddress().getPort()
        + "/v1";
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
    return requests.get();
  }

  /**
   * Correct answers that went out: what would have to be paid.
   *
   * @return at least 0
   */
  public long answers() {
    return answers.get();
  }

  /**
   * The largest number of requests that were being answered at the same time.
   *
   * @return at least 0
   */
  public int mostInFlight() {
    return mostInFlight.get();
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
    http.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    long number = requests.getAndIncrement();
    mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Instant arrival = clock.instant();
      try {
        answer(exchange, body, number, arrival);
      } catch (BadRequest e) {
        takeTime(arrival);
        error(exchange, e.status(), e.code(), e.param(), String.valueOf(e.getMessage()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      inFlight.decrementAndGet();
    }
  }

  private void answer(HttpExchange exchange, String text, long number, Instant arrival)
      throws IOException, BadRequest, InterruptedException {
    String path = exchange.getRequestURI().getPath();
    boolean responses = path.equals("/v1/responses");
    boolean image = path.equals("/v1/images/generations");
    if (!responses && !image && !path.equals("/v1/chat/completions")) {
      throw new BadRequest(404, "unknown_url", "", "Unknown request URL: " + path);
    }
    checkKey(exchange);
    Fault fault = faults.next(number);
    if (fault != null && !fault.isOfTheAnswer() && !misbehaves(exchange, fault, arrival)) {
      return;
    }
    Map<?, ?> body = AskedQuestion.body(text);
    check(body);
    if (image) {
      byte[] made = images.answer(body);
      answers.incrementAndGet();
      if (fault == Fault.TRUNCATED_BODY) {
        sendHalf(exchange, made);
      } else {
        send(exchange, 200, made);
      }
      return;
    }
    AskedQuestion asked = AskedQuestion.read(body, responses);
    AnswerWriter writer = new AnswerWriter(asked, responses);
    Fault ofTheAnswer =
        fault != null && fault.isOfTheAnswer() ? fault : faults.of(asked.question());
    String answer;
    if (ofTheAnswer != null) {
      faults.count(ofTheAnswer);
      answer = writer.of(ofTheAnswer);
    } else {
      try {
        answer = writer.of(judge.ask(asked.question()));
        answers.incrementAndGet();
      } catch (FeedbackException.Refused e) {
        answer = writer.of(Fault.REFUSAL);
      } catch (FeedbackException.MalformedVerdict e) {
        answer = writer.of(Fault.WRONG_LABELS);
      } catch (RuntimeException e) { // a mistake in the judge: asking again does not help
        throw new BadRequest(400, "judge_failed", "", "the judge failed: " + e);
      }
    }
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    takeTime(arrival);
    if (fault == Fault.TRUNCATED_BODY) {
      sendHalf(exchange, bytes);
    } else {
      send(exchange, 200, bytes);
    }
  }

  /** Whether an answer is to follow all the same. */
  private boolean misbehaves(HttpExchange exchange, Fault fault, Instant arrival)
      throws IOException, InterruptedException {
    faults.count(fault);
    takeTime(arrival);
    switch (fault) {
      case RATE_LIMITED_WITH_DELAY -> {
        exchange
            .getResponseHeaders()
            .set("Retry-After", String.valueOf(retryAfter.toMillis() / 1000.0));
        error(exchange, 429, "rate_limit_exceeded", "", "Rate limit reached.");
      }
      case RATE_LIMITED -> error(exchange, 429, "rate_limit_exceeded", "", "Rate limit reached.");
      case NO_CREDIT ->
          error(
              exchange,
              429,
              "insufficient_quota",
              "",
              "You exceeded your current quota, please check your plan and billing details.");
      case SERVER_ERROR ->
          error(exchange, 500, "server_error", "", "The server had an error. Sorry about that!");
      case DROPPED -> {} // closed without a word
      case SLOW -> {
        sleep(slowness);
        return true;
      }
      default -> {
        return true;
      }
    }
    return false;
  }

  private void checkKey(HttpExchange exchange) throws BadRequest {
    String given = exchange.getRequestHeaders().getFirst("Authorization");
    if (key != null && !("Bearer " + key).equals(given)) {
      String shown = given == null ? "none" : given.replace("Bearer ", "");
      throw new BadRequest(
          401, "invalid_api_key", "", "Incorrect API key provided: " + shown + ".");
    }
  }

  private void check(Map<?, ?> body) throws BadRequest {
    String model = String.valueOf(body.get("model"));
    if (!models.isEmpty() && !models.contains(model)) {
      throw new BadRequest(
          404, "model_not_found", "model", "The model `" + model + "` does not exist.");
    }
    for (String parameter : turnedDown) {
      boolean sent =
          parameter.equals("json_schema")
              ? body.get("response_format") instanceof Map<?, ?> format
                  && "json_schema".equals(format.get("type"))
              : body.containsKey(parameter);
      if (sent && parameter.equals("logprobs")) {
        throw new BadRequest(
            403, "", "", "You are not allowed to request logprobs from this model");
      }
      if (sent) {
        throw new BadRequest(
            400,
            "unsupported_parameter",
            parameter.equals("json_schema") ? "response_format" : parameter,
            "Unsupported parameter: '" + parameter + "' is not supported with this model.");
      }
    }
  }

  /** Waits until an answer has taken as long as it is to; what it took to make it is a part. */
  private void takeTime(Instant arrival) throws InterruptedException {
    sleep(latency.minus(Duration.between(arrival, clock.instant())));
  }

  private void sleep(Duration time) throws InterruptedException {
    if (!time.isZero() && !time.isNegative()) {
      sleeper.sleep(time);
    }
  }

  private static void error(
      HttpExchange exchange, int status, String code, String param, String message)
      throws IOException {
    Map<String, @Nullable Object> error = new LinkedHashMap<>();
    error.put("message", message);
    error.put("type", code.equals("insufficient_quota") ? code : "invalid_request_error");
    error.put("param", param.isEmpty() ? null : param);
    error.put("code", code.isEmpty() ? null : code);
    send(
        exchange,
        status,
        AnswerWriter.json(Map.of("error", error)).getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  private static void sendHalf(HttpExchange exchange, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, body.length);
    OutputStream out = exchange.getResponseBody();
    out.write(body, 0, body.length / 2);
    out.flush();
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
