package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.json.Json;
import org.tastemaker.examples.cli.Commands.Done;
import org.tastemaker.examples.ideas.LightVotes;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.server.LoopbackServer;

class StudyCommandTest {
  private final Commands commands = new Commands();

  @TempDir Path folder;

  @Test
  void aServersVerdictsAreComparedWithVotesIntoAPageCsvAndJson() throws IOException {
    Path votes = LightVotes.in(folder);
    Path run = folder.resolve("run");
    try (LoopbackServer server =
        LoopbackServer.builder(MockJudge.of((image, prompt) -> image.get(0, 0, 0))).start()) {
      Object[] args = {
        "study",
        votes,
        "--judge",
        "http",
        "--base-url",
        server.baseUrl(),
        "--yes",
        "--run",
        run,
        "--json"
      };
      Done first = commands.run(args);
      Done second = commands.run(args);

      assertThat(first.code()).as(first.err()).isZero();
      assertThat(first.json().integer("groups")).isEqualTo(2);
      assertThat(first.err()).contains("right, decided pairs", "1.000");
      assertThat(second.code()).as(second.err()).isZero();
      assertThat(server.answers()).isEqualTo(4);
    }
    assertThat(run.resolve("agreement.html")).content().contains("stand in for people?");
    assertThat(run.resolve("agreement.csv")).content().startsWith("judge,kind,section");
    assertThat(Json.readObject(run.resolve("agreement.json")).objects("figures")).isNotEmpty();

    Done read =
        commands.run(
            "study",
            votes,
            "--verdicts",
            run.resolve("judged.jsonl"),
            "--run",
            folder.resolve("other"));
    assertThat(read.code()).as(read.err()).isZero();
    assertThat(read.out()).contains("right, decided pairs", "the page is");
  }

  @Test
  void wrongArgumentsAreNamedBeforeAnyWork() throws IOException {
    Path votes = LightVotes.in(folder);
    Path run = folder.resolve("run");

    assertThat(commands.run("study").err()).contains("VOTES");
    assertThat(commands.run("study", folder.resolve("no.json"), "--run", run).err())
        .contains("there is no file");
    assertThat(commands.run("study", votes, "--shape", "mine", "--run", run).err())
        .contains("there is no shape 'mine'", "hpdv2-test");
    assertThat(commands.run("study", votes, "--limit", 0, "--run", run).err())
        .contains("--limit must be at least 1");
    assertThat(run).doesNotExist();
  }
}
