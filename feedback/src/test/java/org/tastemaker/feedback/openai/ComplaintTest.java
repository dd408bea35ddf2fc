package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tastemaker.feedback.openai.Fixtures.PROMPT;
import static org.tastemaker.feedback.openai.Fixtures.QUALITY;
import static org.tastemaker.feedback.openai.Fixtures.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import mockwebserver3.MockWebServer;
import mockwebserver3.junit5.StartStop;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.cache.AnswerCache;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.FakeTime;

/** A process that ends after a complaint, and before the answer that it leads to. */
class ComplaintTest {
  private static final String WRONG = "{\"overall\":[\"A\",\"A\"]}";
  private static final String RIGHT = "{\"overall\":[\"B\",\"A\"]}";

  @StartStop private final MockWebServer server = new MockWebServer();
  @TempDir private Path folder;

  @Test
  void afterARestartTheSameRequestIsMadeAndKeptUnderTheSameKey() throws Exception {
    server.enqueue(Fixtures.says(WRONG));
    server.enqueue(Fixtures.says(RIGHT));
    Judgement calm = run("calm", false);
    assertThat(server.takeRequest().getBody()).isNotNull();
    String second = body();
    assertThat(second)
        .contains(
            "An earlier answer to this could not be used: The answer's overall[1] should be each"
                + " label once, but was A for a second time. Answer again.");

    server.enqueue(Fixtures.says(WRONG));
    assertThatThrownBy(() -> run("killed", true)).isInstanceOf(Killed.class);
    server.takeRequest();
    server.enqueue(Fixtures.says(RIGHT));
    Judgement resumed = run("killed", false);

    assertThat(server.getRequestCount()).as("nothing is paid for twice").isEqualTo(4);
    assertThat(body()).isEqualTo(second);
    assertThat(resumed.ranking()).isEqualTo(calm.ranking());
    assertThat(files("killed")).hasSize(2).isEqualTo(files("calm"));
  }

  @Test
  void anAnswerToAnotherComplaintIsNotTakenForThisOne() throws Exception {
    server.enqueue(Fixtures.says(WRONG));
    server.enqueue(Fixtures.says(RIGHT));
    run("answers", false);
    // As if the first answer had been lost, and another one came in its place.
    for (Path file : walk("answers")) {
      if (Files.readString(file).contains("\"failure\"")) {
        Files.delete(file);
      }
    }
    server.enqueue(Fixtures.says("I like A"));
    server.enqueue(Fixtures.says("{\"overall\":[\"A\",\"B\"]}"));
    Judgement other = run("answers", false);

    assertThat(other.ranking()).isNotEqualTo(Ranking.none(2));
    assertThat(server.getRequestCount()).isEqualTo(4);
    assertThat(files("answers")).hasSize(3);
    for (int i = 0; i < 3; i++) {
      server.takeRequest();
    }
    assertThat(body()).contains("should be a JSON object, but was 'I like A'");
  }

  /** One process: a judge, its answers on disk, and one question about two images. */
  private Judgement run(String name, boolean dies) {
    try (OpenAiClient client = Fixtures.client(server, new FakeTime()).build()) {
      ChatGptJudge chat = new ChatGptJudge(client, Fixtures.options());
      Judge mortal =
          question -> {
            if (dies && question.attempt().number() == 1) {
              throw new Killed();
            }
            return chat.ask(question);
          };
      Judge cached = AnswerCache.of(mortal, chat.settings(), folder.resolve(name));
      return JudgeOracle.builder(cached)
          .protocol(Protocol.listwise(1))
          .build()
          .rank(List.of(new ImageGroup(PROMPT, images(2))), QUALITY)
          .get(0);
    }
  }

  private String body() throws InterruptedException {
    return Objects.requireNonNull(server.takeRequest().getBody()).utf8();
  }

  private Set<String> files(String name) throws IOException {
    Set<String> names = new TreeSet<>();
    for (Path file : walk(name)) {
      names.add(String.valueOf(file.getFileName()));
    }
    return names;
  }

  private List<Path> walk(String name) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve(name))) {
      return files.filter(file -> file.toString().endsWith(".json")).toList();
    }
  }

  /** The end of a process. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }
}
