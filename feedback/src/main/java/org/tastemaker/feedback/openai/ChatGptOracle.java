package org.tastemaker.feedback.openai;

import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.cache.AnswerCache;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.CostEstimate;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.PositionBias;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.Sleeper;

/**
 * ChatGPT, or a compatible server, as a feedback oracle.
 *
 * <pre>{@code
 * try (ChatGptOracle oracle =
 *     ChatGptOracle.builder()
 *         .model("gpt-4.1-mini")                     // the key comes from OPENAI_API_KEY
 *         .cache(Path.of("answers"))                 // nothing is paid for twice
 *         .build()) {
 *   Judgement judgement = oracle.rank(List.of(new ImageGroup(prompt, fourImages)), Rubrics.quality()).get(0);
 *   judgement.ranking().permutation();               // the images' indices, best first
 * }
 * }</pre>
 *
 * <p>Its parts can be used on their own: a {@link JudgeOracle} asks an {@link AnswerCache} around a
 * {@link ChatGptJudge} on an {@link OpenAiClient}.
 *
 * <p>Thread-safe.
 */
public final class ChatGptOracle implements DescribedOracle, AutoCloseable {
  private final OpenAiClient client;
  private final ChatGptJudge judge;
  private final ChatGptJudge.Options options;
  private final @Nullable AnswerCache cache;
  private final @Nullable Path folder;
  private final JudgeOracle oracle;
  private final Function<Judge, JudgeOracle.Builder> asking;
  private final @Nullable Ledger own;

  private ChatGptOracle(Builder builder, String model) {
    this.options = builder.judging.apply(ChatGptJudge.Options.of(model));
    this.asking = builder.asking();
    Ledger shared = builder.shared;
    Ledger ledger = shared != null ? shared : builder.spending.open(model);
    this.own = shared != null ? null : ledger;
    try {
      AnswerStore answers = builder.answers;
      if (answers != null) {
        answers.prepare(builder.client);
      }
      this.client = builder.client.ledger(ledger).build();
      this.judge = new ChatGptJudge(client, options);
      this.cache = answers == null ? null : answers.around(judge);
      this.folder = answers == null || answers.replay() ? null : answers.folder();
      this.oracle = asking.apply(cache != null ? cache : judge).build();
    } catch (RuntimeException e) {
      if (own != null) {
        own.close();
      }
      throw e;
    }
  }

  /**
   * An oracle to be set up.
   *
   * @return a builder for OpenAI itself, with the key of the environment and no model yet
   */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    return oracle.rank(groups, rubric);
  }

  /**
   * Estimates the cost of judging, without a call.
   *
   * @param groups what to compare
   * @param rubric what to look at
   * @return a high estimate
   */
  public CostEstimate estimate(List<ImageGroup> groups, Rubric rubric) {
    CountingJudge counting = new CountingJudge(judge);
    asking.apply(counting).listener(RunListener.none()).build().rank(groups, rubric);
    return CostEstimate.of(options.model(), counting.sum(), client.ledger().prices());
  }

  /**
   * What was spent.
   *
   * @return the ledger, for reading; closed with this oracle unless it was given to it
   */
  public Ledger ledger() {
    return client.ledger();
  }

  /**
   * How the judge depends on the position of an image.
   *
   * @return counts over all that this oracle asked
   */
  public PositionBias.Snapshot positionBias() {
    return oracle.positionBias();
  }

  /**
   * Cache hits and misses.
   *
   * @return counts; all zero without a cache
   */
  public AnswerCache.Counts cacheCounts() {
    return cache == null ? new AnswerCache.Counts(0, 0, 0, 0) : cache.counts();
  }

  /**
   * How many images were encoded so far: each once, however often it is asked about.
   *
   * @return at least 0
   */
  public long encodings() {
    return judge.encodings();
  }

  /** What batches need of an oracle; null where it has no folder for answers that it may write. */
  @Nullable Parts parts() {
    return cache == null || folder == null
        ? null
        : new Parts(judge, cache, folder, asking, settings());
  }

  /**
   * Parts of an oracle.
   *
   * @param answers the folder of the cache
   * @param asking how any judge is asked
   */
  record Parts(
      ChatGptJudge judge,
      AnswerCache cache,
      Path answers,
      Function<Judge, JudgeOracle.Builder> asking,
      Settings settings) {}

  /**
   * The client, for sharing with a rewriter or a generator.
   *
   * @return closed with this oracle
   */
  public OpenAiClient client() {
    return client;
  }

  /**
   * The settings that decide the answers, for the header of a dataset.
   *
   * @return the settings
   */
  @Override
  public Settings settings() {
    return settings(oracle);
  }

  private Settings settings(JudgeOracle asking) {
    return asking.settings().with("judge", options.model()).with("judging", judge.settings());
  }

  @Override
  public DescribedOracle retrying() {
    JudgeOracle again = oracle.retrying();
    return new DescribedOracle() {
      @Override
      public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
        return again.rank(groups, rubric);
      }

      @Override
      public Settings settings() {
        return ChatGptOracle.this.settings(again);
      }
    };
  }

  @Override
  public void close() {
    client.close();
    if (own != null) {
      own.close();
    }
  }

  @Override
  public String toString() {
    return "ChatGptOracle[" + options + ", " + client + "]";
  }

  /** Sets an oracle up. */
  public static final class Builder {
    private OpenAiClient.Builder client = OpenAiClient.builder();
    private @Nullable String model;
    private UnaryOperator<ChatGptJudge.Options> judging = UnaryOperator.identity();
    private UnaryOperator<JudgeOracle.Builder> asking = UnaryOperator.identity();
    private ResilientCaller.Options limits = ResilientCaller.Options.DEFAULTS;
    private Protocol protocol = Protocol.listwise(2);
    private Seed seed = Seed.of(0);
    private @Nullable AnswerStore answers;
    private Spending spending = Spending.unlimited();
    private @Nullable Ledger shared;
    private RunListener listener = RunListener.none();

    private Builder() {}

    /**
     * Sets where the server is.
     *
     * @param baseUrl such as {@code http://localhost:8000/v1}; by default OpenAI
     * @return this builder
     */
    public Builder baseUrl(String baseUrl) {
      client.baseUrl(baseUrl);
      return this;
    }

    /**
     * Sets the key.
     *
     * @param key by default the environment variable {@code OPENAI_API_KEY}
     * @return this builder
     */
    public Builder apiKey(String key) {
      client.apiKey(key);
      return this;
    }

    /**
     * Sends no key, for a server that needs none.
     *
     * @return this builder
     */
    public Builder withoutApiKey() {
      client.withoutApiKey();
      return this;
    }

    /**
     * Sets the model that judges. Required.
     *
     * @param model its name at the server; it must see images
     * @return this builder
     */
    public Builder model(String model) {
      this.model = model;
      return this;
    }

    /**
     * Sets how the model is asked: form of the images, sampling, reasons, wire format.
     *
     * @param change such as {@code o -> o.withImages(ImageForm.DEFAULT.withDetail(LOW))}
     * @return this builder
     */
    public Builder judging(UnaryOperator<ChatGptJudge.Options> change) {
      this.judging = Objects.requireNonNull(change, "change == null");
      return this;
    }

    /**
     * Sets which questions are asked about a group.
     *
     * @param protocol by default {@code Protocol.listwise(2)}
     * @return this builder
     */
    public Builder protocol(Protocol protocol) {
      this.protocol = Objects.requireNonNull(protocol, "protocol == null");
      return this;
    }

    /**
     * Sets the listener for answered questions, and for the first failure of each kind: as it is
     * retried, and as it stays.
     *
     * @param listener by default none; called from the threads that ask
     * @return this builder
     */
    public Builder listener(RunListener listener) {
      this.listener = RunListener.all(listener);
      client.listener(listener);
      return this;
    }

    /**
     * Sets further options of asking: aggregation, attempts, cancellation.
     *
     * @param change such as {@code b -> b.maxAttempts(3)}
     * @return this builder
     */
    public Builder asking(UnaryOperator<JudgeOracle.Builder> change) {
      this.asking = Objects.requireNonNull(change, "change == null");
      return this;
    }

    /**
     * Sets the seed of orders, directions and delays.
     *
     * @param seed by default 0
     * @return this builder
     */
    public Builder seed(Seed seed) {
      this.seed = Objects.requireNonNull(seed, "seed == null");
      client.seed(seed);
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
      client.limits(limits);
      return this;
    }

    /**
     * Sets further options of the client: timeout, limits of answers, redirects.
     *
     * @param change such as {@code c -> c.timeout(Duration.ofMinutes(5))}
     * @return this builder
     */
    public Builder client(UnaryOperator<OpenAiClient.Builder> change) {
      this.client = change.apply(client);
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
      this.spending = spending.withClock(clock);
      client.time(clock, sleeper);
      return this;
    }

    /**
     * Caches answers, and asks no question that has one. What is learned about the model is stored
     * there too, in {@code capabilities.json}.
     *
     * @param folder created if missing
     * @return this builder
     */
    public Builder cache(Path folder) {
      this.answers = new AnswerStore(folder, false);
      return this;
    }

    /**
     * Only repeats cached answers: makes no call, needs no key, and fails on a miss.
     *
     * @param folder where the answers are
     * @return this builder
     */
    public Builder replay(Path folder) {
      this.answers = new AnswerStore(folder, true);
      client.withoutApiKey();
      return this;
    }

    /**
     * Sets what models cost.
     *
     * @param prices by default none
     * @return this builder
     */
    public Builder prices(PriceTable prices) {
      this.spending = spending.withPrices(prices);
      return this;
    }

    /**
     * Sets what may be spent. A budget across restarts needs a {@link #ledgerFile}.
     *
     * @param budget by default unlimited
     * @return this builder
     */
    public Builder budget(Budget budget) {
      this.spending = spending.withBudget(budget);
      return this;
    }

    /**
     * Writes what is spent to a file, and continues from its sums.
     *
     * @param file its folder must exist
     * @return this builder
     */
    public Builder ledgerFile(Path file) {
      this.spending = spending.withFile(Optional.of(file));
      return this;
    }

    /**
     * Shares a ledger, instead of setting prices, budget and file.
     *
     * @param ledger the caller closes it
     * @return this builder
     */
    public Builder ledger(Ledger ledger) {
      this.shared = ledger;
      return this;
    }

    /**
     * Makes the oracle, without a call.
     *
     * @return an oracle of these settings: the caller closes it
     * @throws FeedbackException.InvalidRequest if there is no key
     * @throws IllegalArgumentException if settings are missing or contradict each other
     */
    public ChatGptOracle build() {
      if (model == null) {
        throw new IllegalArgumentException(
            "no model is set: call model(...) with one that the server knows and that sees images,"
                + " such as gpt-4.1-mini");
      }
      return new ChatGptOracle(this, model);
    }

    /** How any judge is asked, whatever becomes of this builder. */
    private Function<Judge, JudgeOracle.Builder> asking() {
      UnaryOperator<JudgeOracle.Builder> change = asking;
      Protocol questions = protocol;
      Seed orders = seed;
      // A few more than may be in flight: they prepare questions and store answers meanwhile.
      int concurrency = limits.inFlight() + limits.inFlight() / 8;
      RunListener told = listener;
      return judge ->
          change.apply(
              JudgeOracle.builder(judge)
                  .protocol(questions)
                  .seed(orders)
                  .concurrency(concurrency)
                  .listener(told));
    }
  }
}
