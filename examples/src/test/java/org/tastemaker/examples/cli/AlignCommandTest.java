package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.examples.cli.Commands.Done;

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
}
