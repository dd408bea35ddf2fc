package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.server.LoopbackServer;

class QuickStartTest {
  @TempDir Path folder;

  private int run(String... more) {
    String[] args = new String[more.length + 7];
    System.arraycopy(
        new String[] {
          "--run",
          folder.resolve("run").toString(),
          "--prompt",
          "green heart",
          "--images",
          "2",
          "--no-measure"
        },
        0,
        args,
        0,
        7);
    System.arraycopy(more, 0, args, 7, more.length);
    return QuickStart.run(args);
  }

  @Test
  void aRoundEndsWithALoraFileAndAReport() {
    assertThat(run("--rounds", "1")).isZero();

    assertThat(folder.resolve("run/emoji-lora.safetensors")).exists();
    assertThat(folder.resolve("run/report.html")).content().contains("green heart");
  }

  @Test
  void theSameCommandGoesOn() throws Exception {
    run("--rounds", "1");
    int lines = Files.readAllLines(folder.resolve("run/metrics.jsonl")).size();

    assertThat(run("--rounds", "2")).isZero();

    assertThat(Files.readAllLines(folder.resolve("run/metrics.jsonl")).size()).isGreaterThan(lines);
    assertThat(folder.resolve("run/checkpoints/000002")).exists();
  }

  @Test
  void aFolderOfAnotherRunIsLeftAlone() throws Exception {
    run("--rounds", "1");
    byte[] before = Files.readAllBytes(folder.resolve("run/run.json"));

    assertThat(run("--rounds", "1", "--seed", "2")).isEqualTo(2);
    assertThat(Files.readAllBytes(folder.resolve("run/run.json"))).isEqualTo(before);
  }

  @Test
  void wrongArgumentsAreUsageErrors() {
    assertThat(QuickStart.run("--juge", "glyphs")).isEqualTo(2);
    assertThat(QuickStart.run("--judge", "nobody")).isEqualTo(2);
    assertThat(QuickStart.run("--rounds", "many")).isEqualTo(2);
    assertThat(run("--rounds", "0")).isEqualTo(2);
  }

  @Test
  void aPromptThatTheJudgeDoesNotKnowIsRefused() {
    assertThatThrownBy(() -> EmojiTask.consistency(BundledModel.judge(), List.of("gren heart")))
        .hasMessageContaining("\"green heart\"");
    assertThat(run("--prompt", "a castle in the air")).isEqualTo(2);
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void chatGptsPathRunsOverHttp() {
    MockOracle judge = MockOracle.of((image, prompt) -> image.get(1, 16, 16));
    try (LoopbackServer server = LoopbackServer.builder(judge).start()) {
      String[] paid = {
        "--rounds", "1", "--judge", "chatgpt", "--base-url", server.baseUrl(), "--yes"
      };

      assertThat(run(paid)).isZero();
      assertThat(server.answers()).isPositive();
      assertThat(folder.resolve("run-ledger.jsonl")).exists();
    }
  }

  @Test
  void nothingIsPaidWithoutAYes() {
    try (LoopbackServer server =
        LoopbackServer.builder(MockOracle.of((image, prompt) -> 0)).start()) {
      assertThat(run("--rounds", "1", "--judge", "chatgpt", "--base-url", server.baseUrl()))
          .isEqualTo(2);
      assertThat(server.requests()).isZero();
    }
  }
}
