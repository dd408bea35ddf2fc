package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Usage;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.feedback.server.ServerPlan;

/**
 * What eleven servers answer to our requests, as their documentation and their users report it:
 * each ends in right judgements, or in a stop that says why. The files in {@code zoo} have the
 * servers' answers as plans of the loopback server, and what is right.
 *
 * <p>Two groups of two images are asked about, one question after another, with three attempts.
 */
class ServerZooTest {
  private static final String LESSONS = "capabilities.json";
  private static final String MODEL = "gpt-test";
  private static final List<String> SERVERS =
      List.of(
          "openai",
          "azure",
          "openrouter",
          "vllm",
          "ollama",
          "litellm",
          "gemini",
          "groq",
          "deepseek",
          "lmstudio",
          "tgi");

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> everyAnswerEndsInARightJudgementOrAClearStop() {
    return SERVERS.stream()
        .flatMap(
            server -> {
              JsonObject file = resource(server);
              return file.objects("cases").stream()
                  .map(
                      one ->
                          DynamicTest.dynamicTest(
                              file.text("server") + ": " + one.text("name"),
                              () -> new Case(server, one).run()));
            });
  }

  @Test
  void theTableOfServersHasEveryOne() throws IOException {
    String page = Files.readString(Path.of("../docs/judge-servers.md"));
    SERVERS.forEach(
        server -> assertThat(page).contains("\n| " + resource(server).text("server") + " | "));
    long cases =
        SERVERS.stream().mapToLong(server -> resource(server).objects("cases").size()).sum();
    assertThat(page).contains(cases + " answers of eleven servers");
  }

  /** One behaviour of one server. */
  private final class Case {
    private final JsonObject json;
    private final JsonObject right;
    private final Path answers;
    private final FakeTime time = new FakeTime();
    private final List<ImageGroup> groups = new ArrayList<>();

    Case(String server, JsonObject json) {
      this.json = json;
      this.right = json.object("right");
      String name = server + "-" + json.text("name").replaceAll("[^a-z0-9]", "-");
      this.answers = folder.resolve(name);
      List<Image> images = Fixtures.images(4);
      groups.add(new ImageGroup(Fixtures.PROMPT, images.subList(0, 2)));
      groups.add(new ImageGroup(Fixtures.PROMPT, images.subList(2, 4)));
    }

    void run() {
      ServerPlan plan = ServerPlan.read(Json.write(json.list("plan")));
      MockJudge judge = MockJudge.of((image, prompt) -> 10 * image.get(0, 0, 0));
      try (LoopbackServer server = LoopbackServer.builder(judge).plan(plan).start()) {
        try (ChatGptOracle oracle = oracle(server, "first")) {
          if (right.has("stops")) {
            requireStop(oracle);
          } else {
            requireJudgements(oracle.rank(groups, Fixtures.QUALITY));
          }
          requireCounts(server, oracle);
        }
        if (right.has("again")) {
          copyLessons();
          long before = server.requests();
          try (ChatGptOracle oracle = oracle(server, "second")) {
            requireJudgements(oracle.rank(groups, Fixtures.QUALITY));
            assertThat(server.requests() - before)
                .as("requests of a later run, which knows what was learnt")
                .isEqualTo(right.integer("again"));
          }
        }
      }
    }

    private void copyLessons() {
      try {
        Files.createDirectories(answers.resolve("second"));
        Files.copy(
            answers.resolve("first").resolve(LESSONS), answers.resolve("second").resolve(LESSONS));
      } catch (IOException e) {
        throw new AssertionError("nothing was learnt", e);
      }
    }

    private ChatGptOracle oracle(LoopbackServer server, String cache) {
      ResilientCaller.Options limits = ResilientCaller.Options.DEFAULTS.withInFlight(1);
      boolean pairs = json.text("protocol", "").equals("pairs");
      Protocol protocol =
          switch (json.text("protocol", "listwise")) {
            case "pairs" -> Protocol.pairsInRandomDirection(1);
            case "pointwise" -> Protocol.pointwise(new Question.Scale(0, 10), 1);
            default -> Protocol.listwise(1);
          };
      WireFormat wire = WireFormat.valueOf(json.text("wire", "CHAT_COMPLETIONS"));
      return ChatGptOracle.builder()
          .baseUrl(server.baseUrl())
          .apiKey(Fixtures.KEY)
          .model(MODEL)
          .judging(o -> Fixtures.options().withWireFormat(wire).withLogprobs(pairs).withSeed(3L))
          .protocol(protocol)
          .limits(limits)
          .time(time, time)
          .asking(a -> a.maxAttempts(3).concurrency(1))
          .cache(answers.resolve(cache))
          .build();
    }

    private void requireStop(ChatGptOracle oracle) {
      Throwable thrown = catchThrowable(() -> oracle.rank(groups, Fixtures.QUALITY));
      assertThat(thrown).as("a stop").isInstanceOf(FeedbackException.class);
      assertThat(thrown.getClass().getSimpleName()).isEqualTo(right.text("stops"));
      assertThat(((FeedbackException) thrown).stopsTheJob()).isTrue();
      right.texts("says").forEach(words -> assertThat(thrown).hasMessageContaining(words));
    }

    private void requireJudgements(List<Judgement> judgements) {
      int judged = right.integer("judgedGroups", 2);
      List<Judgement> missing = judgements.stream().filter(Judgement::isMissing).toList();
      assertThat(missing).hasSize(2 - judged);
      missing.forEach(m -> assertThat(m.missingReason()).contains(right.text("missing")));
      judgements.stream()
          .filter(judgement -> !judgement.isMissing())
          .forEach(j -> assertThat(j.ranking().permutation()).containsExactly(1, 0));
    }

    private void requireCounts(LoopbackServer server, ChatGptOracle oracle) {
      if (right.has("requests")) {
        assertThat(server.requests()).as("requests").isEqualTo(right.integer("requests"));
      }
      if (right.has("waited")) {
        assertThat(time.elapsed())
            .as("waited")
            .isGreaterThanOrEqualTo(Duration.ofMillis((long) (1000 * right.number("waited"))));
      }
      if (right.has("can")) {
        requireLessons(oracle.client().capabilities(MODEL));
      }
      if (right.has("paidTokens")) {
        Usage paid = oracle.ledger().totals().usage();
        assertThat(paid.inputTokens() + paid.outputTokens()).isEqualTo(right.integer("paidTokens"));
      }
    }

    private void requireLessons(ModelCapabilities can) {
      right
          .object("can")
          .toMap()
          .forEach(
              (name, value) ->
                  assertThat(String.valueOf(component(can, name)))
                      .as(name)
                      .isEqualTo(String.valueOf(value)));
    }
  }

  private static Object component(ModelCapabilities can, String name) {
    for (RecordComponent one : ModelCapabilities.class.getRecordComponents()) {
      if (one.getName().equals(name)) {
        try {
          return one.getAccessor().invoke(can);
        } catch (ReflectiveOperationException e) {
          throw new LinkageError("not public", e);
        }
      }
    }
    throw new AssertionError("capabilities have no " + name);
  }

  private static JsonObject resource(String server) {
    try (var in = ServerZooTest.class.getResourceAsStream("zoo/" + server + ".json")) {
      String text =
          new String(Objects.requireNonNull(in, server).readAllBytes(), StandardCharsets.UTF_8);
      return Json.parseObject(text, server);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
