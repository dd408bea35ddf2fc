package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.Explain;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.Stratum;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.Verdicts;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.page.StudyPage;
import org.tastemaker.feedback.study.protocols.ComparisonReport;
import org.tastemaker.feedback.study.protocols.CostUnit;
import org.tastemaker.feedback.study.protocols.ProtocolComparison;
import org.tastemaker.feedback.study.protocols.Purchase;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code CompareProtocols}, and what it does. */
@Command(
    name = "CompareProtocols",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares protocols by what they give and what they cost.")
final class ProtocolsCommand implements Callable<Integer> {
  private static final String MODEL = "gpt-4.1-mini";
  private static final Protocol KEPT = Protocol.pairsInBothOrders(1);

  private final Path folder;
  private final PrintStream out;

  @Mixin private SimulatedOptions simulated = new SimulatedOptions();

  @Option(
      names = "--price",
      paramLabel = "IN,OUT",
      split = ",",
      defaultValue = "0.40,1.60",
      description =
          "What a million tokens of questions and of answers would cost (default:"
              + " ${DEFAULT-VALUE}).")
  private List<String> price;

  @Option(
      names = "--budget",
      paramLabel = "X",
      defaultValue = "1.00",
      description = "What is to be spent in the end (default: ${DEFAULT-VALUE}).")
  private double budget;

  @Option(
      names = "--groups",
      paramLabel = "N",
      defaultValue = "1000",
      description = "How many groups are to be judged for it (default: ${DEFAULT-VALUE}).")
  private long groups;

  @Option(
      names = "--limit",
      paramLabel = "X",
      defaultValue = "5.00",
      description =
          "What the comparison itself may cost; it is estimated before anything is asked (default:"
              + " ${DEFAULT-VALUE}).")
  private String limit;

  private ProtocolsCommand(Path folder, PrintStream out) {
    this.folder = folder;
    this.out = out;
    this.price = List.of();
    this.limit = "";
  }

  static CommandLine of(Path folder, PrintStream out) {
    return FileNames.in(new CommandLine(new ProtocolsCommand(folder, out)))
        .setExecutionExceptionHandler(Failures.in(() -> folder));
  }

  @Override
  public Integer call() throws IOException {
    if (price.size() != 2) {
      throw new IllegalArgumentException(
          "--price must be two numbers with a comma between them, but was " + price);
    }
    PriceTable prices =
        PriceTable.of("USD", Map.of(MODEL, Price.perMillionTokens(price.get(0), price.get(1))));
    List<VotedGroup> votes = simulated.votes();
    Path datasets = folder.resolve(simulated.name());
    Files.createDirectories(datasets);
    out.println(simulated.words());

    // 1. Each protocol is asked about what it was not asked before.
    ProtocolComparison<ChatGptOracle> comparison;
    ComparisonReport report;
    try (LoopbackServer server = LoopbackServer.builder(simulated.judge()).start()) {
      comparison =
          ProtocolComparison.builder(
                  datasets, protocol -> oracle(server, prices, protocol), Rubrics.consistency())
              .protocols(
                  Protocol.listwise(1),
                  Protocol.listwise(2),
                  Protocol.pairsInRandomDirection(1),
                  KEPT,
                  Protocol.activePairs(2),
                  Protocol.pointwise(new Question.Scale(1, 5), 1))
              .prices(prices)
              .budget(Budget.ofMoney(limit), ChatGptOracle::estimate)
              .build();
      report = comparison.run(votes);
      out.println("answers by the judge in this run: " + server.answers());
    }

    // 2. Which of them to buy.
    Purchase purchase = report.buy(budget, CostUnit.MONEY, groups);
    out.println();
    out.print(report.table());
    out.println();
    out.println(purchase.answer());
    write("protocols.csv", report.csv());

    // 3. As a page, with the study of the most careful of them.
    Verdicts verdicts = DatasetVerdicts.of("simulated judge", comparison.dataset(KEPT));
    StudyReport study =
        AgreementStudy.builder()
            .prices(prices)
            .stratum(Stratum.bySame("sampling"))
            .stratum(Stratum.byRankDistance())
            .build()
            .of(votes, verdicts);
    Path page = folder.resolve("protocols.html");
    StudyPage.builder("Which protocol to buy, and does the judge stand in for people?")
        .reasons(comparison.dataset(KEPT))
        .comparison(report, List.of(purchase))
        .note(SimulatedVotes.NOTE)
        .note("The figures outside of the comparison are those of " + KEPT.name() + ".")
        .build()
        .write(study, votes, verdicts, page);
    out.println("page: " + page);
    return 0;
  }

  private static ChatGptOracle oracle(LoopbackServer server, PriceTable prices, Protocol protocol) {
    return ChatGptOracle.builder()
        .model(MODEL)
        .baseUrl(server.baseUrl())
        .withoutApiKey()
        .prices(prices)
        .judging(options -> options.withExplain(Explain.AFTER))
        .protocol(protocol)
        .build();
  }

  private void write(String name, String text) throws IOException {
    AtomicFiles.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }
}
