package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Base64;
import java.util.List;
import java.util.Map;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.junit5.StartStop;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException.MalformedVerdict;
import org.tastemaker.feedback.FeedbackException.Refused;
import org.tastemaker.feedback.resilience.FakeTime;

class OpenAiImageGeneratorTest {
  private static final Image RED = Image.filled(8, 8, 1, 0, 0);
  private static final Image BLUE = Image.filled(8, 8, 0, 0, 1);

  @StartStop private final MockWebServer server = new MockWebServer();
  private OpenAiClient client;
  private OpenAiImageGenerator generator;

  @BeforeEach
  void open() {
    client = Fixtures.client(server, new FakeTime()).build();
    generator = new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("gpt-image-x"));
  }

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void anImageInBase64IsDecodedAndItsUseEntered() {
    server.enqueue(
        Fixtures.json(
            200,
            "{\"data\":[{\"b64_json\":\""
                + base64(RED)
                + "\"}],\"usage\":{\"input_tokens\":5,\"output_tokens\":272,"
                + "\"input_tokens_details\":{\"text_tokens\":5,\"image_tokens\":0}}}"));
    OpenAiImageGenerator.Made made = generator.make(Prompt.of("red"));
    assertThat(made.image()).isEqualTo(RED);
    assertThat(made.prompt()).isEqualTo(Prompt.of("red"));
    assertThat(client.ledger().totals().usage()).isEqualTo(new Usage(1, 5, 0, 272));
  }

  @Test
  void anImageByAddressIsFetchedWithoutTheKey() throws Exception {
    server.enqueue(
        Fixtures.json(
            200,
            "{\"data\":[{\"url\":\""
                + server.url("/files/1.png")
                + "\",\"revised_prompt\":\"a plain red square\"}]}"));
    server.enqueue(new MockResponse.Builder().body(new Buffer().write(RED.toPng())).build());
    OpenAiImageGenerator.Made made =
        generator.make(new Prompt("red", "", Map.of("category", "colours")));
    assertThat(made.image()).isEqualTo(RED);
    assertThat(made.prompt().text()).isEqualTo("red");
    assertThat(made.prompt().metadata())
        .containsEntry("category", "colours")
        .containsEntry(OpenAiImageGenerator.REVISED, "a plain red square");
    server.takeRequest();
    assertThat(server.takeRequest().getHeaders().get("Authorization")).isNull();
  }

  @Test
  void imagesComeInTheOrderOfTheirPrompts() {
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            boolean red =
                java.util.Objects.requireNonNull(request.getBody()).utf8().contains("\"red\"");
            return Fixtures.json(
                200, "{\"data\":[{\"b64_json\":\"" + base64(red ? RED : BLUE) + "\"}]}");
          }
        });
    List<Prompt> prompts =
        List.of(Prompt.of("red"), Prompt.of("blue"), Prompt.of("blue"), Prompt.of("red"));
    assertThat(generator.generate(prompts, Seed.of(1))).containsExactly(RED, BLUE, BLUE, RED);
    assertThat(generator.generate(List.of(), Seed.of(1))).isEmpty();
  }

  @Test
  void aPromptAgainstThePolicyIsARefusal() {
    server.enqueue(
        Fixtures.error(
            400,
            "image_generation_user_error",
            "moderation_blocked",
            "Your request was rejected as a result of our safety system."));
    assertThatThrownBy(() -> generator.generate(List.of(Prompt.of("x")), Seed.of(1)))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("moderation_blocked");
  }

  @Test
  void whatIsNoImageIsMalformed() {
    server.enqueue(Fixtures.json(200, "{\"data\":[{\"b64_json\":\"AAAA\"}]}"));
    assertThatThrownBy(() -> generator.make(Prompt.of("x")))
        .isInstanceOf(MalformedVerdict.class)
        .hasMessageStartingWith(
            "The answer's data[0] should be an image that can be read, but was");
    server.enqueue(Fixtures.json(200, "{\"data\":[{}]}"));
    assertThatThrownBy(() -> generator.make(Prompt.of("x")))
        .hasMessage("The answer's data[0] should be b64_json or url, but was neither.");
    server.enqueue(Fixtures.json(200, "{}"));
    assertThatThrownBy(() -> generator.make(Prompt.of("x")))
        .hasMessage("The answer's data should be one image, but was none.");
    server.enqueue(Fixtures.json(200, "{\"data\":[{\"url\":\"file:///etc/passwd\"}]}"));
    assertThatThrownBy(() -> generator.make(Prompt.of("x")))
        .hasMessageContaining("must be an http or https URL");
  }

  @Test
  void wrongSettingsAreRefused() {
    assertThatThrownBy(
            () -> generator.generate(List.of(Prompt.of("a")), List.of(Seed.of(1), Seed.of(2))))
        .hasMessage("there must be as many seeds as prompts, but there were 2 and 1");
    assertThatThrownBy(() -> new OpenAiImageGenerator.Options("m", null, null, null, "png", 1, 100))
        .hasMessage("responseFormat must be b64_json, url or null, but was 'png'");
  }

  private static String base64(Image image) {
    return Base64.getEncoder().encodeToString(image.toPng());
  }
}
