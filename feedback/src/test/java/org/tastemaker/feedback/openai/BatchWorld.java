package org.tastemaker.feedback.openai;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.RetryPolicy;
import org.tastemaker.feedback.resilience.Sleeper;
import org.tastemaker.feedback.server.Fault;
import org.tastemaker.feedback.server.LoopbackServer;

/** A folder, a clock, a server and an oracle of a test of batches. */
final class BatchWorld {
  private static final Price PRICE = Price.perMillionTokens("0.40", "1.60");

  static final PriceTable PRICES = PriceTable.of("USD", Map.of("mock", PRICE));

  private final Path folder;
  private final Protocol protocol;
  private final FakeTime time = new FakeTime();
  private WireFormat format = WireFormat.CHAT_COMPLETIONS;

  BatchWorld(Path folder, Protocol protocol) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.protocol = protocol;
  }

  BatchWorld with(WireFormat other) {
    this.format = other;
    return this;
  }

  FakeTime time() {
    return time;
  }

  Path dataset() {
    return folder.resolve("d.jsonl");
  }

  Path batches() {
    return folder.resolve("d.jsonl.batches");
  }

  /** A server whose model is a faulty one, and whose batches take three hours. */
  LoopbackServer server() {
    return faulty().time(time, time).batchStep(Duration.ofHours(1)).start();
  }

  /** The same by the system's clock. */
  LoopbackServer server(Duration step) {
    return faulty().batchStep(step).start();
  }

  private static LoopbackServer.Builder faulty() {
    return LoopbackServer.builder(judge())
        .seed(Seed.of(5))
        .fault(Fault.REFUSAL, 0.1)
        .fault(Fault.CUT_OFF, 0.05)
        .fault(Fault.MALFORMED, 0.1)
        .fault(Fault.WRONG_LABELS, 0.1);
  }

  ChatGptOracle oracle(LoopbackServer server) {
    return oracle(server, time, time);
  }

  static Judge judge() {
    return MockJudge.of(
        Greys::score, MockJudge.Options.defaults().withTemperature(0.3).withSeed(Seed.of(17)));
  }

  Path ledgerFile() {
    return folder.resolve("ledger.jsonl");
  }

  ChatGptOracle oracle(LoopbackServer server, Clock clock, Sleeper sleeper) {
    return builder(server.baseUrl()).time(clock, sleeper).build();
  }

  ChatGptOracle.Builder builder(String baseUrl) {
    return ChatGptOracle.builder()
        .baseUrl(baseUrl)
        .withoutApiKey()
        .model("mock")
        .judging(o -> o.withImages(ImageForm.DEFAULT.withSide(0)).withWireFormat(format))
        .protocol(protocol)
        .seed(Seed.of(23))
        .limits(
            ResilientCaller.Options.DEFAULTS
                .withInFlight(1)
                .withRetries(
                    RetryPolicy.DEFAULTS.withAttempts(3).withFirstDelay(Duration.ofMillis(1))))
        .cache(folder.resolve("answers"))
        .prices(PRICES)
        .ledgerFile(ledgerFile());
  }

  BatchAnnotation.Builder annotation(ChatGptOracle oracle, UnaryOperator<BatchOptions> change) {
    return BatchAnnotation.builder(dataset(), oracle, Greys.RUBRIC)
        .options(change.apply(BatchOptions.DEFAULTS));
  }

  Ledger.Totals spent() {
    try (Ledger ledger = Ledger.open(ledgerFile(), PRICES, Budget.unlimited(), time)) {
      return ledger.totals();
    }
  }

  static List<ImageGroup> groups(int count) {
    List<ImageGroup> groups = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      groups.add(
          Greys.group("prompt " + i, 0.1 + 0.001 * (i % 7), 0.4, 0.5 + 0.002 * (i % 5), 0.8));
    }
    return groups;
  }

  static BigDecimal halfOf(Usage usage) {
    return PRICE.of(usage).divide(new BigDecimal(2));
  }

  static BigDecimal fullOf(Usage usage) {
    return PRICE.of(usage);
  }

  /** All judgements by group, without what two runs may differ in. */
  Map<String, Judgement> judgements() {
    Map<String, Judgement> all = new TreeMap<>();
    PreferenceDataset.read(
        dataset(),
        group -> {
          Judgement j = group.judgement();
          Map<String, String> facts = new HashMap<>(j.provenance());
          facts.remove(JudgementFacts.CACHED);
          all.put(
              group.id(),
              new Judgement(
                  j.ranking(),
                  j.byCriterion(),
                  j.scores(),
                  j.rationale(),
                  j.judge(),
                  Usage.NONE,
                  facts,
                  j.missingReason()));
        });
    return all;
  }

  /** Texts of the cached answers by their files' names. */
  Map<String, String> answers() throws IOException {
    Map<String, String> texts = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder.resolve("answers"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        texts.put(String.valueOf(file.getFileName()), Files.readString(file));
      }
    }
    return texts;
  }
}
