package org.tastemaker.feedback.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException.BudgetExhausted;
import org.tastemaker.feedback.FeedbackException.InvalidRequest;
import org.tastemaker.feedback.FeedbackException.QuotaExhausted;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.CostEstimate;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.Explain;
import org.tastemaker.feedback.openai.ImageForm;
import org.tastemaker.feedback.openai.OpenAiClient;
import org.tastemaker.feedback.openai.OpenAiImageGenerator;
import org.tastemaker.feedback.openai.PromptRewriter;
import org.tastemaker.feedback.openai.WireFormat;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.RetryPolicy;

/** The whole path to ChatGPT, over real HTTP, with a judge of known taste behind the server. */
class LoopbackServerTest {
  private static final Rubric RUBRIC = Rubric.of("quality", "1", "Redder is better.");
  private static final Rubric TWO =
      new Rubric(
          "two",
          "1",
          "",
          List.of(
              new Rubric.Criterion("red", "Redder.", Rubric.Scope.EACH_IMAGE),
              new Rubric.Criterion("dark", "Darker.", Rubric.Scope.EACH_IMAGE)));
  private static final MockJudge REDDER = MockJudge.of((image, prompt) -> image.get(0, 0, 0));

  private final FakeTime time = new FakeTime();
  @TempDir private Path folder;

  @Test
  void imagesAreRankedByTheJudgeBehindTheServer() {
    try (LoopbackServer server = LoopbackServer.builder(REDDER).start();
        ChatGptOracle oracle = oracle(server).build()) {
      Judgement judgement = oracle.rank(List.of(group(0, 1, 4, 2, 3)), RUBRIC).get(0);
      assertThat(judgement.ranking()).isEqualTo(Ranking.of(1, 3, 2, 0));
      assertThat(judgement.judge()).isEqualTo("mock");
      assertThat(judgement.usage().requests()).isEqualTo(2); // listwise, two permutations
      assertThat(server.answers()).isEqualTo(2);
    }
  }

  @Test
  void serversThatRunAtOnceAnswerEachForItself() {
    MockJudge darker = MockJudge.of((image, prompt) -> -image.get(0, 0, 0));
    try (LoopbackServer one = LoopbackServer.builder(REDDER).start();
        LoopbackServer other = LoopbackServer.builder(darker).start();
        ChatGptOracle red = oracle(one).build();
        ChatGptOracle dark = oracle(other).build()) {
      assertThat(one.baseUrl()).isNotEqualTo(other.baseUrl());
      List<ImageGroup> groups = List.of(group(0, 1, 2));
      assertThat(red.rank(groups, RUBRIC).get(0).ranking()).isEqualTo(Ranking.of(1, 0));
      assertThat(dark.rank(groups, RUBRIC).get(0).ranking()).isEqualTo(Ranking.of(0, 1));
      assertThat(one.answers()).isEqualTo(2);
      assertThat(other.answers()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @EnumSource(WireFormat.class)
  void everyKindOfQuestionIsUnderstoodInBothFormats(WireFormat format) {
    MockJudge darkToo =
        MockJudge.of((image, prompt) -> image.get(0, 0, 0))
            .withCriterion("dark", (image, prompt) -> -image.get(0, 0, 0));
    List<Image> images = group(0, 3, 1, 5).images();
    Prompt prompt = Prompt.of("a \"colour\"");
    try (LoopbackServer server = LoopbackServer.builder(darkToo).start();
        OpenAiClient client = client(server).build()) {
      ChatGptJudge judge = new ChatGptJudge(client, options().withWireFormat(format));
      Verdict rank = judge.ask(Question.rank(prompt, images, TWO));
      assertThat(rank.overall().order()).isEqualTo(Ranking.of(2, 0, 1));
      assertThat(rank.byCriterion().get("dark")).isEqualTo(Verdict.Answer.of(Ranking.of(1, 0, 2)));
      assertThat(judge.ask(Question.best(1, prompt, images, RUBRIC)).overall().order())
          .isEqualTo(Ranking.topK(3, 2));
      assertThat(
              judge
                  .ask(Question.pair(prompt, images.get(0), images.get(1), RUBRIC))
                  .overall()
                  .order())
          .isEqualTo(Ranking.of(0, 1));
      ChatGptJudge explaining =
          new ChatGptJudge(client, options().withWireFormat(format).withExplain(Explain.BEFORE));
      Verdict score =
          explaining.ask(Question.score(new Question.Scale(0, 1), prompt, images, RUBRIC));
      assertThat(score.overall().scores())
          .extracting(s -> s.orElse(-1))
          .containsExactly(1.0, 0.0, 1.0);
      assertThat(score.rationale()).isEqualTo("It looks better.");
    }
  }

  @ParameterizedTest
  @EnumSource(WireFormat.class)
  void softPreferencesComeThrough(WireFormat format) {
    MockJudge soft =
        MockJudge.of(
            (image, prompt) -> image.get(0, 0, 0),
            MockJudge.Options.defaults().withTemperature(0.5).withSoftAnswers(true));
    List<Image> images = group(0, 3, 1).images();
    try (LoopbackServer server = LoopbackServer.builder(soft).start();
        OpenAiClient client = client(server).build()) {
      Verdict verdict =
          new ChatGptJudge(client, options().withWireFormat(format))
              .ask(Question.pair(Prompt.of("x"), images.get(0), images.get(1), RUBRIC));
      // sigma((0.6 - 0.2) / 0.5), with colours of 8 bits
      assertThat(verdict.overall().firstIsBetter().getAsDouble())
          .isCloseTo(1 / (1 + Math.exp(-0.8)), within(1e-6));
    }
  }

  @ParameterizedTest
  @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "NO_CREDIT")
  void anyFaultButMissingMoneyIsOvercome(Fault fault) {
    try (LoopbackServer server =
            LoopbackServer.builder(REDDER)
                .time(time, time)
                .retryAfter(Duration.ofSeconds(3))
                .start();
        ChatGptOracle oracle = oracle(server).protocol(Protocol.listwise(1)).build()) {
      server.next(fault);
      Judgement judgement = oracle.rank(List.of(group(0, 1, 4, 2)), RUBRIC).get(0);
      assertThat(judgement.ranking()).isEqualTo(Ranking.of(1, 2, 0));
      assertThat(server.injected(fault)).isEqualTo(1);
      assertThat(server.requests()).isEqualTo(fault == Fault.SLOW ? 1 : 2);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"REFUSAL", "CONTENT_FILTER", "CUT_OFF", "MALFORMED", "WRONG_LABELS"})
  void aFaultOfTheAnswerThatComesTwiceIsAMissingJudgementWithTheReason(Fault fault) {
    try (LoopbackServer server = LoopbackServer.builder(REDDER).start();
        ChatGptOracle oracle = oracle(server).protocol(Protocol.listwise(1)).build()) {
      server.next(fault, fault);
      Judgement judgement = oracle.rank(List.of(group(0, 1, 4, 2)), RUBRIC).get(0);
      assertThat(judgement.isMissing()).isTrue();
      assertThat(judgement.missingReason())
          .contains(
              switch (fault) {
                case REFUSAL -> "the judge refused to answer: I cannot help with that.";
                case CONTENT_FILTER -> "a content filter stopped the answer";
                case CUT_OFF -> "cut off after";
                case MALFORMED -> "should be a JSON object, but was 'I like image A best.'";
                default -> "should be each label once, but was A for a second time";
              });
      assertThat(judgement.usage().requests()).isEqualTo(2); // paid for, twice
    }
  }

  @Test
  void missingMoneyEndsTheRun() {
    try (LoopbackServer server = LoopbackServer.builder(REDDER).start();
        ChatGptOracle oracle = oracle(server).build()) {
      server.next(Fault.NO_CREDIT);
      assertThatThrownBy(() -> oracle.rank(List.of(group(0, 1, 4)), RUBRIC))
          .isInstanceOf(QuotaExhausted.class);
    }
  }

  @Test
  void theJudgesOwnFaultsArePassedOn() {
    MockJudge moody =
        MockJudge.of(
            (image, prompt) -> image.get(0, 0, 0), MockJudge.Options.defaults().withRefusalRate(1));
    try (LoopbackServer server = LoopbackServer.builder(moody).start();
        ChatGptOracle oracle = oracle(server).build()) {
      assertThat(oracle.rank(List.of(group(0, 1, 4)), RUBRIC).get(0).missingReason())
          .contains("the judge refused");
    }
  }

  @Test
  void underFaultsTheJudgementsAreThoseOfACalmRun() {
    List<ImageGroup> groups = groups(40);
    MockJudge noisy =
        MockJudge.of(
            (image, prompt) -> image.get(0, 0, 0),
            MockJudge.Options.defaults().withTemperature(0.3));
    List<Ranking> calm;
    try (LoopbackServer server = LoopbackServer.builder(noisy).start();
        ChatGptOracle oracle = oracle(server).build()) {
      calm = rankings(oracle.rank(groups, RUBRIC));
    }
    try (LoopbackServer server =
            LoopbackServer.builder(noisy)
                .time(time, time)
                .fault(Fault.SERVER_ERROR, 0.05)
                .fault(Fault.RATE_LIMITED, 0.05)
                .fault(Fault.RATE_LIMITED_WITH_DELAY, 0.05)
                .fault(Fault.DROPPED, 0.05)
                .fault(Fault.TRUNCATED_BODY, 0.05)
                .fault(Fault.SLOW, 0.05)
                .seed(Seed.of(3))
                .start();
        ChatGptOracle oracle =
            oracle(server)
                .limits(
                    ResilientCaller.Options.DEFAULTS
                        .withInFlight(8)
                        .withRetries(
                            RetryPolicy.DEFAULTS
                                .withAttempts(12)
                                .withFirstDelay(Duration.ofMillis(1))))
                .build()) {
      assertThat(rankings(oracle.rank(groups, RUBRIC))).isEqualTo(calm);
      assertThat(server.injected(Fault.DROPPED)).isPositive();
      assertThat(server.injected(Fault.TRUNCATED_BODY)).isPositive();
    }
  }

  @Test
  void whatAModelCannotDoIsFoundOut() {
    try (LoopbackServer server =
            LoopbackServer.builder(REDDER)
                .rejects("logprobs", "temperature", "json_schema", "max_completion_tokens")
                .start();
        ChatGptOracle oracle = oracle(server).protocol(Protocol.pairsInBothOrders(1)).build()) {
      assertThat(oracle.rank(List.of(group(0, 1, 4, 2)), RUBRIC).get(0).ranking())
          .isEqualTo(Ranking.of(1, 2, 0));
      long learning = server.requests() - server.answers();
      assertThat(oracle.rank(List.of(group(1, 5, 0, 2)), RUBRIC).get(0).ranking())
          .isEqualTo(Ranking.of(0, 2, 1));
      assertThat(server.requests() - server.answers()).isEqualTo(learning);
    }
  }

  @Test
  void aSecondRunPaysNothingAndAReplayNeedsNoServer() {
    List<ImageGroup> groups = groups(10);
    List<Ranking> first;
    try (LoopbackServer server = LoopbackServer.builder(REDDER).start()) {
      try (ChatGptOracle oracle = oracle(server).cache(folder).build()) {
        first = rankings(oracle.rank(groups, RUBRIC));
      }
      long asked = server.requests();
      assertThat(asked).isEqualTo(20);
      try (ChatGptOracle oracle = oracle(server).cache(folder).build()) {
        List<Judgement> second = oracle.rank(groups, RUBRIC);
        assertThat(rankings(second)).isEqualTo(first);
        assertThat(second).allMatch(judgement -> judgement.usage().equals(Usage.NONE));
        assertThat(oracle.cacheCounts().hits()).isEqualTo(20);
      }
      assertThat(server.requests()).isEqualTo(asked);
    }
    try (ChatGptOracle replay =
        ChatGptOracle.builder()
            .baseUrl("http://127.0.0.1:9/v1")
            .model("mock")
            .judging(o -> options())
            .replay(folder)
            .build()) {
      assertThat(rankings(replay.rank(groups, RUBRIC))).isEqualTo(first);
      assertThatThrownBy(() -> replay.rank(List.of(group(99, 1, 2)), RUBRIC))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageContaining("a replay makes no calls");
    }
  }

  @Test
  void aBudgetEndsTheRunAndHoldsOverARestart() {
    Path ledger = folder.resolve("ledger.jsonl");
    try (LoopbackServer server = LoopbackServer.builder(REDDER).start()) {
      for (int i = 0; i < 2; i++) {
        try (ChatGptOracle oracle =
            oracle(server).budget(Budget.ofRequests(7)).ledgerFile(ledger).build()) {
          assertThatThrownBy(() -> oracle.rank(groups(10), RUBRIC))
              .isInstanceOf(BudgetExhausted.class)
              .hasMessageStartingWith("a budget of 7 requests is used up");
        }
      }
      assertThat(server.requests()).isEqualTo(7);
    }
  }

  @Test
  void anEstimateTellsTheRequestsExactlyAndTheCostOnTheHighSide() {
    PriceTable prices =
        PriceTable.of("USD", Map.of("mock", Price.perMillionTokens("0.40", "1.60")));
    try (LoopbackServer server = LoopbackServer.builder(REDDER).start();
        ChatGptOracle oracle =
            oracle(server).prices(prices).protocol(Protocol.pairsInBothOrders(1)).build()) {
      List<ImageGroup> groups = groups(3);
      CostEstimate estimate = oracle.estimate(groups, RUBRIC);
      assertThat(server.requests()).isZero();
      oracle.rank(groups, RUBRIC);
      assertThat(estimate.usage().requests()).isEqualTo(server.requests());
      assertThat(estimate.usage().inputTokens())
          .isGreaterThan(oracle.ledger().totals().usage().inputTokens());
      assertThat(estimate.cost()).isGreaterThan(oracle.ledger().totals().cost());
      assertThat(oracle.ledger().totals().cost()).isPositive();
    }
  }

  @Test
  void asManyCallsAsAllowedAreInFlight() {
    CountDownLatch full = new CountDownLatch(64);
    try (LoopbackServer server =
            LoopbackServer.builder(REDDER)
                .latency(Duration.ofMillis(200), Duration.ZERO)
                .time(
                    new FakeTime(),
                    latency -> {
                      full.countDown();
                      full.await(); // nobody is answered before 64 have come
                    })
                .start();
        ChatGptOracle oracle =
            oracle(server).limits(ResilientCaller.Options.DEFAULTS.withInFlight(64)).build()) {
      List<Judgement> judgements = oracle.rank(groups(100), RUBRIC);
      assertThat(judgements).hasSize(100).noneMatch(Judgement::isMissing);
      assertThat(server.mostInFlight()).isEqualTo(64);
      assertThat(oracle.client().counts().mostInFlight()).isEqualTo(64);
      assertThat(server.requests()).isEqualTo(200);
    }
  }

  @Test
  void aWrongKeyAndAnUnknownModelAreToldWithTheWayOut() {
    try (LoopbackServer server =
        LoopbackServer.builder(REDDER).key("sk-right-key").models("known").start()) {
      try (ChatGptOracle oracle = oracle(server).apiKey("sk-wrong-key").build()) {
        InvalidRequest invalid =
            catchThrowableOfType(
                InvalidRequest.class, () -> oracle.rank(List.of(group(0, 1, 4)), RUBRIC));
        assertThat(invalid)
            .hasMessageContaining("Incorrect API key provided: [key]")
            .hasMessageContaining("check that OPENAI_API_KEY")
            .hasMessageNotContaining("wrong-key");
        assertThat(oracle.toString()).doesNotContain("wrong-key");
        assertThat(oracle.settings().toString()).doesNotContain("wrong-key");
      }
      try (ChatGptOracle oracle = oracle(server).apiKey("sk-right-key").build()) {
        assertThatThrownBy(() -> oracle.rank(List.of(group(0, 1, 4)), RUBRIC))
            .isInstanceOf(InvalidRequest.class)
            .hasMessageContaining(
                "The model `mock` does not exist.; either the model is not known");
      }
    }
  }

  @Test
  void theServerListensOnTheLoopbackInterfaceAlone() throws Exception {
    try (LoopbackServer server = LoopbackServer.builder(REDDER).start()) {
      String host = URI.create(server.baseUrl()).getHost();
      assertThat(InetAddress.getByName(host).isLoopbackAddress()).isTrue();
    }
  }

  @Test
  void settingsThatAreMissingOrOutOfRangeAreTold() {
    assertThatThrownBy(() -> ChatGptOracle.builder().withoutApiKey().build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("no model is set: call model(...)");
    assertThatThrownBy(
            () ->
                ChatGptOracle.builder()
                    .withoutApiKey()
                    .model("m")
                    .budget(Budget.ofMoney("1"))
                    .build())
        .hasMessageStartingWith("a budget of money needs the price of model 'm'");
    assertThatThrownBy(() -> LoopbackServer.builder(REDDER).fault(Fault.DROPPED, 1.5))
        .hasMessageStartingWith("rates of faults must be at least 0 and add up to at most 1");
  }

  @Test
  void aMistakeInTheJudgeIsToldAtOnce() {
    MockJudge mistaken =
        MockJudge.of(
            (image, prompt) -> {
              throw new IllegalArgumentException("images must be 32 pixels wide");
            });
    try (LoopbackServer server = LoopbackServer.builder(mistaken).start();
        ChatGptOracle oracle = oracle(server).build()) {
      assertThat(oracle.rank(List.of(group(0, 1, 4)), RUBRIC).get(0).missingReason())
          .contains("images must be 32 pixels wide");
      assertThat(server.requests()).isEqualTo(2); // a question in two orders, neither of them twice
    }
  }

  @Test
  void imagesAreMadeByTheGeneratorBehindTheServer() {
    try (LoopbackServer server =
            LoopbackServer.builder(REDDER).images(LoopbackServerTest::shades).start();
        OpenAiClient client = client(server).build()) {
      OpenAiImageGenerator generator =
          new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("mock"));
      List<Image> two =
          generator.generate(List.of(Prompt.of("a"), Prompt.of("a")), Seed.of(0).splits(2));
      assertThat(two.get(0)).isNotEqualTo(two.get(1));
      assertThat(server.answers()).isEqualTo(2);
      assertThat(client.ledger().totals().usage().outputTokens()).isEqualTo(2 * 272);
    }
  }

  @Test
  void aServerWithoutAGeneratorMakesNoImages() {
    try (LoopbackServer server = LoopbackServer.builder(REDDER).start();
        OpenAiClient client = client(server).build()) {
      OpenAiImageGenerator generator =
          new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("mock"));
      assertThatThrownBy(() -> generator.make(Prompt.of("a")))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageContaining("makes no images");
    }
  }

  /** One flat image for each prompt, whose red is drawn from its seed. */
  private static List<Image> shades(List<Prompt> prompts, List<Seed> seeds) {
    return seeds.stream()
        .map(seed -> Image.filled(4, 4, seed.generator().nextFloat(), 0, 0))
        .toList();
  }

  private ChatGptOracle.Builder oracle(LoopbackServer server) {
    return ChatGptOracle.builder()
        .baseUrl(server.baseUrl())
        .withoutApiKey()
        .model("mock")
        .time(time, time)
        .judging(o -> options());
  }

  private OpenAiClient.Builder client(LoopbackServer server) {
    return OpenAiClient.builder().baseUrl(server.baseUrl()).withoutApiKey().time(time, time);
  }

  private static ChatGptJudge.Options options() {
    return ChatGptJudge.Options.of("mock").withImages(ImageForm.DEFAULT.withSide(0));
  }

  /** Images of the given shades of red, 0 to 5; the number makes the prompt. */
  private static ImageGroup group(int number, int... reds) {
    List<Image> images = new ArrayList<>();
    for (int red : reds) {
      images.add(Image.filled(4, 4, red / 5f, 0, 0));
    }
    return new ImageGroup(Prompt.of("colour " + number), images);
  }

  private static List<ImageGroup> groups(int count) {
    List<ImageGroup> groups = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      groups.add(group(i, 1 + i % 3, 0, 5, 4));
    }
    return groups;
  }

  private static List<Ranking> rankings(List<Judgement> judgements) {
    return judgements.stream().map(Judgement::ranking).toList();
  }

  @Test
  void promptsAreRewrittenWhereThereIsARewriter() {
    MockJudge judge = MockJudge.of((image, prompt) -> 0);
    try (LoopbackServer server =
            LoopbackServer.builder(judge).rewriter(text -> "one " + text + " on white").start();
        OpenAiClient client =
            OpenAiClient.builder().baseUrl(server.baseUrl()).withoutApiKey().build()) {
      PromptRewriter rewriter = new PromptRewriter(client, PromptRewriter.Options.of("mock"));

      Prompt rewritten = rewriter.rewrite(Prompt.of("\"cup\" \u2014"));

      assertThat(rewritten.text()).isEqualTo("one \"cup\" \u2014 on white");
      assertThat(rewritten.metadata()).containsEntry(PromptRewriter.ORIGINAL, "\"cup\" \u2014");
      assertThat(server.answers()).isEqualTo(1);
    }
  }
}
