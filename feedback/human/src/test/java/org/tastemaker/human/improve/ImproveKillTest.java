package org.tastemaker.human.improve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.human.testing.PersonByHttp;
import org.tastemaker.testing.ChildProgram;
import org.tastemaker.testing.Effort;

/** The server is killed at random moments while someone clicks. */
class ImproveKillTest {
  private static final int KILLS = Effort.times(3, 200);
  private static final int LONGEST_LIFE = 400; // ms after the first state

  @TempDir private Path folder;

  private final RandomGenerator random = Seed.of(5).generator();
  private final List<String> acknowledged = new ArrayList<>();
  private @Nullable Map<String, Object> unanswered;
  private int clicks;

  @Test
  void noClickIsLostOrTakenTwice() throws IOException, InterruptedException {
    for (int kill = 0; kill < KILLS; kill++) {
      live();
    }

    List<Click> log = ClickLog.read(folder);
    List<String> ids = log.stream().map(Click::answerId).toList();
    assertThat(acknowledged).isNotEmpty();
    assertThat(ids).doesNotHaveDuplicates().containsSubsequence(acknowledged);
    assertThat(ids.size() - acknowledged.size()).isBetween(0, 1); // the last may be on disk alone
    try (Visit visit = Visit.open(folder, new FakePainter())) {
      assertThat(visit.state().text("question")).isEqualTo(Integer.toString(ids.size()));
    }
  }

  /** A process from its start to its death. */
  private void live() throws IOException, InterruptedException {
    Process process = ChildProgram.of(ImproveProgram.class, folder.toString()).start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      String line = out.readLine();
      while (line != null && !line.startsWith("http")) {
        line = out.readLine();
      }
      assertThat(line).as("the address").isNotNull();
      PersonByHttp person = new PersonByHttp(URI.create(String.valueOf(line)));
      JsonObject unused = person.state();
      Executor later =
          CompletableFuture.delayedExecutor(random.nextInt(LONGEST_LIFE), TimeUnit.MILLISECONDS);
      CompletableFuture<Process> dead =
          CompletableFuture.supplyAsync(process::destroyForcibly, later);
      clickUntilItIsGone(person);
      Process killed = dead.join();
      assertThat(killed.waitFor()).isNotZero();
    }
  }

  private void clickUntilItIsGone(PersonByHttp person) {
    try {
      while (true) {
        if (unanswered == null) {
          JsonObject state = person.state();
          List<Integer> seen = Visit.places(state);
          if (seen.size() < 2) {
            continue;
          }
          int best = seen.get(random.nextInt(seen.size()));
          unanswered =
              Map.of(
                  "answerId",
                  "click " + clicks++,
                  "question",
                  state.text("question"),
                  "kind",
                  "ranked",
                  "tiers",
                  List.of(List.of(best)),
                  "seen",
                  seen);
        }
        PersonByHttp.Said said = person.click("/api/answer", unanswered);
        assertThat(said.status()).as(said.json().toString()).isEqualTo(200);
        acknowledged.add(String.valueOf(unanswered.get("answerId")));
        unanswered = null; // otherwise it is sent again, to the next process
      }
    } catch (UncheckedIOException e) {
      assertThat(e).hasMessageNotContaining("400");
    }
  }
}
