package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.ImageForm;
import org.tastemaker.feedback.resilience.ResilientCaller;

/** An annotation job in a process of its own: with a ledger and a cache, over HTTP. */
final class JobProgram {
  static final int IN_FLIGHT = 8;
  static final PriceTable PRICES = PriceTable.of("USD", Map.of("mock", Price.perRequest("0.01")));

  private JobProgram() {}

  /** Arguments: the server's address, a folder, the dataset's name, groups, a budget in money. */
  public static void main(String[] args) {
    Path folder = Path.of(args[1]);
    try (ChatGptOracle oracle =
        ChatGptOracle.builder()
            .baseUrl(args[0])
            .withoutApiKey()
            .model("mock")
            .judging(options -> options.withImages(ImageForm.DEFAULT.withSide(0)))
            .limits(ResilientCaller.Options.DEFAULTS.withInFlight(IN_FLIGHT))
            .cache(folder.resolve("answers"))
            .prices(PRICES)
            .ledgerFile(folder.resolve("ledger.jsonl"))
            .budget(Budget.ofMoney(args[4]))
            .build()) {
      JobReport report =
          AnnotationJob.builder(folder.resolve(args[2]), oracle, Greys.RUBRIC, oracle.settings())
              .concurrency(IN_FLIGHT)
              .build()
              .run(Jobs.groups(Integer.parseInt(args[3])));
      System.out.println("judged " + (report.judged() + report.alreadyThere()));
    } catch (FeedbackException.BudgetExhausted e) {
      System.out.println("stopped: " + e.getMessage());
    }
  }

  static Ledger.Totals spent(Path folder) {
    try (Ledger ledger =
        Ledger.open(
            folder.resolve("ledger.jsonl"), PRICES, Budget.unlimited(), Clock.systemUTC())) {
      return ledger.totals();
    }
  }
}
