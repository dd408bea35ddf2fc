package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.CostEstimate;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.votes.VoteFile;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Asks ChatGPT about images that people have voted on, and compares. It costs money: {@code
 * --estimate} says how much before a question is asked, and {@code --budget} is never exceeded. The
 * key comes from {@code OPENAI_API_KEY}.
 *
 * <p>Run it again, after a kill too: what was answered is not asked again.
 */
@Command(
    name = "people-agreement",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares ChatGPT's verdicts with people's votes in a file of a public shape.")
public final class PeopleAgreement implements Callable<Integer> {
  /** US dollars for a million input and output tokens, as OpenAI's page had them in April 2025. */
  private static final Map<String, List<String>> APRIL_2025 = prices();

  @Option(
      names = "--run",
      description = "Folder of the answers and the report (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/ideas/people-agreement");

  @Option(
      names = "--votes",
      description = "The file of votes, in JSON or JSON Lines; needed unless --costs is given.")
  private @Nullable Path votes;

  @Option(names = "--images", description = "The folder of its images (default: the file's).")
  private @Nullable Path images;

  @Option(names = "--shape", description = VoteShapes.NAMES + " (default: ${DEFAULT-VALUE}).")
  private String shape = "hpdv2-test";

  @Option(names = "--prompts", description = "How many rows, at most (default: ${DEFAULT-VALUE}).")
  private int prompts = 100;

  @Option(names = "--model", description = "Which model is asked (default: ${DEFAULT-VALUE}).")
  private String model = "gpt-4.1-mini";

  @Option(
      names = "--price",
      split = ",",
      description =
          "US dollars for a million input and output tokens, such as 0.40,1.60 (default: those of"
              + " April 2025, where known).")
  private List<String> price = List.of();

  @Option(names = "--budget", description = "US dollars, at most (default: ${DEFAULT-VALUE}).")
  private String budget = "1.00";

  @Option(names = "--url", description = "Another server, which is asked without a key.")
  private @Nullable String url;

  @Option(names = "--estimate", description = "Say what it would cost, and ask nothing.")
  private boolean estimate;

  @Option(
      names = "--costs",
      description = "Say what 1,000 pairs of 512 x 512 cost, by model and protocol, and end.")
  private boolean costs;

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Made by picocli. */
  public PeopleAgreement() {}

  /**
   * Runs the study.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(command().execute(args));
  }

  static CommandLine command() {
    PeopleAgreement study = new PeopleAgreement();
    return FileNames.in(new CommandLine(study))
        .setExecutionExceptionHandler(Failures.in(() -> study.run));
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (costs) {
      out.print(costs());
      out.flush();
      return 0;
    }
    if (votes == null) {
      throw new IllegalArgumentException("there are no votes: give their file with --votes");
    }
    Files.createDirectories(run);
    List<VotedGroup> groups = groups(votes, out);
    Path dataset = run.resolve("judged.jsonl");
    try (ChatGptOracle oracle = oracle(model, table(), Protocol.pairsInBothOrders(1))) {
      List<ImageGroup> asked = new ArrayList<>();
      AgreementStudy.groups(groups).forEach(asked::add);
      out.println(oracle.estimate(asked, Rubrics.consistency()));
      if (estimate) {
        return 0;
      }
      AnnotationJob job = AnnotationJob.builder(dataset, oracle, Rubrics.consistency()).build();
      out.println(job.run(asked).words());
    }
    StudyReport report =
        AgreementStudy.builder()
            .prices(table())
            .build()
            .of(groups, DatasetVerdicts.of(model, dataset));
    out.print(report.table());
    AtomicFiles.write(run.resolve("agreement.csv"), report.csv().getBytes(StandardCharsets.UTF_8));
    out.println("written to " + run.resolve("agreement.csv"));
    return 0;
  }

  private List<VotedGroup> groups(Path file, PrintWriter out) {
    List<VotedGroup> groups = new ArrayList<>();
    for (VotedGroup group :
        VoteFile.json(file, VoteShapes.named(shape, file, images)).groups(out::println)) {
      groups.add(group);
      if (groups.size() == prompts) {
        break;
      }
    }
    return groups;
  }

  private ChatGptOracle oracle(String name, PriceTable prices, Protocol protocol) {
    ChatGptOracle.Builder builder =
        ChatGptOracle.builder().model(name).protocol(protocol).prices(prices);
    if (costs) {
      return builder.withoutApiKey().baseUrl("http://localhost/v1").build();
    }
    builder.budget(Budget.ofMoney(budget)).ledgerFile(run.resolve("ledger.json"));
    return url == null ? builder.build() : builder.baseUrl(url).withoutApiKey().build();
  }

  private PriceTable table() {
    Map<String, Price> prices = new LinkedHashMap<>();
    APRIL_2025.forEach((name, both) -> prices.put(name, priceOf(both)));
    if (!price.isEmpty()) {
      if (price.size() != 2) {
        throw new IllegalArgumentException(
            "a price is two numbers, for input and output, such as 0.40,1.60, but was " + price);
      }
      prices.put(model, priceOf(price));
    }
    return PriceTable.of("USD", prices);
  }

  private static Price priceOf(List<String> both) {
    return Price.perMillionTokens(both.get(0), both.get(0), both.get(1));
  }

  private static Map<String, List<String>> prices() {
    Map<String, List<String>> prices = new LinkedHashMap<>();
    prices.put("gpt-4.1-nano", List.of("0.10", "0.40"));
    prices.put("gpt-4.1-mini", List.of("0.40", "1.60"));
    prices.put("gpt-4.1", List.of("2.00", "8.00"));
    return prices;
  }

  /** Ten groups are counted, and the numbers multiplied. */
  private String costs() {
    StringBuilder table = new StringBuilder();
    table.append("| model | asked | questions | tokens, at most | US dollars, at most |\n");
    table.append("| --- | --- | --- | --- | --- |\n");
    for (String name : APRIL_2025.keySet()) {
      cost(table, name, "pairs, random order", Protocol.pairsInRandomDirection(1), 2, 1000);
      cost(table, name, "pairs, both orders", Protocol.pairsInBothOrders(1), 2, 1000);
      cost(table, name, "groups of five, listwise, twice", Protocol.listwise(2), 5, 100);
    }
    return table.toString();
  }

  private void cost(
      StringBuilder table, String name, String title, Protocol protocol, int size, int groups) {
    List<ImageGroup> ten = new ArrayList<>();
    for (int g = 0; g < 10; g++) {
      List<Image> own = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        own.add(Image.filled(512, 512, 0.1f * g, 0.1f * i, 0.5f));
      }
      ten.add(new ImageGroup(Prompt.of("a prompt of about ten words, as people write them"), own));
    }
    try (ChatGptOracle oracle = oracle(name, table(), protocol)) {
      CostEstimate cost = oracle.estimate(ten, Rubrics.consistency());
      long times = groups / 10;
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %d | %d | %s |%n",
              name,
              title,
              times * cost.usage().requests(),
              times * (cost.usage().inputTokens() + cost.usage().outputTokens()),
              cost.cost() == null
                  ? "not known"
                  : cost.cost()
                      .multiply(BigDecimal.valueOf(times))
                      .setScale(2, RoundingMode.UP)
                      .toPlainString()));
    }
  }
}
