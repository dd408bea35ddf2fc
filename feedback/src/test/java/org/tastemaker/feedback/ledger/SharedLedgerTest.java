package org.tastemaker.feedback.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException.BudgetExhausted;
import org.tastemaker.testing.ChildProgram;

/** Several owners of one file: what they spend together. */
class SharedLedgerTest {
  private static final PriceTable PRICES =
      PriceTable.of("EUR", Map.of("m", Price.perRequest("0.01")));
  private static final Usage CALL = new Usage(1, 10, 0, 1);

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void place() {
    file = folder.resolve("ledger.jsonl");
  }

  @Test
  void twoOwnersHaveOneBudget() {
    try (Ledger first = open(Budget.ofMoney("0.03"));
        Ledger second = open(Budget.ofMoney("0.03"))) {
      first.begin("m", CALL).paid("m", CALL, "");
      second.begin("m", CALL).paid("m", CALL, "");
      Ledger.Entry inFlight = first.begin("m", CALL);
      assertThat(second.totals().inFlight()).isEqualTo(1);
      inFlight.paid("m", CALL, "");
      assertThatThrownBy(() -> second.begin("m", CALL))
          .isInstanceOf(BudgetExhausted.class)
          .hasMessageContaining("0.03 EUR (33 tokens, 3 requests) are spent");
      assertThat(first.totals()).isEqualTo(second.totals());
    }
    assertThat(callNumbers("begin")).containsExactly(1L, 2L, 3L);
  }

  @Test
  void eachOwnerChecksItsOwnBudgetAgainstWhatAllHaveSpent() {
    try (Ledger low = open(Budget.ofRequests(1));
        Ledger high = open(Budget.ofRequests(3))) {
      high.begin("m", CALL).paid("m", CALL, "");
      assertThatThrownBy(() -> low.begin("m", CALL)).isInstanceOf(BudgetExhausted.class);
      high.begin("m", CALL).paid("m", CALL, "");
    }
  }

  @Test
  void aCallThatFitsOnceAnotherOwnersHasEndedWaitsForIt() throws Exception {
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Ledger first = open(Budget.ofTokens(12));
        Ledger second = open(Budget.ofTokens(12))) {
      Ledger.Entry inFlight = first.begin("m", CALL);
      Future<Ledger.Entry> waiting = thread.submit(() -> second.begin("m", CALL));
      inFlight.free();
      waiting.get().paid("m", CALL, "");
      assertThat(first.totals().usage()).isEqualTo(CALL);
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void theCallsOfAnOwnerThatIsGoneCountWithTheirEstimates() {
    try (Ledger lasting = open(Budget.ofTokens(21))) {
      try (Ledger other = open(Budget.ofTokens(21))) {
        other.begin("m", CALL);
      }
      assertThat(lasting.totals().inFlight()).isEqualTo(1);
      assertThatThrownBy(() -> lasting.begin("m", CALL))
          .isInstanceOf(BudgetExhausted.class)
          .hasMessageContaining("(11 tokens, 1 requests) are spent");
      assertThat(lasting.totals().inFlight()).isZero();
      assertThat(lasting.totals().unknown()).isEqualTo(1);
    }
  }

  @Test
  void processesAndThreadsNeverSpendMoreThanTheBudgetAndUseNoNumberTwice() throws Exception {
    List<Process> jobs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      jobs.add(ChildProgram.of(Spender.class, file.toString()).start());
    }
    try (Ledger ours = open(Budget.ofMoney("8.00"))) {
      spendAll(ours);
    }
    for (Process job : jobs) {
      String said = new String(job.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(job.waitFor()).as(said).isZero();
    }
    try (Ledger after = open(Budget.unlimited())) {
      assertThat(after.totals().cost()).isEqualByComparingTo("8.00");
      assertThat(after.totals().usage().requests()).isEqualTo(800);
      assertThat(after.totals().damagedLines()).isZero();
      assertThat(after.totals().unknown()).isZero();
    }
    assertThat(callNumbers("begin")).doesNotHaveDuplicates();
    assertThat(callNumbers("paid")).hasSize(800).doesNotHaveDuplicates();
  }

  @Test
  void aKilledProcessLosesNothingButTheOutcomeOfItsCallInFlight() throws Exception {
    for (int kill = 0; kill < 3; kill++) {
      Process job = ChildProgram.of(Spender.class, file.toString()).start();
      long before = Files.exists(file) ? Files.size(file) : 0;
      while (job.isAlive() && (!Files.exists(file) || Files.size(file) < before + 2_000)) {
        Thread.onSpinWait();
      }
      job.destroyForcibly().waitFor();
    }
    try (Ledger after = open(Budget.unlimited())) {
      Ledger.Totals totals = after.totals();
      assertThat(totals.unknown()).isBetween(0L, 3L * Spender.THREADS);
      assertThat(totals.usage().requests()).isEqualTo(callNumbers("begin").size());
      assertThat(totals.inFlight()).isZero();
    }
  }

  @Test
  void onAFullDiskNoCallBeginsAndWhatWasPaidCountsAllTheSame() throws Exception {
    String said = ChildProgram.of(FullDisk.class, file.toString()).withFileSizeLimit(1).output();
    assertThat(said).contains("refused: cannot append to " + file).contains("after: ");
    long paid = Long.parseLong(said.replaceAll("(?s).*paid: (\\d+).*", "$1"));
    try (Ledger after = open(Budget.unlimited())) {
      assertThat(after.totals().damagedLines()).isZero();
      assertThat(after.totals().usage().requests()).isEqualTo(paid);
    }
  }

  @Test
  void aCutLineInTheMiddleLosesNothingElse() throws IOException {
    try (Ledger ledger = open(Budget.unlimited())) {
      for (int i = 0; i < 5; i++) {
        ledger.begin("m", CALL).paid("m", CALL, "request-" + i);
      }
    }
    List<String> lines = Files.readAllLines(file);
    for (int line = 0; line < lines.size(); line++) {
      for (int cut = 0; cut < lines.get(line).length(); cut += 13) {
        List<String> damaged = new ArrayList<>(lines);
        damaged.set(line, lines.get(line).substring(0, cut));
        Files.write(file, damaged);
        requireFiveCalls(lines.get(line), cut, 1);
        // ... nor if the next line stands right behind it, as after a failed write
        String all = String.join("\n", damaged) + "\n";
        int feed = String.join("\n", damaged.subList(0, line + 1)).length();
        Files.writeString(file, all.substring(0, feed) + all.substring(feed + 1));
        requireFiveCalls(lines.get(line), cut, line < lines.size() - 1 && cut > 0 ? 1 : 0);
      }
    }
  }

  /**
   * Each was paid for, and the one whose end is cut counts with its estimate, which is the same.
   */
  private void requireFiveCalls(String line, int cut, int damaged) {
    try (Ledger ledger = open(Budget.unlimited())) {
      assertThat(ledger.totals().usage().requests()).as("%s cut at %d", line, cut).isEqualTo(5);
      assertThat(ledger.totals().cost()).isEqualByComparingTo("0.05");
      assertThat(ledger.totals().damagedLines()).isLessThanOrEqualTo(1);
      if (damaged == 1) {
        assertThat(ledger.totals().damagedLines()).isEqualTo(damaged);
      }
    }
  }

  @Test
  void aFileThatTwoOwnersOnceWroteWithTheSameNumbersCountsWhatBothSpent() throws IOException {
    String begin = line("begin", 1, "10", "0.01");
    String paid = line("paid", 1, "10", "0.01");
    Files.write(file, List.of(begin, begin, paid, paid, begin));
    try (Ledger ledger = open(Budget.unlimited())) {
      assertThat(ledger.totals().cost()).isEqualByComparingTo("0.03");
      assertThat(ledger.totals().unknown()).isEqualTo(1);
    }
  }

  @Test
  void absurdCostsAndCountsInTheFileAreRefused() throws IOException {
    Files.write(
        file,
        List.of(
            line("paid", 1, "10", "0.01"),
            line("paid", 2, "10", "1E+1000000000"),
            line("paid", 3, "10", "1E-1000000000"),
            line("paid", 4, "10", "-1"),
            line("paid", 5, "10", "9".repeat(100_000)),
            line("paid", 6, "4611686018427387904", "0.01"),
            line("paid", 7, "4611686018427387904", "0.01"),
            line("paid", Long.MAX_VALUE, "10", "0.01"),
            "[".repeat(1_000_000)));
    try (Ledger ledger = open(Budget.ofMoney("1"))) {
      assertThat(ledger.totals().cost()).isEqualByComparingTo("0.01");
      assertThat(ledger.totals().damagedLines()).isEqualTo(8);
      ledger.begin("m", CALL).paid("m", CALL, "");
    }
    assertThat(callNumbers("begin")).containsExactly(2L);
  }

  @Test
  void anAnswerThatClaimsAnAbsurdUsageCountsWithItsEstimate() {
    try (Ledger ledger = open(Budget.unlimited())) {
      ledger.begin("m", CALL).paid("m", new Usage(1, Usage.MOST, 0, Usage.MOST), "");
      assertThat(ledger.totals().usage()).isEqualTo(CALL);
      assertThat(ledger.totals().unknown()).isEqualTo(1);
    }
  }

  @Test
  void absurdPricesAndBudgetsAreRefused() {
    assertThatThrownBy(() -> Price.perRequest("1E+1000000000"))
        .hasMessage(
            "a price is at most 10^9, with up to 20 digits behind the point, but 'request' was"
                + " 1E+1000000000");
    assertThatThrownBy(() -> Price.perRequest("1E-1000000000"))
        .hasMessageStartingWith("a price is at most");
    assertThatThrownBy(() -> Budget.ofMoney("1E+1000000000"))
        .hasMessage(
            "a budget of money must be at most 10^15, with up to 60 digits, but was 1E+1000000000;"
                + " say Budget.unlimited() for no limit");
  }

  @Test
  void anInterruptedThreadDoesNotCloseTheLedgerForTheOthers() {
    try (Ledger ledger = open(Budget.unlimited())) {
      Ledger.Entry entry = ledger.begin("m", CALL);
      Thread.currentThread().interrupt();
      entry.paid("m", CALL, "");
      assertThat(Thread.interrupted()).isTrue();
      ledger.begin("m", CALL).paid("m", CALL, "");
    }
    assertThat(callNumbers("paid")).containsExactly(1L, 2L);
  }

  private Ledger open(Budget budget) {
    return Ledger.open(file, PRICES, budget, Clock.systemUTC());
  }

  private static String line(String event, long call, String input, String cost) {
    return "{\"at\":\"2026-11-23T10:00:00Z\",\"event\":\""
        + event
        + "\",\"call\":"
        + call
        + ",\"model\":\"m\",\"requests\":1,\"input\":"
        + input
        + ",\"cached\":0,\"output\":1,\"cost\":\""
        + cost
        + "\"}";
  }

  private List<Long> callNumbers(String event) {
    try {
      List<Long> numbers = new ArrayList<>();
      Pattern call = Pattern.compile("\"event\":\"" + event + "\",\"call\":(\\d+),");
      for (String line : Files.readAllLines(file)) {
        Matcher matcher = call.matcher(line);
        if (matcher.find() && matcher.group(1).length() < 19) {
          numbers.add(Long.parseLong(matcher.group(1)));
        }
      }
      Collections.sort(numbers);
      return numbers;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void spendAll(Ledger ledger) throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(Spender.THREADS);
    try {
      threads.invokeAll(
          Collections.nCopies(
              Spender.THREADS,
              () -> {
                while (true) {
                  ledger.begin("m", CALL).paid("m", CALL, "");
                }
              }));
    } finally {
      threads.shutdownNow();
    }
  }

  /** Another job with the same budget, which ends when it is spent. */
  static final class Spender {
    static final int THREADS = 4;

    private Spender() {}

    public static void main(String[] args) throws InterruptedException {
      try (Ledger ledger =
          Ledger.open(Path.of(args[0]), PRICES, Budget.ofMoney("8.00"), Clock.systemUTC())) {
        spendAll(ledger);
      }
    }
  }

  /** A job whose ledger does not fit the disk, until somebody frees space. */
  static final class FullDisk {
    private FullDisk() {}

    public static void main(String[] args) throws IOException {
      Path file = Path.of(args[0]);
      Files.createFile(file);
      Ledger ledger = Ledger.open(file, PRICES, Budget.unlimited(), Clock.systemUTC());
      List<Ledger.Entry> open = new ArrayList<>();
      try {
        while (true) {
          open.add(ledger.begin("m", CALL));
        }
      } catch (UncheckedIOException e) {
        System.out.println("refused: " + e.getMessage());
      }
      long paid = 0;
      for (Ledger.Entry entry : open) {
        entry.paid("m", CALL, ""); // throws nothing
        paid++;
      }
      System.out.println("paid: " + paid);
      try {
        ledger.close();
      } catch (UncheckedIOException e) {
        System.out.println("after: " + e.getMessage());
      }
    }
  }
}
