package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException.InvalidRequest;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.resilience.FakeTime;

/** A redirect takes neither prompts and images nor the key anywhere. */
class RedirectTest {
  private static final byte[] ANSWER =
      RawServer.ok(Fixtures.chat("{\"overall\":\"A\"}", "stop", null));

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void aRedirectToAnotherHostEndsTheCallWithoutARequestThere(int status) throws Exception {
    for (Redirects redirects : Redirects.values()) {
      try (RawServer other = RawServer.sending(ANSWER);
          RawServer server = redirecting(status, other.origin() + "/v1/chat/completions?a=b");
          OpenAiClient client = client(server).redirects(redirects).build()) {
        InvalidRequest failure = catchThrowableOfType(InvalidRequest.class, () -> ask(client));
        assertThat(failure)
            .hasMessageContaining(
                "failed with status " + status + ", a redirect to " + other.origin() + "/v1/chat/")
            .hasMessageContaining("not followed")
            .hasMessageNotContaining("a=b");
        assertThat(failure.stopsTheJob()).isTrue();
        assertThat(other.requests()).isZero();
        assertThat(server.requests()).isEqualTo(1);
        assertThat(client.ledger().totals().usage()).isEqualTo(Usage.NONE);
      }
    }
  }

  @Test
  void aRedirectWithinTheServerIsFollowedByWishAloneAndKeepsTheMethodAndTheKey() throws Exception {
    try (RawServer server = within(307);
        OpenAiClient strict = client(server).build();
        OpenAiClient client = client(server).redirects(Redirects.SAME_ORIGIN).build()) {
      assertThatThrownBy(() -> ask(strict)).isInstanceOf(InvalidRequest.class);
      ask(client);
      assertThat(server.heads().get(2))
          .startsWith("POST /v2/chat/completions ")
          .contains("Authorization: Bearer " + Fixtures.KEY);
      assertThat(client.ledger().totals().usage().requests()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303})
  void aRedirectThatMakesAGetOfAQuestionIsNeverFollowed(int status) throws Exception {
    try (RawServer server = within(status);
        OpenAiClient client = client(server).redirects(Redirects.SAME_ORIGIN).build()) {
      assertThatThrownBy(() -> ask(client))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageContaining("status " + status + ", a redirect to");
      assertThat(server.requests()).isEqualTo(1);
    }
  }

  @Test
  void aRedirectInACircleEnds() throws Exception {
    try (RawServer server = redirecting(307, "/v1/chat/completions");
        OpenAiClient client = client(server).redirects(Redirects.SAME_ORIGIN).build()) {
      assertThatThrownBy(() -> ask(client)).isInstanceOf(InvalidRequest.class);
      assertThat(server.requests()).isEqualTo(6);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "http://", "::::", "ftp://x/", "//", "javascript:1"})
  void aRedirectToNowhereIsTold(String location) throws Exception {
    try (RawServer server = redirecting(307, location);
        OpenAiClient client = client(server).redirects(Redirects.SAME_ORIGIN).build()) {
      assertThatThrownBy(() -> ask(client))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageContaining("a redirect to ");
    }
  }

  @Test
  void anImageIsFetchedFromElsewhereThroughNoRedirect() throws Exception {
    byte[] image = RawServer.ok(Image.filled(8, 8, 1, 0, 0).toPng());
    for (Redirects redirects : Redirects.values()) {
      try (RawServer other = RawServer.sending(image);
          RawServer files =
              RawServer.start(
                  (head, client, out) ->
                      out.write(
                          head.startsWith("GET /moved ")
                              ? image
                              : redirect(
                                  302,
                                  head.startsWith("GET /away ")
                                      ? other.origin() + "/a.png"
                                      : "/moved")));
          RawServer api =
              RawServer.start(
                  (head, client, out) ->
                      out.write(
                          RawServer.ok("{\"data\":[{\"url\":\"" + files.origin() + "/away\"}]}")));
          RawServer near =
              RawServer.sending(
                  RawServer.ok("{\"data\":[{\"url\":\"" + files.origin() + "/near\"}]}"));
          OpenAiClient away = client(api).redirects(redirects).build();
          OpenAiClient within = client(near).redirects(redirects).build()) {
        assertThatThrownBy(() -> make(away))
            .isInstanceOf(InvalidRequest.class)
            .hasMessageContaining("the download of an image")
            .hasMessageContaining("status 302, a redirect to " + other.origin());
        assertThat(other.requests()).isZero();
        if (redirects == Redirects.SAME_ORIGIN) {
          assertThat(make(within).image().width()).isEqualTo(8);
        } else {
          assertThatThrownBy(() -> make(within)).isInstanceOf(InvalidRequest.class);
        }
        assertThat(files.heads()).noneMatch(head -> head.contains("Authorization"));
      }
    }
  }

  private static RawServer within(int status) throws IOException {
    return RawServer.start(
        (head, client, out) ->
            out.write(
                head.startsWith("POST /v2/") ? ANSWER : redirect(status, "/v2/chat/completions")));
  }

  private static RawServer redirecting(int status, String location) throws IOException {
    return RawServer.sending(redirect(status, location));
  }

  private static byte[] redirect(int status, String location) {
    return RawServer.answer(
        status + " Elsewhere", "{}".getBytes(StandardCharsets.UTF_8), "Location: " + location);
  }

  private static OpenAiClient.Builder client(RawServer server) {
    return Fixtures.client(server.baseUrl(), new FakeTime());
  }

  private static Verdict ask(OpenAiClient client) {
    return new ChatGptJudge(client, Fixtures.options()).ask(Fixtures.pair());
  }

  private static OpenAiImageGenerator.Made make(OpenAiClient client) {
    return new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("image-x"))
        .make(Prompt.of("a heart"));
  }
}
