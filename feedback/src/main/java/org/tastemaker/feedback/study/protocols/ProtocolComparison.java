package org.tastemaker.feedback.study.protocols;

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.PromptBootstrap;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.JobReport;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.CostEstimate;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.Figure;
import org.tastemaker.feedback.study.GroupVerdict;
import org.tastemaker.feedback.study.Measure;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.Truth;
import org.tastemaker.feedback.study.Verdicts;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;

/**
 * Asks the same judge about the same groups by several protocols, and compares what each gives and
 * takes: which of them to buy with a budget.
 *
 * <pre>
 *   ComparisonReport report =
 *       ProtocolComparison.builder(folder, protocol -&gt; oracleOf(protocol), rubric)
 *           .protocols(Protocol.listwise(1), Protocol.pairsInBothOrders(1), Protocol.activePairs(3))
 *           .prices(prices)
 *           .budget(Budget.ofMoney("5.00"), ChatGptOracle::estimate)
 *           .build()
 *           .run(votes);
 *   report.buy(20.00, CostUnit.MONEY, 1_000).answer();
 * </pre>
 *
 * <p>Each protocol is an {@link AnnotationJob} with a dataset of its own in the folder: a
 * comparison that was killed is run again, and asks about no group twice. Nothing is asked if the
 * estimate of what is left exceeds the budget; oracles that share a {@link
 * org.tastemaker.feedback.ledger.Ledger} have a hard limit besides.
 *
 * <p>What a protocol costs is known of answers that were paid for. With a cache that protocols
 * share, a question that two of them have in common is paid for once, and the judgement that got it
 * for nothing does not count for the cost: give each protocol a cache of its own, or none.
 *
 * @param <O> the oracles
 */
public final class ProtocolComparison<O extends DescribedOracle> {
  private final Builder<O> settings;

  private ProtocolComparison(Builder<O> settings) {
    this.settings = settings;
  }

  /**
   * What judging may cost at most, without a call, such as that of ChatGPT's oracle.
   *
   * @param <O> the oracle
   */
  @FunctionalInterface
  public interface Estimate<O> {
    /**
     * Estimates.
     *
     * @param oracle who would be asked
     * @param groups about what
     * @param rubric by what
     * @return a high estimate
     */
    CostEstimate of(O oracle, List<ImageGroup> groups, Rubric rubric);
  }

  /**
   * A comparison to be set up.
   *
   * @param folder where the datasets are, an existing one
   * @param oracles makes the oracle of a protocol; closed after its job if it can be closed
   * @param rubric what to look at
   * @param <O> the oracles
   * @return a builder without protocols yet
   */
  public static <O extends DescribedOracle> Builder<O> builder(
      Path folder, Function<Protocol, O> oracles, Rubric rubric) {
    return new Builder<>(folder, oracles, rubric);
  }

  /**
   * Asks about what was not asked about before, and compares.
   *
   * @param groups people's votes; gone through several times, in the same order
   * @return the comparison
   * @throws FeedbackException.BudgetExhausted before anything is asked, if the estimate exceeds the
   *     budget
   * @throws FeedbackException if further questions are pointless; what was judged is kept
   * @throws IllegalArgumentException if people chose an image of no pair
   */
  public ComparisonReport run(Iterable<VotedGroup> groups) {
    requireBudget(groups);
    List<String> notes = new ArrayList<>();
    for (Protocol protocol : settings.protocols) {
      O oracle = settings.oracles.apply(protocol);
      try {
        JobReport done =
            settings
                .job
                .apply(AnnotationJob.builder(dataset(protocol), oracle, settings.rubric))
                .build()
                .run(AgreementStudy.groups(groups));
        if (done.postponed() > 0) {
          notes.add(
              protocol.name()
                  + ": "
                  + done.postponed()
                  + " groups were not answered: run it again.");
        }
      } finally {
        close(oracle);
      }
    }
    return compare(groups, notes);
  }

  /**
   * Compares what was asked before, and asks nobody.
   *
   * @param groups people's votes; gone through several times, in the same order
   * @return the comparison
   * @throws java.io.UncheckedIOException if a protocol has no dataset
   */
  public ComparisonReport read(Iterable<VotedGroup> groups) {
    return compare(groups, new ArrayList<>());
  }

  /**
   * Where a protocol's judgements are.
   *
   * @param protocol any
   * @return a file in the folder
   */
  public Path dataset(Protocol protocol) {
    String name = protocol.name().replaceAll("[^A-Za-z0-9]+", "-").replaceAll("-$", "");
    return settings.folder.resolve(name + ".jsonl");
  }

  /**
   * What asking about all that was not asked about may cost.
   *
   * @param groups people's votes
   * @param estimate of an oracle
   * @return the sum over the protocols
   */
  public CostEstimate estimate(Iterable<VotedGroup> groups, Estimate<? super O> estimate) {
    Usage usage = Usage.NONE;
    BigDecimal cost = BigDecimal.ZERO;
    boolean priced = true;
    for (Protocol protocol : settings.protocols) {
      Set<String> there = new HashSet<>();
      if (Files.exists(dataset(protocol))) {
        PreferenceDataset.read(dataset(protocol), group -> there.add(group.id()));
      }
      O oracle = settings.oracles.apply(protocol);
      try {
        for (VotedGroup group : groups) {
          if (there.add(group.id())) {
            CostEstimate one = estimate.of(oracle, List.of(group.images()), settings.rubric);
            usage = usage.plus(one.usage());
            BigDecimal money = one.cost();
            priced &= money != null;
            cost = money == null ? cost : cost.add(money);
          }
        }
      } finally {
        close(oracle);
      }
    }
    return new CostEstimate(usage, priced ? cost : null, settings.prices.currency());
  }

  private void requireBudget(Iterable<VotedGroup> groups) {
    Estimate<? super O> estimate = settings.estimate;
    if (estimate == null) {
      return;
    }
    CostEstimate expected = estimate(groups, estimate);
    BigDecimal limit = settings.budget.money();
    BigDecimal cost = expected.cost();
    if (limit != null && cost == null) {
      throw new IllegalArgumentException(
          "a budget of money needs the price of the model: add it to the oracle's price table, or"
              + " set a budget of tokens or requests");
    }
    Usage usage = expected.usage();
    if ((limit != null && cost != null && cost.compareTo(limit) > 0)
        || usage.requests() > settings.budget.requests()
        || usage.inputTokens() + usage.outputTokens() > settings.budget.tokens()) {
      throw new FeedbackException.BudgetExhausted(
          "the comparison may take "
              + expected
              + ", which is over its budget of "
              + words(settings.budget, settings.prices.currency())
              + "; nothing was asked. Compare fewer groups or protocols, or raise the budget");
    }
  }

  private static String words(Budget budget, String currency) {
    BigDecimal money = budget.money();
    return money != null
        ? money.toPlainString() + " " + currency
        : budget.requests() < Long.MAX_VALUE
            ? budget.requests() + " requests"
            : budget.tokens() + " tokens";
  }

  private ComparisonReport compare(Iterable<VotedGroup> groups, List<String> notes) {
    // 1. Each protocol on its own.
    AgreementStudy study =
        AgreementStudy.builder()
            .truth(settings.truth)
            .prices(settings.prices)
            .bootstrap(settings.bootstrap)
            .seed(settings.seed)
            .build();
    List<Verdicts> verdicts = new ArrayList<>();
    List<StudyReport> reports = new ArrayList<>();
    for (Protocol protocol : settings.protocols) {
      verdicts.add(DatasetVerdicts.of(protocol.name(), dataset(protocol)));
      reports.add(study.of(groups, verdicts.get(verdicts.size() - 1)));
    }
    // 2. All of them on the same pairs.
    PairedRights rights =
        new PairedRights(verdicts.size(), settings.bootstrap, settings.seed.split("protocols"));
    for (VotedGroup group : groups) {
      List<Optional<GroupVerdict>> said = verdicts.stream().map(v -> v.of(group)).toList();
      for (VotedPair pair : group.pairs()) {
        Optional<Choice> people = settings.truth.of(pair.votes());
        if (pair.criterion().equals(VotedPair.OVERALL)
            && people.isPresent()
            && people.get() != Choice.TIE) {
          rights.add(
              group.images().prompt().text(),
              said.stream().mapToDouble(s -> right(s, pair, people.get())).toArray());
        }
      }
    }
    if (rights.isEmpty()) {
      throw new IllegalArgumentException(
          "there must be a pair in which people chose an image, to tell protocols apart by");
    }
    List<ProtocolResult> results = new ArrayList<>();
    for (int i = 0; i < verdicts.size(); i++) {
      results.add(result(settings.protocols.get(i), reports.get(i), rights, i));
    }
    results.stream()
        .filter(result -> result.paid() < result.judgements())
        .forEach(
            result ->
                notes.add(
                    String.format(
                        Locale.ROOT,
                        "%s: requests and tokens are known of %d of %d judgements.",
                        result.protocol(),
                        result.paid(),
                        result.judgements())));
    return new ComparisonReport(results, rights, settings.prices.currency(), notes);
  }

  private static double right(Optional<GroupVerdict> said, VotedPair pair, Choice people) {
    Optional<Choice> verdict =
        said.map(GroupVerdict::opinions)
            .map(opinions -> opinions.get(VotedPair.OVERALL))
            .flatMap(opinion -> opinion.choice(pair.first(), pair.second()));
    return verdict.isEmpty() || verdict.get() == Choice.TIE
        ? PairedRights.COIN
        : verdict.get() == people ? 1 : 0;
  }

  private ProtocolResult result(
      Protocol protocol, StudyReport report, PairedRights rights, int index) {
    Spent spent = new Spent();
    PreferenceDataset.read(
        dataset(protocol),
        group -> {
          spent.judgements++;
          DatasetVerdicts.usage(group.judgement()).ifPresent(spent::add);
        });
    Map<CostUnit, Double> costs = new EnumMap<>(CostUnit.class);
    put(costs, CostUnit.MONEY, report.all().figure(Measure.COST));
    put(costs, CostUnit.SECONDS, report.all().figure(Measure.SECONDS));
    if (spent.paid > 0) {
      Usage sum = spent.usage;
      costs.put(CostUnit.REQUESTS, (double) sum.requests() / spent.paid);
      if (sum.inputTokens() + sum.outputTokens() > 0) {
        costs.put(CostUnit.TOKENS, (double) (sum.inputTokens() + sum.outputTokens()) / spent.paid);
      }
    }
    return new ProtocolResult(
        protocol.name(),
        rights.expected(index, 1),
        rights.undecided(index),
        costs,
        spent.judgements,
        spent.paid,
        report);
  }

  private static void put(Map<CostUnit, Double> costs, CostUnit unit, Figure figure) {
    if (figure.isKnown()) {
      costs.put(unit, figure.value());
    }
  }

  private static final class Spent {
    private Usage usage = Usage.NONE;
    private long judgements;
    private long paid;

    void add(Usage own) {
      usage = usage.plus(own);
      paid++;
    }
  }

  private static void close(Object oracle) {
    if (oracle instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException("the oracle cannot be closed: " + e.getMessage(), e);
      }
    }
  }

  /**
   * Sets up a {@link ProtocolComparison}.
   *
   * @param <O> the oracles
   */
  public static final class Builder<O extends DescribedOracle> {
    private final Path folder;
    private final Function<Protocol, O> oracles;
    private final Rubric rubric;
    private List<Protocol> protocols = List.of();
    private Truth truth = Truth.majority();
    private PriceTable prices = PriceTable.none();
    private PromptBootstrap bootstrap = PromptBootstrap.usual();
    private Seed seed = Seed.of(0);
    private UnaryOperator<AnnotationJob.Builder> job = UnaryOperator.identity();
    private Budget budget = Budget.unlimited();
    private @Nullable Estimate<? super O> estimate;

    private Builder(Path folder, Function<Protocol, O> oracles, Rubric rubric) {
      this.folder = Objects.requireNonNull(folder, "folder == null");
      this.oracles = Objects.requireNonNull(oracles, "oracles == null");
      this.rubric = Objects.requireNonNull(rubric, "rubric == null");
    }

    private Builder(Builder<O> other) {
      this(other.folder, other.oracles, other.rubric);
      this.protocols = other.protocols;
      this.truth = other.truth;
      this.prices = other.prices;
      this.bootstrap = other.bootstrap;
      this.seed = other.seed;
      this.job = other.job;
      this.budget = other.budget;
      this.estimate = other.estimate;
    }

    /**
     * Sets what is compared.
     *
     * @param protocols at least one, each once
     * @return this builder
     */
    public Builder<O> protocols(Protocol... protocols) {
      List<Protocol> all = List.of(protocols);
      if (all.isEmpty() || all.stream().map(Protocol::name).distinct().count() < all.size()) {
        throw new IllegalArgumentException(
            "there must be at least one protocol, and each once, but they are " + all);
      }
      this.protocols = all;
      return this;
    }

    /**
     * Sets how votes become what people chose.
     *
     * @param truth by default {@link Truth#majority}
     * @return this builder
     */
    public Builder<O> truth(Truth truth) {
      this.truth = Objects.requireNonNull(truth, "truth == null");
      return this;
    }

    /**
     * Sets what the judge's model costs.
     *
     * @param prices by default none: then requests, tokens and seconds are compared
     * @return this builder
     */
    public Builder<O> prices(PriceTable prices) {
      this.prices = Objects.requireNonNull(prices, "prices == null");
      return this;
    }

    /**
     * Sets how intervals are made.
     *
     * @param bootstrap by default {@link PromptBootstrap#usual}
     * @return this builder
     */
    public Builder<O> bootstrap(PromptBootstrap bootstrap) {
      this.bootstrap = Objects.requireNonNull(bootstrap, "bootstrap == null");
      return this;
    }

    /**
     * Sets the seed of resamples.
     *
     * @param seed by default 0
     * @return this builder
     */
    public Builder<O> seed(Seed seed) {
      this.seed = Objects.requireNonNull(seed, "seed == null");
      return this;
    }

    /**
     * Changes how the jobs run, such as their concurrency and their listener.
     *
     * @param change of each protocol's job
     * @return this builder
     */
    public Builder<O> job(UnaryOperator<AnnotationJob.Builder> change) {
      this.job = Objects.requireNonNull(change, "change == null");
      return this;
    }

    /**
     * Sets what all protocols together may take, of what is not asked yet.
     *
     * @param budget the limit
     * @param estimate of what an oracle takes at most, such as {@code ChatGptOracle::estimate}
     * @return this builder
     */
    public Builder<O> budget(Budget budget, Estimate<? super O> estimate) {
      this.budget = Objects.requireNonNull(budget, "budget == null");
      this.estimate = Objects.requireNonNull(estimate, "estimate == null");
      return this;
    }

    /**
     * Makes the comparison.
     *
     * @return a comparison that can be run many times
     */
    public ProtocolComparison<O> build() {
      if (protocols.isEmpty()) {
        throw new IllegalArgumentException("no protocol is set: call protocols(...)");
      }
      return new ProtocolComparison<>(new Builder<>(this));
    }
  }
}
