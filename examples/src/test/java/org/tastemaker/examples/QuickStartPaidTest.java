package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.examples.align.QuickRun;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.server.LoopbackServer;

@SuppressWarnings("NullAway.Init")
class QuickStartPaidTest {
  @TempDir Path folder;
  private QuickStarts quickStart;
  private LoopbackServer server;

  @BeforeEach
  void withAServer() {
    server = LoopbackServer.builder(MockJudge.of((image, prompt) -> image.get(1, 16, 16))).start();
    quickStart = new QuickStarts(folder.resolve("run"));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private int run(String... more) {
    List<String> args =
        new ArrayList<>(List.of("--judge", "chatgpt", "--base-url", server.baseUrl()));
    args.addAll(Arrays.asList(more));
    return quickStart.run(args.toArray(String[]::new));
  }

  private Ledger.Totals spent() {
    Path file = folder.resolve("run-ledger.jsonl");
    try (Ledger ledger =
        Ledger.open(file, PriceTable.none(), Budget.unlimited(), Clock.systemUTC())) {
      return ledger.totals();
    }
  }

  @Test
  void theReportShowsWhatTheJudgeHasCost() {
    String[] priced = {"--rounds", "1", "--yes", "--price", "400,1600", "--currency", "eur"};

    assertThat(run(priced)).isZero();

    assertThat(server.answers()).isPositive();
    assertThat(quickStart.said)
        .contains("1 rounds of 1 groups")
        .containsPattern("output: up to [0-9.]+ EUR")
        .containsPattern("stops before it spends more than [0-9.]+ EUR; 0 EUR is spent");
    assertThat(spent().cost()).isPositive();
    assertThat(folder.resolve("run/report.html"))
        .content()
        .containsPattern("money</th><td>[0-9.]*[1-9][0-9]* EUR</td>");
  }

  @Test
  void aBudgetEndsTheRunAndAHigherOneResumesIt() {
    String[] first = {"--rounds", "1", "--yes", "--price", "400,100,1600"};
    assertThat(run(first)).isZero();
    BigDecimal enough = spent().cost();
    long answers = server.answers();

    String[] second = {
      "--rounds", "3", "--yes", "--price", "400,100,1600", "--budget", enough.toPlainString()
    };
    assertThat(run(second)).isEqualTo(QuickRun.OUT_OF_MONEY);

    assertThat(quickStart.said)
        .contains("2 rounds of 1 groups") // those that are left
        .contains("That may not be enough for all rounds")
        .contains("is used up")
        .contains("resumes from here, with a higher --budget");
    assertThat(server.answers()).isEqualTo(answers);
    assertThat(spent().cost()).isEqualByComparingTo(enough);
    assertThat(folder.resolve("run/emoji-lora.safetensors")).exists();

    second[second.length - 1] = "1000";
    assertThat(run(second)).isZero();
    assertThat(folder.resolve("run/checkpoints/000003")).exists();
    assertThat(server.answers()).isGreaterThan(answers);
  }

  @Test
  void aFirstRoundThatIsTooExpensiveLeavesAReportToo() {
    String[] poor = {"--rounds", "1", "--yes", "--price", "400,1600", "--budget", "0.0001"};

    assertThat(run(poor)).isEqualTo(QuickRun.OUT_OF_MONEY);

    assertThat(server.answers()).isZero();
    assertThat(folder.resolve("run/report.html"))
        .content()
        .contains("The budget or quota of the judge is used up. 0 of 1 rounds are done");
  }

  @Test
  void withoutAPriceTheTokensAreTheLimit() {
    List<String> questions = new ArrayList<>();
    quickStart.asking =
        Optional.of(
            question -> {
              questions.add(question);
              return "yes";
            });

    assertThat(run("--rounds", "1")).isZero();

    assertThat(questions).hasSize(1);
    assertThat(quickStart.said)
        .contains("their price is not known")
        .contains(
            "Without a price (--price IN,OUT, per million tokens) there is no budget in money")
        .containsPattern("The run stops at [0-9,]+ tokens; 0 are used so far");
    assertThat(folder.resolve("run/report.html")).content().contains("not known");
  }

  @Test
  void nothingIsPaidOrWrittenWithoutAYes() {
    assertThat(run("--rounds", "1")).isEqualTo(2);
    assertThat(quickStart.said).contains("there is nobody to confirm the cost: add --yes");
    quickStart.asking = Optional.of(question -> "n");
    assertThat(run("--rounds", "1")).isEqualTo(2);

    assertThat(server.requests()).isZero();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFolderOfAnotherRunIsRejectedBeforeAnythingIsAsked() {
    assertThat(quickStart.run("--rounds", "1")).isZero();
    quickStart.asking =
        Optional.of(
            question -> {
              throw new AssertionError("asked: " + question);
            });

    assertThat(run("--rounds", "1")).isEqualTo(2);

    assertThat(quickStart.said).contains("judge is glyphs in the folder").doesNotContain("tokens");
    assertThat(folder.resolve("run-ledger.jsonl")).doesNotExist();
  }

  @Test
  void aFinishedRunAsksNobody() {
    assertThat(run("--rounds", "1", "--yes", "--price", "400,1600")).isZero();
    long requests = server.requests();

    assertThat(run("--rounds", "1", "--price", "400,1600")).isZero();

    assertThat(server.requests()).isEqualTo(requests);
    assertThat(folder.resolve("run/report.html")).content().contains(" USD</td>");
  }
}
