package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.examples.cli.Commands.Done;
import org.tastemaker.human.testing.PersonByHttp;
import org.tastemaker.human.web.PageServer;

class RankCommandTest {
  private final Commands commands = new Commands();

  @TempDir Path folder;

  /** One prompt with two images. */
  private Path prompts() throws IOException {
    Path one = Files.createDirectories(folder.resolve("prompts").resolve("one"));
    Files.writeString(one.resolve("prompt.txt"), "something red");
    for (int i = 0; i < 2; i++) {
      Files.write(one.resolve(i + ".png"), Image.filled(4, 4, i, 0, 0).toPng());
    }
    return folder.resolve("prompts");
  }

  private static void answer(PageServer server) {
    PersonByHttp person = new PersonByHttp(server.address("me"));
    JsonObject state = person.state();
    while (!state.has("question")) {
      state = person.state();
    }
    String id = state.object("question").text("id");
    Object unused =
        person.click(
            "/api/answer",
            Map.of(
                "answerId",
                "c1",
                "question",
                id,
                "kind",
                "ranked",
                "tiers",
                List.of(List.of(0), List.of(1))));
    while (!person.state().flag("finished")) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aPersonsOrderIsInTheDatasetThatTheResultNames() throws IOException {
    commands.serving = RankCommandTest::answer;

    Done done =
        commands.run(
            "rank",
            "--folder",
            prompts(),
            "--run",
            folder.resolve("run"),
            "--undo-seconds",
            "0",
            "--checks",
            "0",
            "--json");

    assertThat(done.code()).as(done.err()).isZero();
    assertThat(done.json().integer("groups")).isEqualTo(1);
    assertThat(Path.of(done.json().text("dataset"))).isRegularFile();
    assertThat(done.err()).contains("me's page: http://127.0.0.1:");
  }

  @Test
  void aFolderThatIsNotThereIsRefused() {
    Done done =
        commands.run("rank", "--folder", folder.resolve("no"), "--run", folder.resolve("run"));

    assertThat(done.code()).isEqualTo(2);
    assertThat(done.err()).contains("--folder: there is no folder");
  }
}
