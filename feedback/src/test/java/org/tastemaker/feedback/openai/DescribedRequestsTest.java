package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import okhttp3.Request;
import okhttp3.RequestBody;
import okio.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.ImageSets;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.DescribedRequests;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.testing.Effort;
import retrofit2.Retrofit;
import retrofit2.converter.moshi.MoshiConverterFactory;

/**
 * Every request that can be made of the settings, against OpenAI's API description: each
 * combination at night, and each seventh by day, which still has each pair of settings many times.
 */
class DescribedRequestsTest {
  private static final int STRIDE = Effort.times(7, 1);

  private static final OpenAiService SERVICE =
      new Retrofit.Builder()
          .baseUrl("http://localhost/v1/")
          .addConverterFactory(MoshiConverterFactory.create(Wire.MOSHI))
          .build()
          .create(OpenAiService.class);

  @ParameterizedTest
  @EnumSource(WireFormat.class)
  void everyQuestionOfEveryProtocolIsAsDescribedWhateverTheModelCanDo(WireFormat format)
      throws IOException {
    List<Question> questions = questions();
    List<ModelCapabilities> capabilities = capabilities();
    Set<String> sent = new HashSet<>();
    List<String> complaints = new ArrayList<>();
    int combination = 0;
    for (ChatGptJudge.Options options : options(format)) {
      try (OpenAiClient client = client()) {
        ChatGptJudge judge = new ChatGptJudge(client, options);
        for (Question question : questions) {
          ModelCall call = judge.call(question);
          for (ModelCapabilities can : capabilities) {
            if (combination++ % STRIDE != 0) {
              continue;
            }
            Request request = format.format().request(SERVICE, call, can).request();
            String body = body(request);
            if (sent.add(body) && complaints.size() < 10) {
              complaints.addAll(DescribedRequests.complaints(request.url().encodedPath(), body));
            }
          }
        }
      }
    }
    assertThat(complaints).isEmpty();
    assertThat(sent).as("different requests").hasSizeGreaterThan(10_000 / STRIDE);
  }

  @Test
  void aFieldThatIsNotDescribedIsFound() throws IOException {
    try (OpenAiClient client = client()) {
      ModelCall call = new ChatGptJudge(client, Fixtures.options()).call(Fixtures.pair());
      String body = body(new ChatFormat().request(SERVICE, call, ModelCapabilities.ALL).request());
      assertThat(DescribedRequests.complaints("/v1/chat/completions", body)).isEmpty();
      for (String change :
          List.of(
              "\"temperature\":0.0>\"temperatur\":0.0",
              "\"top_logprobs\":20>\"top_logprobs\":21",
              "\"role\":\"user\">\"role\":\"human\"",
              "\"strict\":true>\"strict\":false",
              "\"additionalProperties\":false>\"additionalProperties\":true",
              "\"required\":[\"overall\"]>\"required\":[]",
              "\"type\":\"string\",\"enum\">\"type\":\"string\",\"minLength\":1,\"enum\"",
              "\"detail\":\"high\">\"detail\":\"fine\"",
              "\"logprobs\":true>\"logprobs\":false")) {
        List<String> fromTo = Splitter.on('>').splitToList(change);
        assertThat(body).contains(fromTo.get(0));
        assertThat(
                DescribedRequests.complaints(
                    "/v1/chat/completions", body.replace(fromTo.get(0), fromTo.get(1))))
            .as(change)
            .isNotEmpty();
      }
    }
  }

  @Test
  void imagesAndRewrittenPromptsAreAskedForAsDescribed() {
    ImageGenerator generator = (prompts, seeds) -> List.of(Fixtures.images(1).get(0));
    Judge nobody =
        question -> {
          throw new FeedbackException.Refused("nobody");
        };
    try (LoopbackServer server = LoopbackServer.builder(nobody).images(generator).start();
        OpenAiClient client = Fixtures.client(server.baseUrl(), new FakeTime()).build()) {
      for (OpenAiImageGenerator.Options options :
          List.of(
              OpenAiImageGenerator.Options.of("gpt-image-x"),
              OpenAiImageGenerator.Options.of("gpt-image-x")
                  .withSize("1024x1536")
                  .withQuality("low"),
              OpenAiImageGenerator.Options.of("dall-e-3")
                  .withStyle("vivid")
                  .withQuality("hd")
                  .withResponseFormat("b64_json"))) {
        assertThat(new OpenAiImageGenerator(client, options).make(Prompt.of("a heart")).image())
            .isNotNull();
      }
      assertThat(server.requests()).isEqualTo(3).isEqualTo(server.answers());
    }
  }

  @Test
  void aPromptToBeRewrittenIsAskedForAsDescribed() throws IOException {
    for (WireFormat format : WireFormat.values()) {
      for (ModelCapabilities can : capabilities()) {
        ModelCall call =
            PromptRewriter.call(
                PromptRewriter.Options.of("gpt-test").withWireFormat(format),
                Prompt.of("a \"red\" heart"),
                "it was too long");
        Request request = format.format().request(SERVICE, call, can).request();
        assertThat(DescribedRequests.complaints(request.url().encodedPath(), body(request)))
            .isEmpty();
      }
    }
  }

  @Test
  void everyServerOfTheTestsRejectsWhatIsNotDescribed() {
    try (LoopbackServer server = LoopbackServer.builder(MockJudge.of(Greys::score)).start();
        OpenAiClient client = Fixtures.client(server.baseUrl(), new FakeTime()).build()) {
      ChatGptJudge judge =
          new ChatGptJudge(client, Fixtures.options().withEffort("as much as it likes"));
      assertThat(catchThrowable(() -> judge.ask(Fixtures.pair())))
          .hasMessageContaining("$.reasoning_effort must be one of");
    }
  }

  private static OpenAiClient client() {
    return Fixtures.client("http://localhost/v1", new FakeTime()).build();
  }

  private static String body(Request request) throws IOException {
    Buffer buffer = new Buffer();
    RequestBody body = Objects.requireNonNull(request.body());
    body.writeTo(buffer);
    return buffer.readUtf8();
  }

  private static List<ChatGptJudge.Options> options(WireFormat format) {
    List<ChatGptJudge.Options> all = new ArrayList<>();
    for (Explain explain : Explain.values()) {
      for (ImageForm.Detail detail : ImageForm.Detail.values()) {
        for (ImageForm form :
            List.of(ImageForm.DEFAULT.withSide(0), ImageForm.DEFAULT.withSide(16).asJpeg(0.9))) {
          all.add(
              ChatGptJudge.Options.of("gpt-test")
                  .withWireFormat(format)
                  .withImages(form.withDetail(detail))
                  .withExplain(explain)
                  .withEffort("low")
                  .withSeed(42L)
                  .withMaxTokens(explain == Explain.AFTER ? 16 : 0));
        }
      }
    }
    return all;
  }

  /** All that a model may be unable to do, in every combination. */
  private static List<ModelCapabilities> capabilities() {
    List<ModelCapabilities> all = new ArrayList<>();
    for (int bits = 0; bits < 32; bits++) {
      for (ModelCapabilities.Structure structure : ModelCapabilities.Structure.values()) {
        for (ModelCapabilities.Limit limit : ModelCapabilities.Limit.values()) {
          all.add(
              new ModelCapabilities(
                  (bits & 1) == 0,
                  bits % 3 == 0 ? 20 : 5,
                  (bits & 2) == 0,
                  (bits & 4) == 0,
                  (bits & 8) == 0,
                  (bits & 16) == 0,
                  (bits & 24) == 0,
                  structure,
                  limit,
                  bits % 2 == 0 ? 0 : 4096));
        }
      }
    }
    return all;
  }

  /** One question of each form that a protocol asks, and the same with a complaint. */
  private static List<Question> questions() {
    Map<String, Question> byForm = Collections.synchronizedMap(new LinkedHashMap<>());
    Judge mock = MockJudge.of(Greys::score);
    Judge noting =
        question -> {
          String form =
              question.kind() + " " + question.size() + " " + question.rubric().criteria().size();
          byForm.putIfAbsent(form + question.rubric().name(), question);
          Verdict verdict = mock.ask(question);
          byForm.putIfAbsent(form + " again", question.again("It was not in the form asked for."));
          return verdict;
        };
    List<Protocol> protocols =
        List.of(
            Protocol.listwise(2),
            Protocol.best(2, 1),
            Protocol.pairsInRandomDirection(1),
            Protocol.pairsInBothOrders(1),
            Protocol.activePairs(3),
            Protocol.pointwise(new Question.Scale(1, 10), 1));
    for (Protocol protocol : protocols) {
      for (Protocol one : List.of(protocol, protocol.oneCriterionACall())) {
        for (Rubric rubric : List.of(Greys.RUBRIC, Fixtures.TWO)) {
          JudgeOracle.builder(noting)
              .protocol(one)
              .seed(Seed.of(3))
              .build()
              .rank(List.of(Greys.group(0.1, 0.5, 0.9)), rubric);
        }
      }
    }
    ImageSets sets =
        new ImageSets(Prompt.of("a set"), List.of(Greys.images(0.1, 0.2), Greys.images(0.3, 0.4)));
    JudgeOracle.builder(noting).build().rank(List.of(sets.asSheets()), Rubrics.freedomFromBias());
    assertThat(byForm).hasSizeGreaterThan(10);
    return List.copyOf(byForm.values());
  }
}
