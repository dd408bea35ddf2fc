package org.tastemaker.human.desk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.testing.Effort;

/** A log that ends anywhere, as after a kill, and pages that send their clicks again. */
class DeskCutTest {
  private record Click(String person, String id, String assignment, List<List<Integer>> tiers) {}

  @TempDir Path folder;

  @Test
  void clicksSentAgainMakeTheCutLogWholeAndAnsweredQuestionsAreNotAskedAgain() throws Exception {
    Path log = People.log(folder);
    Map<Integer, Click> clicks = new LinkedHashMap<>(); // by the log's length after it
    Map<String, String> said = new LinkedHashMap<>();
    try (Desk desk = People.desk(folder, 1)) {
      for (int i = 0; i < 4; i++) {
        var asked = People.ask(desk, "q" + i, 2);
        String person = i % 2 == 0 ? "ann" : "bob";
        Desk.Shown shown = People.look(desk, person);
        Click click = new Click(person, "c" + i, shown.assignment().id(), People.brightest(shown));
        send(desk, click);
        clicks.put((int) Files.size(log), click);
        said.put("q" + i, "c" + i);
        assertThat(asked.join()).hasSize(1);
      }
    }
    byte[] whole = Files.readAllBytes(log);
    String text = new String(whole, StandardCharsets.UTF_8);
    int first =
        Effort.times(text.lastIndexOf("{\"kind\":\"ranked\""), text.indexOf("{\"kind\":\"given\""));
    for (int length = first; length <= whole.length; length++) {
      cut(log, whole, length);
      try (Desk desk = People.desk(folder, 1)) {
        assertThat(desk.damaged()).as("%s bytes", length).isZero();
        for (Map.Entry<Integer, Click> click : clicks.entrySet()) {
          String question = "q" + click.getValue().id().substring(1);
          boolean kept = click.getKey() <= length;
          if (kept) { // nobody needs to be there
            assertThat(desk.ask(People.question(question, 2), Duration.ZERO)).hasSize(1);
          } else {
            CompletableFuture<List<DeskAnswer>> unused = People.ask(desk, question, 2);
            assertThat(People.look(desk, click.getValue().person()).assignment().id())
                .isEqualTo(click.getValue().assignment());
          }
          assertThat(send(desk, click.getValue()))
              .isEqualTo(kept ? Desk.Outcome.REPEATED : Desk.Outcome.TAKEN);
        }
      }
      Map<String, String> now = new LinkedHashMap<>();
      DeskRecords.read(log).answers().stream()
          .sorted((a, b) -> a.id().compareTo(b.id()))
          .forEach(answer -> now.put(answer.assignment().question(), answer.id()));
      assertThat(now).as("%s bytes", length).isEqualTo(said);
    }
  }

  private static Desk.Outcome send(Desk desk, Click click) {
    return desk.answer(
        click.person(), click.id(), click.assignment(), DeskAnswer.Kind.RANKED, click.tiers(), 700);
  }

  private static void cut(Path log, byte[] whole, int length) throws IOException {
    Files.write(log, Arrays.copyOf(whole, length));
  }
}
