package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.examples.cli.Commands.Done;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.server.LoopbackServer;

class AnnotateCommandTest {
  private static final int GROUPS = 3;

  private final Commands commands = new Commands();

  @TempDir Path folder;
  private Path dataset;

  /** Three prompts, each with a dark and a red image. */
  @BeforeEach
  void makePrompts() throws IOException {
    dataset = folder.resolve("likes.jsonl");
    for (int p = 0; p < GROUPS; p++) {
      Path one = Files.createDirectories(folder.resolve("prompts").resolve("p" + p));
      Files.writeString(one.resolve("prompt.txt"), "prompt " + p);
      for (int i = 0; i < 2; i++) {
        Files.write(one.resolve(i + ".png"), Image.filled(8, 8, i, p / 8f, 0).toPng());
      }
    }
  }

  private Done annotate(Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of("annotate", "--folder", folder.resolve("prompts"), "--out", dataset));
    args.addAll(List.of(more));
    return commands.run(args.toArray());
  }

  private static LoopbackServer server() {
    return LoopbackServer.builder(MockJudge.of((image, prompt) -> image.get(0, 0, 0))).start();
  }

  @Test
  void aServerIsAskedOnceAboutEachGroup() {
    try (LoopbackServer server = server()) {
      Object[] args = {"--judge", "http", "--base-url", server.baseUrl(), "--yes", "--json"};
      Done first = annotate(args);
      long answers = server.answers();
      Done second = annotate(args);

      assertThat(first.code()).as(first.err()).isZero();
      assertThat(first.json().integer("judged")).isEqualTo(GROUPS);
      assertThat(first.err()).contains("3 groups judged by", "tokens of input");
      assertThat(second.code()).as(second.err()).isZero();
      assertThat(second.json().integer("alreadyThere")).isEqualTo(GROUPS);
      assertThat(server.answers()).isEqualTo(answers);
    }
    assertThat(PreferenceDataset.readAll(dataset))
        .extracting(group -> group.judgement().ranking().tiers().get(0))
        .containsOnly(List.of(1));
  }

  @Test
  void theCostIsConfirmedBeforeAQuestion() {
    List<String> asked = new ArrayList<>();
    commands.asking =
        Optional.of(
            question -> {
              asked.add(question);
              return "no";
            });
    try (LoopbackServer server = server()) {
      Done done =
          annotate("--judge", "http", "--base-url", server.baseUrl(), "--price", "0.40,1.60");

      assertThat(done.code()).isEqualTo(2);
      assertThat(done.out()).contains("up to", "USD", "The run stops before it spends more");
      assertThat(done.err()).contains("not confirmed: nothing was sent");
      assertThat(asked).containsExactly("Continue? [y/N] ");
      assertThat(server.answers()).isZero();
    }
    assertThat(dataset).doesNotExist();
  }

  @Test
  void aBudgetThatIsUsedUpHasItsExitCodeAndIsResumed() {
    try (LoopbackServer server = server()) {
      Object[] args = {
        "--judge", "http", "--base-url", server.baseUrl(), "--price", "1000,1000", "--yes", "--json"
      };
      Object[] little = new Object[args.length + 2];
      System.arraycopy(args, 0, little, 0, args.length);
      little[args.length] = "--budget";
      little[args.length + 1] = "0.001";

      Done stopped = annotate(little);
      Done resumed = annotate(args);

      assertThat(stopped.code()).as(stopped.err()).isEqualTo(3);
      assertThat(stopped.json().text("error")).containsIgnoringCase("budget");
      assertThat(resumed.code()).as(resumed.err()).isZero();
      assertThat(PreferenceDataset.readAll(dataset)).hasSize(GROUPS);
    }
  }

  @Test
  void anEstimateAsksNobodyAndNeedsNoKey() {
    Done done = annotate("--estimate", "--price", "0.40,1.60", "--json");

    assertThat(done.code()).as(done.err()).isZero();
    JsonObject json = done.json();
    assertThat(json.integer("groups")).isEqualTo(GROUPS);
    assertThat(json.integer("requests")).isEqualTo(2 * GROUPS);
    assertThat(json.text("currency")).isEqualTo("USD");
    assertThat(dataset).doesNotExist();
  }

  @Test
  void aScoreJudgesWithoutAServer() {
    Done done = annotate("--judge", "score", "--score", "jpeg", "--save-images");

    assertThat(done.code()).as(done.err()).isZero();
    assertThat(done.out()).contains("3 groups were judged", dataset.toString());
    AnnotatedGroup group = PreferenceDataset.readAll(dataset).get(0);
    assertThat(group.load(folder.resolve("images")).images()).hasSize(2);
  }

  @Test
  void aDatasetsImagesAreJudgedAgainByAnotherJudge() {
    annotate("--judge", "score", "--score", "jpeg", "--save-images");

    Done done =
        commands.run(
            "annotate",
            "--dataset",
            dataset,
            "--judge",
            "score",
            "--score",
            "jpeg",
            "--out",
            folder.resolve("again.jsonl"),
            "--json");

    assertThat(done.json().integer("judged")).isEqualTo(GROUPS);
  }

  @Test
  void argumentsThatDoNotGoTogetherAreRefusedBeforeAnyWork() {
    assertThat(annotate("--judge", "http", "--yes").err()).contains("--base-url");
    assertThat(annotate("--judge", "score").err()).contains("--score jpeg");
    assertThat(annotate("--judge", "score", "--score", "pickscore").err()).contains("--clip PATH");
    assertThat(annotate("--score", "jpeg").err()).contains("--judge score", "chatgpt");
    assertThat(annotate("--budget", "1").err()).contains("--price IN,OUT");
    assertThat(annotate("--judge", "somebody").err()).contains("somebody", "chatgpt");
    assertThat(dataset).doesNotExist();
  }
}
