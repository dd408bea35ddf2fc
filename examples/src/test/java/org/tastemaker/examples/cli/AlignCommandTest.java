package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.examples.cli.Commands.Done;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.server.LoopbackServer;

class AlignCommandTest {
  private final Commands commands = new Commands();

  @TempDir Path folder;

  @Test
  void theQuickStartRunsAndIsResumedWithItsResultAsJson() {
    Path run = folder.resolve("run");
    Object[] args = {
      "align",
      "--run",
      run,
      "--prompt",
      "green heart",
      "--images",
      2,
      "--no-measure",
      "--json",
      "--rounds",
      1
    };

    JsonObject first = commands.run(args).json();
    args[args.length - 1] = 2;
    Done second = commands.run(args);

    assertThat(first.integer("rounds")).isEqualTo(1);
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.json().integer("rounds")).isEqualTo(2);
    assertThat(second.json().number("scoreAfter")).isBetween(0.0, 1.0);
    assertThat(Path.of(second.json().text("lora"))).isRegularFile();
    assertThat(Path.of(second.json().text("report"))).isRegularFile();
    assertThat(second.err()).contains("of which 1 are left");
  }

  @Test
  void aServerOfOnesOwnNeedsItsUrl() {
    Done done = commands.run("align", "--judge", "http", "--run", folder.resolve("run"));

    assertThat(done.code()).isEqualTo(2);
    assertThat(done.err()).contains("--judge http", "--base-url");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  private Path model() {
    Path model = folder.resolve("model");
    assertThat(commands.run("convert", "bundled", model, "--to", "folder").code()).isZero();
    return model;
  }

  @Test
  void aModelOfOnesOwnIsAlignedToAScoreAndResumed() {
    Path model = model();
    Path run = folder.resolve("run");
    Object[] args = {
      "align",
      "-m",
      model,
      "--prompt",
      "a red heart",
      "--score",
      "jpeg",
      "--images",
      2,
      "--steps",
      2,
      "--run",
      run,
      "--json",
      "--rounds",
      1
    };

    Done first = commands.run(args);
    args[args.length - 1] = 2;
    Done second = commands.run(args);

    assertThat(first.code()).as(first.err()).isZero();
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.json().integer("rounds")).isEqualTo(2);
    assertThat(second.json().number("scoreBefore")).isNegative();
    assertThat(Path.of(second.json().text("picture"))).isRegularFile();
    assertThat(run.resolve("README.md"))
        .content()
        .contains("a red heart", "minus the kilobytes as JPEG")
        .doesNotContain(folder.toString());
    Path lora = Path.of(second.json().text("lora"));
    assertThat(
            commands
                .run(
                    "sample",
                    "x",
                    "-m",
                    model,
                    "--lora",
                    lora,
                    "--steps",
                    1,
                    "--out",
                    folder.resolve("out"))
                .code())
        .isZero();
  }

  @Test
  void aModelOfOnesOwnIsAlignedToAServersRankings() {
    try (LoopbackServer server =
        LoopbackServer.builder(MockJudge.of((image, prompt) -> image.get(0, 0, 0))).start()) {
      Done done =
          commands.run(
              "align",
              "-m",
              model(),
              "--prompt",
              "a red heart",
              "--judge",
              "http",
              "--base-url",
              server.baseUrl(),
              "--yes",
              "--images",
              2,
              "--steps",
              2,
              "--rounds",
              1,
              "--run",
              folder.resolve("run"),
              "--json");

      assertThat(done.code()).as(done.err()).isZero();
      assertThat(server.answers()).isPositive();
      assertThat(done.json().value("scoreAfter")).isNull();
    }
  }

  @Test
  void whoJudgesAModelOfOnesOwnMustBeSaid() {
    Path model = model();
    Path run = folder.resolve("run");

    Done nobody = commands.run("align", "-m", model, "--prompt", "a heart", "--run", run);
    Done nothing = commands.run("align", "-m", model, "--score", "jpeg", "--run", run);
    Done bundled = commands.run("align", "--steps", 3, "--run", run);

    assertThat(nobody.code()).isEqualTo(2);
    assertThat(nobody.err()).contains("--judge chatgpt", "--score");
    assertThat(nothing.err()).contains("--prompt TEXT");
    assertThat(bundled.err()).contains("--model");
    assertThat(run).doesNotExist();
  }
}
