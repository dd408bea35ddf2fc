package org.tastemaker.examples.align;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Usage;
import org.tastemaker.examples.report.Cost;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.CostEstimate;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.openai.ChatGptOracle;

/**
 * ChatGPT as the judge of a run: estimates the cost of the remaining rounds, asks for confirmation,
 * and makes the confirmed sum the budget. The cached answers and the ledger are beside the run's
 * folder, so that nothing is paid for twice.
 */
public final class PaidJudge {
  private static final MathContext SHOWN = new MathContext(3, RoundingMode.UP);

  private static final int GLYPH = 32; // pixels of the bundled model's images

  private final Terms terms;
  private final Path run;
  private final PrintWriter out;
  private final Optional<UnaryOperator<@Nullable String>> asking;
  private final RunListener listener;

  /**
   * Which model to ask, and what it may cost.
   *
   * @param model its name at the server
   * @param baseUrl of a server with OpenAI's API, or null for OpenAI
   * @param prices with the model's, or {@link PriceTable#none} if it is not known
   * @param budget the most that may be spent on this run in total, or null for the estimate; needs
   *     a price
   * @param confirmed whether the estimate is accepted without asking
   * @param retryMissing whether refusals and malformed answers in the cache are asked again
   */
  public record Terms(
      String model,
      @Nullable String baseUrl,
      PriceTable prices,
      @Nullable BigDecimal budget,
      boolean confirmed,
      boolean retryMissing) {
    public Terms {
      Objects.requireNonNull(model, "model == null");
      if (budget != null && budget.signum() <= 0) {
        throw new IllegalArgumentException(
            "the budget must be above 0, but was " + budget.toPlainString());
      }
      if (budget != null && prices.priceOf(model).isEmpty()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a budget needs the price of %s: add --price IN,OUT, the price per million tokens from your provider's list",
                model));
      }
    }

    private boolean priced() {
      return prices.priceOf(model).isPresent();
    }
  }

  /**
   * A judge that is not open yet.
   *
   * @param terms which model to ask, and what it may cost
   * @param run the run's folder
   * @param out receives the estimate
   * @param asking puts a question to a person and returns the answer; empty if there is nobody to
   *     ask
   * @param listener receives what goes wrong when the judge is asked
   */
  public PaidJudge(
      Terms terms,
      Path run,
      PrintWriter out,
      Optional<UnaryOperator<@Nullable String>> asking,
      RunListener listener) {
    this.terms = terms;
    this.run = run;
    this.out = out;
    this.asking = asking;
    this.listener = listener;
  }

  /**
   * A judge that may be asked now.
   *
   * @param oracle to ask
   * @param cost what it has cost so far
   * @param end releases what the oracle holds
   */
  public record Confirmed(DescribedOracle oracle, Supplier<Cost> cost, Runnable end)
      implements AutoCloseable {
    @Override
    public void close() {
      end.run();
    }
  }

  /**
   * Prints the estimated cost, asks for confirmation, and opens the judge.
   *
   * @param task its prompts are judged, each once per round
   * @param images per group
   * @param rounds that are left; with 0 nothing is asked, and the judge only reports what was spent
   * @param rubric to rank by
   * @param cancellation stops its questions
   * @return the judge: the caller closes it
   * @throws IllegalArgumentException if there is no key or the cost is not confirmed; then nothing
   *     was written or paid
   */
  public RunJudge open(
      EmojiTask task, int images, int rounds, Rubric rubric, Cancellation cancellation) {
    return open(task, images, rounds, rubric, cancellation, GLYPH, GLYPH);
  }

  /**
   * The same for images of another size than the bundled model's.
   *
   * @param task as above
   * @param images as above
   * @param rounds as above
   * @param rubric as above
   * @param cancellation as above
   * @param height of an image in pixels
   * @param width of an image in pixels
   * @return the judge: the caller closes it
   */
  public RunJudge open(
      EmojiTask task,
      int images,
      int rounds,
      Rubric rubric,
      Cancellation cancellation,
      int height,
      int width) {
    if (rounds == 0) {
      return finished();
    }
    requireKey();
    CostEstimate round = estimate(groups(task, images, height, width), rubric);
    CostEstimate all =
        new CostEstimate(
            times(round.usage(), rounds),
            round.cost() == null ? null : round.cost().multiply(BigDecimal.valueOf(rounds)),
            round.currency());
    String what =
        String.format(Locale.ROOT, "%d rounds of %d groups", rounds, task.prompts().size());
    Confirmed paid = open(what, all, UnaryOperator.identity(), cancellation);
    return new RunJudge(terms.model, paid.oracle, paid.cost, paid.end);
  }

  /**
   * What questions cost at most, without a call.
   *
   * @param groups drawn one by one
   * @param rubric to rank by
   * @return a high estimate
   */
  public CostEstimate estimate(Iterable<ImageGroup> groups, Rubric rubric) {
    return estimate(groups, rubric, UnaryOperator.identity());
  }

  /**
   * What questions cost at most, without a call.
   *
   * @param groups drawn one by one
   * @param rubric to rank by
   * @param asked changes how they are asked
   * @return a high estimate
   */
  public CostEstimate estimate(
      Iterable<ImageGroup> groups, Rubric rubric, UnaryOperator<ChatGptOracle.Builder> asked) {
    Usage usage = Usage.NONE;
    try (ChatGptOracle oracle = asked.apply(server().prices(terms.prices)).build()) {
      for (ImageGroup group : groups) {
        usage = usage.plus(oracle.estimate(List.of(group), rubric).usage());
      }
    }
    return CostEstimate.of(terms.model, usage, terms.prices);
  }

  /** Fails where a server would refuse every question. */
  public void requireKey() {
    if (System.getenv("OPENAI_API_KEY") == null && terms.baseUrl == null) {
      throw new IllegalArgumentException(
          "--judge chatgpt needs the environment variable OPENAI_API_KEY (or --base-url with a"
              + " server that needs no key); --judge glyphs needs no key");
    }
  }

  /**
   * Prints an estimated cost, asks for confirmation, and opens the judge.
   *
   * @param what is judged, as the beginning of a sentence
   * @param estimate of its cost
   * @param asked changes how it is asked
   * @param cancellation stops its questions
   * @return the judge: the caller closes it
   * @throws IllegalArgumentException if there is no key or the cost is not confirmed; then nothing
   *     was written or paid
   */
  public Confirmed open(
      String what,
      CostEstimate estimate,
      UnaryOperator<ChatGptOracle.Builder> asked,
      Cancellation cancellation) {
    requireKey();
    Usage usage = estimate.usage();
    BigDecimal cost = estimate.cost();
    Ledger.Totals spent = spent();
    out.printf(
        Locale.ROOT,
        "%s judged by %s take up to %,d tokens of input and %,d of output: %s.%n",
        what,
        terms.model,
        usage.inputTokens(),
        usage.outputTokens(),
        cost == null ? "their price is not known" : "up to " + money(cost, estimate.currency()));
    Budget budget = budget(usage, cost, spent);
    out.flush();
    confirm();
    makeParent();
    Ledger ledger = Ledger.open(ledgerFile(), terms.prices, budget, Clock.systemUTC());
    try {
      ChatGptOracle oracle =
          asked
              .apply(server())
              .cache(run.resolveSibling(run.getFileName() + "-answers"))
              .asking(questions -> questions.cancellation(cancellation))
              .listener(listener)
              .ledger(ledger)
              .build();
      return new Confirmed(
          terms.retryMissing ? oracle.retrying() : oracle,
          () -> cost(ledger.totals()),
          () -> {
            oracle.close();
            ledger.close();
          });
    } catch (RuntimeException e) {
      ledger.close();
      throw e;
    }
  }

  /** The judge of a run that has no rounds left. */
  private RunJudge finished() {
    Cost cost = cost(spent());
    return new RunJudge(
        terms.model,
        (groups, rubric) -> {
          throw new IllegalStateException("all rounds are done, so the judge is not asked");
        },
        () -> cost,
        () -> {});
  }

  /** The confirmed estimate is the limit: in money if there is a price, otherwise in tokens. */
  private Budget budget(Usage usage, @Nullable BigDecimal cost, Ledger.Totals spent) {
    if (cost == null) {
      long tokens = tokens(spent.usage()) + tokens(usage);
      out.printf(
          Locale.ROOT,
          "Without a price (--price IN,OUT, per million tokens) there is no budget in money. The run"
              + " stops at %,d tokens; %,d are used so far.%n",
          tokens,
          tokens(spent.usage()));
      return Budget.ofTokens(tokens);
    }
    String currency = terms.prices.currency();
    BigDecimal all = spent.cost().add(cost).round(SHOWN); // the limit is the sum that is shown
    BigDecimal end = terms.budget != null ? terms.budget : all;
    out.printf(
        Locale.ROOT,
        "The run stops before it spends more than %s; %s is spent so far.%n",
        end.toPlainString() + " " + currency,
        money(spent.cost(), currency));
    if (spent.cost().signum() == 0 && tokens(spent.usage()) > 0) {
      out.printf(
          Locale.ROOT,
          "The %,d tokens that were used so far had no price and are not in these sums.%n",
          tokens(spent.usage()));
    }
    if (end.compareTo(all) < 0) {
      out.println("That may not be enough for all rounds; resume with a higher --budget.");
    }
    return Budget.ofMoney(end.toPlainString());
  }

  private void confirm() {
    if (terms.confirmed) {
      return;
    }
    String answer =
        asking
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "there is nobody to confirm the cost: add --yes to accept it"))
            .apply("Continue? [y/N] ");
    if (answer == null || !answer.strip().toLowerCase(Locale.ROOT).startsWith("y")) {
      throw new IllegalArgumentException("not confirmed: nothing was sent and nothing was paid");
    }
  }

  private ChatGptOracle.Builder server() {
    ChatGptOracle.Builder builder = ChatGptOracle.builder().model(terms.model);
    if (terms.baseUrl != null) {
      builder.baseUrl(terms.baseUrl);
      if (System.getenv("OPENAI_API_KEY") == null) {
        builder.withoutApiKey();
      }
    }
    return builder;
  }

  /** A round's questions: images of one size cost the same, whatever they show. */
  private static List<ImageGroup> groups(EmojiTask task, int images, int height, int width) {
    List<ImageGroup> groups = new ArrayList<>();
    for (Prompt prompt : task.prompts()) {
      List<Image> shown = new ArrayList<>();
      for (int i = 0; i < images; i++) {
        shown.add(Image.filled(height, width, i / (float) images, 0.5f, 0.5f));
      }
      groups.add(new ImageGroup(prompt, shown));
    }
    return groups;
  }

  private Ledger.Totals spent() {
    Path file = ledgerFile();
    try (Ledger ledger =
        Files.exists(file)
            ? Ledger.open(file, terms.prices, Budget.unlimited(), Clock.systemUTC())
            : Ledger.inMemory(terms.prices, Budget.unlimited())) {
      return ledger.totals();
    }
  }

  private Path ledgerFile() {
    return run.resolveSibling(run.getFileName() + "-ledger.jsonl");
  }

  private void makeParent() {
    Path folder = run.toAbsolutePath().getParent();
    try {
      if (folder != null) {
        Files.createDirectories(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create the folder of " + run, e);
    }
  }

  private Cost cost(Ledger.Totals totals) {
    return new Cost(
        totals.usage(), terms.priced() ? money(totals.cost(), totals.currency()) : null);
  }

  private static Usage times(Usage usage, int times) {
    Usage sum = Usage.NONE;
    for (int i = 0; i < times; i++) {
      sum = sum.plus(usage);
    }
    return sum;
  }

  private static long tokens(Usage usage) {
    return usage.inputTokens() + usage.outputTokens();
  }

  /** Three digits, rounded up. */
  private static String money(BigDecimal amount, String currency) {
    return amount.round(SHOWN).toPlainString() + " " + currency;
  }
}
