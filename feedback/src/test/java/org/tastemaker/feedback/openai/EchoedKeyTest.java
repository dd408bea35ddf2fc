package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.RetryPolicy;
import org.tastemaker.testing.Effort;

/**
 * A server repeats the key, in every place of an answer and in every form: it stands in no file and
 * no message, whatever a reader undoes of it.
 */
class EchoedKeyTest {
  private static final List<String> KEYS =
      List.of("sk-proj-Zq8vT3nLw6Rk1/d5Hs9BfGm+Xc7Jp4Ua", "ab3$9z", "\"quoted\\key\"");
  private static final Pattern ESCAPE =
      Pattern.compile(
          "\\\\+u([0-9a-fA-F]{4})|%([0-9a-fA-F]{2})|&#x([0-9a-fA-F]+);|&#([0-9]+);|\\\\+(.)");
  private static final Pattern ENCODED = Pattern.compile("[A-Za-z0-9+/_-]{8,}");
  private static final Pattern HEXADECIMAL = Pattern.compile("[0-9a-fA-F]{12,}");

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(ApiKeyTest.Form.class)
  void noFileAndNoMessageHoldsTheKeyThatAServerRepeats(ApiKeyTest.Form form) throws Exception {
    int keys = Effort.times(1, KEYS.size());
    int hidden = 0;
    for (int i = 0; i < keys; i++) {
      String key = KEYS.get((form.name().length() + i) % KEYS.size());
      String echo = form.write(key, 7);
      for (Map.Entry<String, String> body : bodies(echo).entrySet()) {
        boolean ofErrors = body.getKey().equals("error") || body.getKey().equals("page");
        StringBuilder said = new StringBuilder();
        for (int status : ofErrors ? List.of(400, 401, 500) : List.of(200)) {
          try (RawServer server =
              RawServer.sending(
                  RawServer.answer(
                      status + " " + echo.replace("\n", ""),
                      body.getValue().getBytes(StandardCharsets.UTF_8),
                      "x-request-id: " + echo.replace("\n", "")))) {
            said.append(calls(server, key, folder.resolve(body.getKey() + status + i)));
          }
        }
        hidden += said.indexOf("[key]") >= 0 ? 1 : 0;
        assertThat(readable(said.toString())).as(body.getKey()).doesNotContain(key);
      }
    }
    assertThat(hidden).as("places in which the key was hidden").isGreaterThan(7 * keys);
    int files = 0;
    for (Map.Entry<Path, String> file : texts().entrySet()) {
      for (String key : KEYS) {
        assertThat(readable(file.getValue())).as(file.getKey().toString()).doesNotContain(key);
      }
      files++;
    }
    assertThat(files).isGreaterThan(20);
  }

  @Test
  void theFilesOfAJobAreForTheirOwnerOnly() throws Exception {
    byte[] answer = RawServer.ok(Fixtures.chat("{\"overall\":[\"A\",\"B\"]}", "stop", null));
    try (RawServer server = RawServer.sending(answer)) {
      calls(server, KEYS.get(0), folder.resolve("job"));
    }
    try (Stream<Path> paths = Files.walk(folder.resolve("job"))) {
      List<Path> all = paths.toList();
      assertThat(all).anyMatch(path -> path.endsWith("ledger.jsonl"));
      assertThat(all).anyMatch(path -> path.endsWith("judgements.jsonl"));
      assertThat(all).anyMatch(path -> path.toString().matches(".*answers.*\\.json"));
      assertThat(all).anyMatch(path -> path.toString().matches(".*images.*\\.png"));
      if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
        for (Path path : all) {
          assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
              .as(path.toString())
              .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------");
        }
      }
    }
  }

  /** What a reader may see in a text, once every escape and encoding is undone. */
  private static String readable(String text) {
    StringBuilder all = new StringBuilder(text);
    String plain = text;
    for (int depth = 0; depth < 5; depth++) {
      plain = unescaped(plain);
      all.append('\n').append(plain);
    }
    String joined = plain.replaceAll("\\s", "");
    for (String source : List.of(plain, joined)) {
      for (Matcher run = ENCODED.matcher(source); run.find(); ) {
        for (int offset = 0; offset < 4 && offset < run.group().length(); offset++) {
          all.append('\n').append(decoded(run.group().substring(offset)));
        }
      }
    }
    for (Matcher run = HEXADECIMAL.matcher(plain); run.find(); ) {
      for (int offset = 0; offset < 2; offset++) {
        StringBuilder hex = new StringBuilder();
        for (int i = offset; i + 1 < run.group().length(); i += 2) {
          hex.append((char) Integer.parseInt(run.group().substring(i, i + 2), 16));
        }
        all.append('\n').append(hex);
      }
    }
    return all.toString();
  }

  private static String decoded(String run) {
    String whole = run.replace('-', '+').replace('_', '/');
    whole = whole.substring(0, whole.length() / 4 * 4);
    return new String(Base64.getDecoder().decode(whole), StandardCharsets.ISO_8859_1);
  }

  private static String unescaped(String text) {
    return ESCAPE
        .matcher(text)
        .replaceAll(
            match -> {
              for (int group = 1; group <= 4; group++) {
                if (match.group(group) != null) {
                  int c = Integer.parseInt(match.group(group), group == 4 ? 10 : 16);
                  return Matcher.quoteReplacement(Character.toString(c & 0xffff));
                }
              }
              return Matcher.quoteReplacement(match.group(5));
            });
  }

  /** Bodies with the key in each place; a form of JSON's escapes stands there without another. */
  private static Map<String, String> bodies(String echo) {
    String quoted = echo.contains("\\u") ? "\"" + echo + "\"" : Fixtures.JSON.toJson(echo);
    String verdict = "{\"overall\":[\"A\",\"B\"],\"rationale\":" + quoted + "}";
    String nested = Fixtures.JSON.toJson(verdict);
    Map<String, String> bodies = new LinkedHashMap<>();
    bodies.put(
        "verdict",
        "{\"id\":%1$s,\"model\":%1$s,\"choices\":[{\"message\":{\"content\":%2$s}}]}"
            .formatted(quoted, nested));
    bodies.put("quoted", "{\"choices\":[{\"message\":{\"content\":%s}}]}".formatted(quoted));
    bodies.put(
        "cut",
        "{\"choices\":[{\"message\":{\"content\":%s}}]}"
            .formatted(Fixtures.JSON.toJson("{\"overall\":\"" + "x".repeat(60) + echo + "\"}")));
    bodies.put("refusal", "{\"choices\":[{\"message\":{\"refusal\":%s}}]}".formatted(quoted));
    bodies.put(
        "error",
        "{\"error\":{\"message\":%1$s,\"type\":%1$s,\"param\":%1$s,\"code\":%1$s}}"
            .formatted(quoted));
    bodies.put("page", "<html>" + echo + "</html>");
    bodies.put("form", "{%1$s:{\"choices\":%1$s},\"choices\":%1$s}".formatted(quoted));
    bodies.put(
        "responses",
        "{\"error\":{\"code\":%1$s,\"message\":%1$s},\"model\":%1$s}".formatted(quoted));
    bodies.put("image", "{\"data\":[{\"url\":%1$s,\"revised_prompt\":%1$s}]}".formatted(quoted));
    bodies.put(
        "prompt",
        "{\"choices\":[{\"message\":{\"content\":%s}}]}"
            .formatted(Fixtures.JSON.toJson("{\"prompt\":" + quoted + "}")));
    return bodies;
  }

  /** A job with its files, and the other callers: what each of them says. */
  private static String calls(RawServer server, String key, Path place) throws IOException {
    Files.createDirectories(place.getParent());
    org.tastemaker.core.run.PrivateFiles.createFolders(place);
    FakeTime time = new FakeTime();
    StringBuilder said = new StringBuilder();
    try (ChatGptOracle oracle =
            ChatGptOracle.builder()
                .baseUrl(server.baseUrl())
                .apiKey(key)
                .model("mock")
                .time(time, time)
                .limits(limits())
                .judging(o -> o.withExplain(Explain.AFTER))
                .protocol(Protocol.listwise(1))
                .cache(place.resolve("answers"))
                .ledgerFile(place.resolve("ledger.jsonl"))
                .build();
        OpenAiClient client =
            OpenAiClient.builder()
                .baseUrl(server.baseUrl())
                .apiKey(key)
                .time(time, time)
                .limits(limits())
                .build()) {
      List<Image> images = Greys.images(0.2, 0.5);
      said.append(
          said(
              () ->
                  AnnotationJob.builder(
                          place.resolve("judgements.jsonl"),
                          oracle,
                          Greys.RUBRIC,
                          oracle.settings())
                      .saveImages(place.resolve("images"))
                      .build()
                      .run(List.of(new ImageGroup(Prompt.of("a heart"), images)))));
      for (WireFormat format : WireFormat.values()) {
        ChatGptJudge judge =
            new ChatGptJudge(
                client, Fixtures.options().withWireFormat(format).withExplain(Explain.AFTER));
        said.append(said(() -> judge.ask(Fixtures.rank(2))));
      }
      said.append(
          said(
              () ->
                  new PromptRewriter(client, PromptRewriter.Options.of("m"))
                      .rewrite(Prompt.of("a heart"))));
      said.append(
          said(
              () ->
                  new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("m"))
                      .make(Prompt.of("a heart"))));
    }
    return said.toString();
  }

  private static String said(Callable<?> call) {
    try {
      return String.valueOf(call.call()) + "\n";
    } catch (Exception e) {
      return Throwables.getCausalChain(e).stream().map(String::valueOf).toList() + "\n";
    }
  }

  private static ResilientCaller.Options limits() {
    return ResilientCaller.Options.DEFAULTS
        .withInFlight(1)
        .withRetries(RetryPolicy.DEFAULTS.withAttempts(1).withFirstDelay(Duration.ofMillis(1)));
  }

  private Map<Path, String> texts() throws IOException {
    Map<Path, String> texts = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        if (!path.toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
          texts.put(path, Files.readString(path, StandardCharsets.ISO_8859_1));
        }
      }
    }
    return texts;
  }
}
