package org.tastemaker.feedback.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException.BudgetExhausted;
import org.tastemaker.feedback.resilience.FakeTime;

class LedgerTest {
  private static final PriceTable PRICES =
      PriceTable.of("EUR", Map.of("m", Price.perMillionTokens("2", "1", "10")));
  private static final Usage ESTIMATE = new Usage(1, 1000, 0, 100);
  private static final Usage USED = new Usage(1, 900, 500, 40);

  @TempDir private Path folder;

  @Test
  void moneyIsExact() {
    // (400 * 2 + 500 * 1 + 40 * 10) / 1e6
    assertThat(PRICES.costOf("m", USED)).contains(new BigDecimal("0.0017"));
    Ledger ledger = Ledger.inMemory(PRICES, Budget.unlimited());
    for (int i = 0; i < 1000; i++) {
      ledger.begin("m", ESTIMATE).paid("m", USED, "");
    }
    assertThat(ledger.totals().cost()).isEqualByComparingTo("1.7");
    assertThat(ledger.totals().usage()).isEqualTo(new Usage(1000, 900_000, 500_000, 40_000));
    assertThat(ledger.totals().currency()).isEqualTo("EUR");
  }

  @ParameterizedTest
  @CsvSource({"m, true", "m-2025-04-14, true", "m-0613, true", "m-mini, false", "mm, false"})
  void aDatedNameHasThePriceOfTheName(String model, boolean priced) {
    assertThat(PRICES.priceOf(model).isPresent()).isEqualTo(priced);
  }

  @Test
  void requestsCanHaveAPrice() {
    PriceTable prices = PriceTable.of("USD", Map.of("dall-e-3", Price.perRequest("0.04")));
    assertThat(prices.costOf("dall-e-3", new Usage(3, 10, 0, 0)))
        .hasValueSatisfying(cost -> assertThat(cost).isEqualByComparingTo("0.12"));
  }

  @Test
  void aModelWithoutAPriceIsCounted() {
    Ledger ledger = Ledger.inMemory(PRICES, Budget.unlimited());
    ledger.begin("other", ESTIMATE).paid("other-1", USED, "");
    assertThat(ledger.totals().unpriced()).isEqualTo(1);
    assertThat(ledger.totals().cost()).isZero();
  }

  @Test
  void aBudgetOfMoneyNeedsPrices() {
    Ledger ledger = Ledger.inMemory(PRICES, Budget.ofMoney("5"));
    assertThatThrownBy(() -> ledger.begin("other", ESTIMATE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a budget of money needs the price of model 'other', but the price table has only [m];"
                + " add it to the table, or set a budget of tokens or requests");
  }

  @Test
  void aCallThatMightNotFitIsNotBegun() {
    Ledger ledger = Ledger.inMemory(PRICES, Budget.ofMoney("0.004")); // an estimate is 0.003
    ledger.begin("m", ESTIMATE).paid("m", USED, "");
    assertThatThrownBy(() -> ledger.begin("m", ESTIMATE))
        .isInstanceOf(BudgetExhausted.class)
        .hasMessage(
            "a budget of 0.004 EUR is used up: 0.0017 EUR (940 tokens, 1 requests) are spent, and"
                + " the next call may use 0.003 EUR (1100 tokens, 1 requests); raise the budget and"
                + " start again: answers so far are kept");
    assertThat(ledger.totals().inFlight()).isZero();
  }

  @Test
  void budgetsOfTokensAndOfRequestsHoldToo() {
    Ledger tokens = Ledger.inMemory(PriceTable.none(), Budget.ofTokens(1099));
    assertThatThrownBy(() -> tokens.begin("m", ESTIMATE))
        .isInstanceOf(BudgetExhausted.class)
        .hasMessageStartingWith("a budget of 1099 tokens is used up");
    Ledger requests = Ledger.inMemory(PriceTable.none(), Budget.ofRequests(0));
    assertThatThrownBy(() -> requests.begin("m", ESTIMATE))
        .isInstanceOf(BudgetExhausted.class)
        .hasMessageStartingWith("a budget of 0 requests is used up");
  }

  @Test
  void aCallThatCostNothingLeavesTheBudgetAlone() {
    Ledger ledger = Ledger.inMemory(PRICES, Budget.ofRequests(1));
    ledger.begin("m", ESTIMATE).free();
    ledger.begin("m", ESTIMATE).paid("m", USED, "");
    assertThat(ledger.totals().usage()).isEqualTo(USED);
  }

  @Test
  void theFirstWordOnACallsEndCounts() {
    Ledger ledger = Ledger.inMemory(PRICES, Budget.unlimited());
    Ledger.Entry entry = ledger.begin("m", ESTIMATE);
    entry.paid("m", USED, "");
    entry.unknown();
    entry.free();
    assertThat(ledger.totals().usage()).isEqualTo(USED);
    assertThat(ledger.totals().unknown()).isZero();
  }

  @Test
  void whereOnlyCallsInFlightStandAgainstItACallWaitsForTheirEnd() throws Exception {
    Ledger ledger = Ledger.inMemory(PRICES, Budget.ofTokens(2100)); // one estimate is 1100
    Ledger.Entry first = ledger.begin("m", ESTIMATE);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<Ledger.Entry> second = thread.submit(() -> ledger.begin("m", ESTIMATE));
      first.paid("m", USED, ""); // 940: now it fits
      second.get().paid("m", USED, "");
    } finally {
      thread.shutdownNow();
    }
    assertThat(ledger.totals().usage().requests()).isEqualTo(2);
  }

  @Test
  void aWaitForTheBudgetCanBeInterrupted() {
    Ledger ledger = Ledger.inMemory(PRICES, Budget.ofTokens(1500));
    Ledger.Entry first = ledger.begin("m", ESTIMATE);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> ledger.begin("m", ESTIMATE)).isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    first.free();
  }

  @Test
  void manyThreadsNeverGoOverTheBudget() throws Exception {
    Ledger ledger = Ledger.inMemory(PRICES, Budget.ofRequests(50));
    ExecutorService threads = Executors.newFixedThreadPool(16);
    try {
      List<Future<Boolean>> done =
          threads.invokeAll(
              java.util.Collections.nCopies(
                  100,
                  () -> {
                    try {
                      ledger.begin("m", ESTIMATE).paid("m", USED, "");
                      return true;
                    } catch (BudgetExhausted e) {
                      return false;
                    }
                  }));
      int paid = 0;
      for (Future<Boolean> one : done) {
        paid += one.get() ? 1 : 0;
      }
      assertThat(paid).isEqualTo(50);
    } finally {
      threads.shutdownNow();
    }
    assertThat(ledger.totals().usage().requests()).isEqualTo(50);
  }

  // --- in a file

  @Test
  void theSumsGoOnAfterARestart() {
    Path file = folder.resolve("ledger.jsonl");
    for (int i = 1; i <= 3; i++) {
      try (Ledger ledger = open(file, Budget.unlimited())) {
        ledger.begin("m", ESTIMATE).paid("m", USED, "req_" + i);
        ledger.begin("m", ESTIMATE).free();
        assertThat(ledger.totals().usage().requests()).isEqualTo(i);
        assertThat(ledger.totals().cost())
            .isEqualByComparingTo(new BigDecimal("0.0017").multiply(BigDecimal.valueOf(i)));
      }
    }
  }

  @Test
  void theBudgetHoldsOverRestarts() {
    Path file = folder.resolve("ledger.jsonl");
    try (Ledger ledger = open(file, Budget.ofRequests(1))) {
      ledger.begin("m", ESTIMATE).paid("m", USED, "");
    }
    try (Ledger ledger = open(file, Budget.ofRequests(1))) {
      assertThatThrownBy(() -> ledger.begin("m", ESTIMATE)).isInstanceOf(BudgetExhausted.class);
    }
  }

  @Test
  void aCallWhoseEndIsMissingCountsWithItsEstimate() {
    Path file = folder.resolve("ledger.jsonl");
    try (Ledger killed = open(file, Budget.unlimited())) {
      killed.begin("m", ESTIMATE);
      killed.begin("m", ESTIMATE).paid("m", USED, "");
    }
    for (int i = 0; i < 2; i++) { // however often it is opened
      try (Ledger ledger = open(file, Budget.unlimited())) {
        assertThat(ledger.totals().usage()).isEqualTo(ESTIMATE.plus(USED));
        assertThat(ledger.totals().unknown()).isEqualTo(1);
        assertThat(ledger.totals().cost()).isEqualByComparingTo("0.0047");
      }
    }
  }

  @Test
  void aLineCutInHalfByACrashIsSetAside() throws IOException {
    Path file = folder.resolve("ledger.jsonl");
    try (Ledger ledger = open(file, Budget.unlimited())) {
      ledger.begin("m", ESTIMATE).paid("m", USED, "");
    }
    Files.writeString(file, "{\"at\":\"2026", StandardOpenOption.APPEND);
    try (Ledger ledger = open(file, Budget.unlimited())) {
      assertThat(ledger.totals().usage()).isEqualTo(USED);
      ledger.begin("m", ESTIMATE).paid("m", USED, "");
    }
    try (Ledger ledger = open(file, Budget.unlimited())) {
      assertThat(ledger.totals().usage().requests()).isEqualTo(2);
      assertThat(ledger.totals().damagedLines()).isZero();
    }
  }

  @Test
  void linesThatAreNoEntriesAreCounted() throws IOException {
    Path file = folder.resolve("ledger.jsonl");
    try (Ledger ledger = open(file, Budget.unlimited())) {
      ledger.begin("m", ESTIMATE).paid("m", USED, "");
    }
    Files.writeString(file, "garbage\n{}\nnull\n", StandardOpenOption.APPEND);
    try (Ledger ledger = open(file, Budget.unlimited())) {
      assertThat(ledger.totals().usage()).isEqualTo(USED);
      assertThat(ledger.totals().damagedLines()).isEqualTo(3);
    }
  }

  @Test
  void theFileIsForPeopleToo() throws IOException {
    Path file = folder.resolve("ledger.jsonl");
    try (Ledger ledger = open(file, Budget.unlimited())) {
      ledger.begin("m", ESTIMATE).paid("m-2025-04-14", USED, "req_7");
    }
    String owner = ",\"by\":\"" + ProcessHandle.current().pid() + "-[0-9a-f-]{13}\"";
    assertThat(Files.readAllLines(file).stream().map(line -> line.replaceFirst(owner, ",WHO")))
        .containsExactly(
            "{\"at\":\"2026-11-23T10:00:00Z\",\"event\":\"begin\",\"call\":1,\"model\":\"m\","
                + "\"requests\":1,\"input\":1000,\"cached\":0,\"output\":100,\"cost\":\"0.003\",WHO}",
            "{\"at\":\"2026-11-23T10:00:00Z\",\"event\":\"paid\",\"call\":1,"
                + "\"model\":\"m-2025-04-14\",\"requests\":1,\"input\":900,\"cached\":500,"
                + "\"output\":40,\"cost\":\"0.0017\",\"request\":\"req_7\"}");
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> Price.perMillionTokens("-1", "1"))
        .hasMessage("a price is at least 0, but 'input' was -1");
    assertThatThrownBy(() -> PriceTable.of("Dollar", Map.of()))
        .hasMessage("a currency is an ISO 4217 code such as USD or EUR, but was 'Dollar'");
    assertThatThrownBy(() -> Budget.ofTokens(-1))
        .hasMessageStartingWith("a budget must be at least 0, but was money null, tokens -1");
  }

  @Test
  void anEstimateIsReadable() {
    assertThat(CostEstimate.of("m", new Usage(2, 4001, 0, 2000), PRICES))
        .hasToString("2 requests, 6001 tokens, up to 0.03 EUR");
    assertThat(CostEstimate.of("x", new Usage(2, 4001, 0, 2000), PRICES))
        .hasToString("2 requests, 6001 tokens, no price known");
  }

  private static Ledger open(Path file, Budget budget) {
    return Ledger.open(file, PRICES, budget, new FakeTime());
  }

  @Test
  void aBatchIsEndedOnceByWhoeverComesLaterAndCostsHalf() {
    Path file = folder.resolve("ledger.jsonl");
    PriceTable prices = PriceTable.of("USD", Map.of("m", Price.perMillionTokens("10", "20")));
    Usage estimate = new Usage(3, 3000, 0, 300);
    try (Ledger killed = Ledger.open(file, prices, Budget.unlimited(), new FakeTime())) {
      assertThat(killed.batch("b1", "m", estimate)).isPresent();
      assertThat(killed.totals().inFlight()).isEqualTo(1);
    }
    try (Ledger later = Ledger.open(file, prices, Budget.unlimited(), new FakeTime())) {
      assertThat(later.totals().unknown()).as("each of its calls").isEqualTo(3);
      assertThat(later.totals().usage()).isEqualTo(estimate);
      later
          .batch("b1", "m", estimate)
          .orElseThrow()
          .settled("m-2026-01-01", new Usage(2, 2000, 0, 100), 0, "batch_1");
      assertThat(later.totals().unknown()).isZero();
      assertThat(later.totals().usage()).isEqualTo(new Usage(2, 2000, 0, 100));
      assertThat(later.totals().cost()).isEqualByComparingTo("0.011");
      assertThat(later.batch("b1", "m", estimate)).isEmpty();
    }
    try (Ledger after = Ledger.open(file, prices, Budget.unlimited(), new FakeTime())) {
      assertThat(after.batch("b1", "m", estimate)).as("ended").isEmpty();
      assertThat(after.totals().usage()).isEqualTo(new Usage(2, 2000, 0, 100));
      after.batch("b2", "m", estimate).orElseThrow().settled("m", estimate, 1, "batch_2");
      assertThat(after.totals().unknown()).isEqualTo(1);
      after.batch("b3", "m", estimate).orElseThrow().free();
      assertThat(after.totals().usage()).isEqualTo(new Usage(5, 5000, 0, 400));
    }
    try (Ledger last = Ledger.open(file, prices, Budget.unlimited(), new FakeTime())) {
      assertThat(last.totals().unknown()).isEqualTo(1);
      assertThat(last.totals().usage()).isEqualTo(new Usage(5, 5000, 0, 400));
      assertThat(last.totals().damagedLines()).isZero();
    }
  }

  @Test
  void thePriceOfABatchIsAPartOfThePrice() {
    assertThat(PRICES.batchCostOf("m", USED)).contains(new BigDecimal("0.00085"));
    assertThat(PRICES.withBatchFactor("1").batchCostOf("m", USED))
        .contains(new BigDecimal("0.0017"));
    assertThat(PRICES.batchCostOf("another", USED)).isEmpty();
    for (String factor : List.of("-0.1", "1.01")) {
      assertThatThrownBy(() -> PRICES.withBatchFactor(factor)).hasMessageContaining(factor);
    }
  }

  @Test
  void aBatchThatDoesNotFitTheBudgetIsNotBegun() {
    PriceTable prices = PriceTable.of("USD", Map.of("m", Price.perRequest("0.10")));
    Ledger ledger = Ledger.inMemory(prices, Budget.ofMoney("0.20"));
    assertThat(ledger.batch("b1", "m", new Usage(4, 0, 0, 0))).isPresent();
    ledger.batch("b1", "m", new Usage(4, 0, 0, 0)).orElseThrow().free();
    assertThatThrownBy(() -> ledger.batch("b2", "m", new Usage(5, 0, 0, 0)))
        .isInstanceOf(BudgetExhausted.class);
  }
}
