package org.tastemaker.feedback.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.Aggregation;
import org.tastemaker.core.aggregate.BradleyTerry;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * A {@link org.tastemaker.core.FeedbackOracle} that asks a {@link Judge} by a {@link Protocol}.
 *
 * <pre>{@code
 * JudgeOracle oracle = JudgeOracle.builder(judge).protocol(Protocol.listwise(2)).seed(Seed.of(1)).build();
 * List<Judgement> judgements = oracle.rank(groups, Rubrics.consistency());
 * }</pre>
 *
 * <p>Where there is nothing to ask:
 *
 * <ul>
 *   <li>images with the same content tie and are shown once;
 *   <li>a group of equal images is one tie, without a call;
 *   <li>a group of one image has no order: its judgement is missing, with this reason, unless the
 *       protocol gives scores.
 * </ul>
 *
 * <p>A question whose answer is refused or malformed is asked again, up to {@link
 * Builder#maxAttempts} attempts in all. If it still has no answer, or fails in another way, the
 * judgement is made from the other answers. Images without any answer are missing from the ranking;
 * a judgement without any ranking is missing, with the reason. Only failures that {@linkplain
 * FeedbackException#stopsTheJob make further questions pointless} are thrown. The first failure of
 * each kind is told at once: to the listener as a {@link RunEvent.Notice}, and to the log.
 *
 * <p>Thread-safe.
 */
public final class JudgeOracle implements DescribedOracle {
  private static final ThreadFactory DAEMONS =
      work -> {
        Thread thread = new Thread(work, "tastemaker-judge");
        thread.setDaemon(true);
        return thread;
      };

  private final Judge judge;
  private final GroupInquiry.Setup setup;
  private final int maxAttempts;
  private final int concurrency;
  private final @Nullable Executor helpers; // null where the caller's thread does it all
  private final RunListener listener;
  private final Cancellation cancellation;
  private final PositionBias bias;
  private final Troubles troubles;
  private final Builder builder;

  private JudgeOracle(Builder builder, Judge judge, PositionBias bias, Troubles troubles) {
    this.builder = builder;
    this.judge = judge;
    this.bias = bias;
    this.troubles = troubles;
    this.setup =
        new GroupInquiry.Setup(
            builder.judge.name(),
            builder.protocol,
            builder.aggregation != null
                ? builder.aggregation
                : defaultAggregation(builder.protocol),
            builder.seed);
    this.maxAttempts = builder.maxAttempts;
    this.concurrency = builder.concurrency;
    this.helpers =
        concurrency == 1 ? null : builder.executor != null ? builder.executor : ownThreads();
    this.listener = builder.listener;
    this.cancellation = builder.cancellation;
  }

  /**
   * An oracle to be set up.
   *
   * @param judge the judge to ask
   * @return a builder with {@code listwise(2)}, seed 0 and one call at a time
   */
  public static Builder builder(Judge judge) {
    return new Builder(judge);
  }

  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    requireOneScope(rubric);
    List<GroupInquiry> open = new ArrayList<>();
    for (ImageGroup group : groups) {
      open.add(new GroupInquiry(setup, group, rubric));
    }
    AtomicLong done = new AtomicLong();
    long planned = 0;
    while (true) {
      // 1. One round of questions of all groups together, so that few groups suffice to use all
      // threads.
      List<Asked> round = new ArrayList<>();
      for (GroupInquiry group : open) {
        group
            .inquiries()
            .forEach(
                inquiry ->
                    inquiry
                        .nextRound()
                        .forEach(question -> round.add(new Asked(inquiry, question))));
      }
      if (round.isEmpty()) {
        break;
      }
      planned += round.size();
      long total = planned;
      // 2. Ask.
      List<Answered> answers =
          Workers.map(
              round,
              concurrency,
              helpers,
              asked -> {
                Answered answered = ask(asked.question());
                synchronized (done) { // events in order, one at a time
                  listener.on(new RunEvent.Progress("judging", done.incrementAndGet(), total));
                }
                return answered;
              });
      // 3. Hand over the answers in the order of the questions.
      for (int i = 0; i < round.size(); i++) {
        round.get(i).inquiry().add(answers.get(i));
      }
    }
    return open.stream().map(group -> group.judgement(bias)).toList();
  }

  /**
   * How the judge depends on the position of an image, over all that this oracle asked.
   *
   * @return counts so far
   */
  public PositionBias.Snapshot positionBias() {
    return bias.snapshot();
  }

  /**
   * What decides this oracle's answers, for records: protocol, aggregation, seed, attempts, judge.
   *
   * @return the settings
   */
  @Override
  public Settings settings() {
    return Settings.none()
        .with(JudgementFacts.PROTOCOL, setup.protocol().name())
        .with(JudgementFacts.AGGREGATION, setup.aggregation().name())
        .with(JudgementFacts.SEED, setup.seed().key())
        .with("maxAttempts", maxAttempts)
        .with("judge", judge.name());
  }

  @Override
  public JudgeOracle retrying() {
    return new JudgeOracle(builder, judge.retrying(), bias, troubles);
  }

  /** A question and the inquiry that its answer belongs to. */
  private record Asked(Inquiry inquiry, Question question) {}

  /** Asks, and asks again if that may help. */
  private Answered ask(Question question) {
    Usage usage = Usage.NONE;
    Question asked = question;
    while (true) {
      cancellation.throwIfRequested("a question to " + judge.name());
      try {
        Verdict verdict = judge.ask(asked).requireFits(asked);
        bias.count(asked, verdict);
        return new Answered(asked, verdict, null, usage.plus(verdict.usage()));
      } catch (FeedbackException e) {
        if (e.stopsTheJob()) {
          throw e;
        }
        usage = usage.plus(e.usage());
        Optional<String> complaint = e.complaint();
        if (complaint.isEmpty() || asked.attempt().number() + 1 >= maxAttempts) {
          troubles.tell(e);
          return new Answered(asked, null, e, usage);
        }
        asked = asked.again(complaint.get());
      }
    }
  }

  /** Daemon threads that end after an idle time. */
  private static Executor ownThreads() {
    return new ThreadPoolExecutor(
        0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), DAEMONS);
  }

  private static Aggregation defaultAggregation(Protocol protocol) {
    return protocol.planner() instanceof Planner.Pairs
            || protocol.planner() instanceof Planner.Active
        ? Aggregation.bradleyTerry(BradleyTerry.Options.defaults())
        : Aggregation.borda();
  }

  private static void requireOneScope(Rubric rubric) {
    if (rubric.criteria().stream().map(Rubric.Criterion::scope).distinct().count() > 1) {
      throw new IllegalArgumentException(
          "the criteria of rubric "
              + rubric.id()
              + " must all be about single images or all about sets, but were "
              + rubric.criteria().stream()
                  .map(criterion -> criterion.name() + " (" + criterion.scope() + ")")
                  .collect(Collectors.joining(", "))
              + "; ask by two rubrics, and show sets as ImageSets.asSheets()");
    }
  }

  /** Sets up a {@link JudgeOracle}. */
  public static final class Builder {
    private final Judge judge;
    private Protocol protocol = Protocol.listwise(2);
    private @Nullable Aggregation aggregation;
    private Seed seed = Seed.of(0);
    private int maxAttempts = 2;
    private int concurrency = 1;
    private @Nullable Executor executor;
    private RunListener listener = RunListener.none();
    private Cancellation cancellation = new Cancellation();

    private Builder(Judge judge) {
      this.judge = Objects.requireNonNull(judge, "judge == null");
    }

    /** What an oracle was built with, whatever becomes of the other builder. */
    private Builder(Builder other) {
      this.judge = other.judge;
      this.protocol = other.protocol;
      this.aggregation = other.aggregation;
      this.seed = other.seed;
      this.maxAttempts = other.maxAttempts;
      this.concurrency = other.concurrency;
      this.executor = other.executor;
      this.listener = other.listener;
      this.cancellation = other.cancellation;
    }

    /**
     * Sets which questions are asked.
     *
     * @param protocol by default {@code Protocol.listwise(2)}
     * @return this builder
     */
    public Builder protocol(Protocol protocol) {
      this.protocol = Objects.requireNonNull(protocol, "protocol == null");
      return this;
    }

    /**
     * Sets how several answers become one order.
     *
     * @param aggregation by default Bradley-Terry for pairs and Borda for rankings; pointwise
     *     protocols take the mean of the scores, whatever is set here
     * @return this builder
     */
    public Builder aggregation(Aggregation aggregation) {
      this.aggregation = Objects.requireNonNull(aggregation, "aggregation == null");
      return this;
    }

    /**
     * Sets the seed of all orders and directions.
     *
     * @param seed by default 0
     * @return this builder
     */
    public Builder seed(Seed seed) {
      this.seed = Objects.requireNonNull(seed, "seed == null");
      return this;
    }

    /**
     * Sets how often a question is asked while its answer is refused or malformed.
     *
     * @param maxAttempts at least 1; by default 2
     * @return this builder
     */
    public Builder maxAttempts(int maxAttempts) {
      if (maxAttempts < 1) {
        throw new IllegalArgumentException(
            "maxAttempts must be at least 1, but was " + maxAttempts);
      }
      this.maxAttempts = maxAttempts;
      return this;
    }

    /**
     * Sets how many questions of one call of {@link #rank} are in flight at a time.
     *
     * @param concurrency at least 1, which is the default
     * @return this builder
     */
    public Builder concurrency(int concurrency) {
      if (concurrency < 1) {
        throw new IllegalArgumentException(
            "concurrency must be at least 1, but was " + concurrency);
      }
      this.concurrency = concurrency;
      return this;
    }

    /**
     * Sets the threads to use besides the caller's if the concurrency is over 1.
     *
     * @param executor by default threads of the oracle, which end when idle
     * @return this builder
     */
    public Builder executor(Executor executor) {
      this.executor = Objects.requireNonNull(executor, "executor == null");
      return this;
    }

    /**
     * Sets the listener for answered questions, and for the first failure of each kind.
     *
     * @param listener by default none; called from the threads that ask
     * @return this builder
     */
    public Builder listener(RunListener listener) {
      this.listener = RunListener.all(listener);
      return this;
    }

    /**
     * Sets a switch that ends {@link #rank} with a {@link
     * java.util.concurrent.CancellationException} before its next question.
     *
     * @param cancellation by default one that is never cancelled
     * @return this builder
     */
    public Builder cancellation(Cancellation cancellation) {
      this.cancellation = Objects.requireNonNull(cancellation, "cancellation == null");
      return this;
    }

    /**
     * Makes the oracle.
     *
     * @return an oracle of these settings
     */
    public JudgeOracle build() {
      return new JudgeOracle(new Builder(this), judge, new PositionBias(), new Troubles(listener));
    }
  }
}
