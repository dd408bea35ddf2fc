package org.tastemaker.human.improve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.human.web.Reply;

/** Clicks, as a browser sends them, and what becomes of them. */
class ImproveSessionTest {
  @TempDir private Path folder;

  private final FakePainter painter = new FakePainter();

  @Test
  void someoneWhoLikesBrightImagesGetsABrighterOne() {
    try (Visit visit = Visit.open(folder, painter)) {
      double before = visit.best();
      visit.click(20);

      assertThat(visit.best()).isGreaterThan(before + 1);
      assertThat(visit.state().integer("round")).isEqualTo(11);
    }
  }

  @Test
  void aRunThatIsResumedAfterEachClickIsBitIdenticalToOneThatIsNot() {
    float[] uninterrupted;
    JsonObject last;
    try (Visit visit = Visit.open(folder.resolve("one"), painter)) {
      visit.click(9);
      uninterrupted = visit.session.best();
      last = visit.whole();
    }
    for (int i = 0; i < 9; i++) {
      try (Visit visit = Visit.open(folder.resolve("two"), painter)) {
        visit.click(1);
      }
    }
    try (Visit visit = Visit.open(folder.resolve("two"), painter)) {
      assertThat(visit.session.best()).isEqualTo(uninterrupted);
      assertThat(visit.whole().list("images")).isEqualTo(last.list("images"));
      assertThat(visit.state().list("moves")).isEqualTo(last.list("moves"));
      assertThat(visit.state().integer("round")).isEqualTo(last.integer("round"));
    }
  }

  @Test
  void whatWasPaintedIsNotPaintedAgainAfterARestart() {
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(5);
      JsonObject unused = visit.whole();
    }
    int before = painter.painted().size();
    try (Visit visit = Visit.open(folder, painter)) {
      JsonObject unused = visit.whole();
    }

    assertThat(painter.painted()).hasSize(before).doesNotHaveDuplicates();
  }

  @Test
  void aLogThatIsCutAtAnyByteIsResumedWithTheClicksThatWereWhole() throws IOException {
    Path log = folder.resolve("answers.jsonl");
    float[][] after = new float[4][];
    try (Visit visit = Visit.open(folder, painter)) {
      for (int clicks = 0; clicks < 4; clicks++) {
        after[clicks] = visit.session.best();
        if (clicks < 3) {
          visit.click(1);
        }
      }
    }
    byte[] whole = Files.readAllBytes(log);
    for (int length = 0; length <= whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      Files.write(log, cut);
      int lines = (int) new String(cut, UTF_8).chars().filter(c -> c == '\n').count();
      try (Visit visit = Visit.open(folder, painter)) {
        assertThat(visit.state().text("question")).isEqualTo(Integer.toString(lines));
        assertThat(visit.session.best()).isEqualTo(after[lines]);
      }
    }
  }

  @Test
  void aLogThatWasChangedIsRejectedWithItsLine() throws IOException {
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(3);
    }
    Path log = folder.resolve("answers.jsonl");
    List<String> lines = Files.readAllLines(log);
    Files.write(log, List.of(lines.get(0), lines.get(2)));

    assertThatThrownBy(() -> Visit.open(folder, painter))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("question 2");
  }

  @Test
  void anotherPromptInTheSameFolderIsRejected() {
    Visit.open(folder, painter).close();

    assertThatThrownBy(() -> Visit.open(folder, new FakePainter(Prompt.of("a ship"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("prompt is a lighthouse there and a ship now")
        .hasMessageContaining("another folder");
  }

  @Test
  void aFolderHasOneSessionAtATime() {
    try (Visit visit = Visit.open(folder, painter)) {
      assertThatThrownBy(() -> Visit.open(folder, painter))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("one owner at a time");
      assertThat(visit.state().text("question")).isEqualTo("0");
    }
  }

  @Test
  void aClickIsOnTheDiskWhenItIsAnswered() throws IOException {
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(1);

      JsonObject line =
          Json.parseObject(Files.readString(folder.resolve("answers.jsonl")).strip(), "the line");
      assertThat(line.text("what")).isEqualTo("ANSWER");
      assertThat(line.integers("order")).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
      assertThat(line.integer("millis")).isEqualTo(1234);
      assertThat(line.text("visitor")).isEqualTo("you");
      assertThat(line.text("at")).isEqualTo("2030-01-02T03:04:05Z");
    }
  }

  @Test
  void aClickThatIsSentTwiceCountsOnce() {
    try (Visit visit = Visit.open(folder, painter)) {
      Map<String, Object> body = visit.body(visit.whole(), "ranked", List.of(List.of(0)));
      Reply first = visit.post("/api/answer", body);
      Reply second = visit.post("/api/answer", body);

      assertThat(first.status()).isEqualTo(200);
      assertThat(second.status()).isEqualTo(200);
      assertThat(Visit.json(second).text("question")).isEqualTo("1");
    }
  }

  @Test
  void aClickThatIsSentAgainAfterARestartCountsOnce() {
    Map<String, Object> body;
    try (Visit visit = Visit.open(folder, painter)) {
      body = visit.body(visit.whole(), "ranked", List.of(List.of(0)));
      Reply unused = visit.post("/api/answer", body);
    }
    try (Visit visit = Visit.open(folder, painter)) {
      assertThat(visit.post("/api/answer", body).status()).isEqualTo(200);
      assertThat(visit.state().text("question")).isEqualTo("1");
    }
  }

  @Test
  void aSecondTabsAnswerToAClosedQuestionIsKeptAndChangesNothing() throws IOException {
    try (Visit visit = Visit.open(folder, painter);
        Visit other = visit.secondTab()) {
      JsonObject both = visit.whole();
      Reply unused = visit.answer(both, "ranked", List.of(List.of(0)));
      float[] best = visit.session.best();
      Reply late = other.answer(both, "ranked", List.of(List.of(1)));

      assertThat(late.status()).isEqualTo(409);
      assertThat(Visit.json(late).text("question")).isEqualTo("1");
      assertThat(visit.session.best()).isEqualTo(best);
      List<String> lines = Files.readAllLines(folder.resolve("answers.jsonl"));
      JsonObject line = Json.parseObject(lines.get(1), "the line");
      assertThat(line.text("what")).isEqualTo("LATE");
      assertThat(line.integers("order"))
          .isEqualTo(Json.parseObject(lines.get(0), "the line").integers("order"));
    }
    try (Visit again = Visit.open(folder, painter)) {
      assertThat(again.state().text("question")).isEqualTo("1");
    }
  }

  @Test
  void undoOpensTheSameQuestionInTheSameOrder() {
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(3);
      JsonObject before = visit.whole();
      visit.click(1);
      JsonObject after = visit.whole();
      int painted = painter.painted().size();
      Reply undone = visit.undo(after);

      assertThat(undone.status()).isEqualTo(200);
      assertThat(visit.whole().list("images")).isEqualTo(before.list("images"));
      assertThat(visit.state().list("moves")).isEqualTo(before.list("moves"));
      assertThat(visit.state().text("question")).isEqualTo("5");
      assertThat(painter.painted()).hasSize(painted);
    }
  }

  @Test
  void undoTakesBackOneClickAfterTheOtherToTheStartAndThenNone() {
    try (Visit visit = Visit.open(folder, painter)) {
      List<?> start = visit.whole().list("images");
      visit.click(6);
      for (int i = 0; i < 6; i++) {
        assertThat(visit.undo(visit.state()).status()).isEqualTo(200);
      }

      assertThat(visit.whole().list("images")).isEqualTo(start);
      assertThat(visit.state().flag("canUndo")).isFalse();
      Reply none = visit.undo(visit.state());
      assertThat(none.status()).isEqualTo(400);
      assertThat(Visit.json(none).text("message")).contains("nothing to undo");
    }
  }

  @Test
  void goingBackBranchesWithNewCandidatesAndCanBeUndone() {
    try (Visit visit = Visit.open(folder, painter)) {
      List<?> start = visit.whole().list("images");
      visit.click(8);
      JsonObject before = visit.whole();
      assertThat(before.list("moves").size()).isGreaterThan(2);
      Reply back = visit.back(before, 0);

      assertThat(back.status()).isEqualTo(200);
      JsonObject branched = visit.whole();
      assertThat(branched.list("moves")).isEqualTo(before.list("moves").subList(0, 1));
      assertThat(branched.list("images")).doesNotContainAnyElementsOf(start);
      assertThat(visit.undo(branched).status()).isEqualTo(200);
      assertThat(visit.whole().list("moves")).isEqualTo(before.list("moves"));
      assertThat(visit.whole().list("images")).isEqualTo(before.list("images"));
    }
  }

  @Test
  void aBranchIsThereAfterARestart() {
    float[] best;
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(6);
      Reply unused = visit.back(visit.whole(), 1);
      visit.click(4);
      unused = visit.undo(visit.whole());
      best = visit.session.best();
    }
    try (Visit visit = Visit.open(folder, painter)) {
      assertThat(visit.session.best()).isEqualTo(best);
    }
  }

  @Test
  void noMoveThatIsNotThereCanBeGoneBackTo() {
    try (Visit visit = Visit.open(folder, painter)) {
      Reply reply = visit.back(visit.whole(), 3);

      assertThat(reply.status()).isEqualTo(400);
      assertThat(Visit.json(reply).text("message")).contains("no move 3");
    }
  }

  @Test
  void noneOfTheStepsKeepsTheBestSoFar() {
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(2);
      float[] best = visit.session.best();
      visit.click(1);
      JsonObject steps = visit.whole();
      assertThat(steps.text("kind")).isEqualTo("steps");
      Reply unused = visit.answer(steps, "none", List.of());

      assertThat(visit.session.best()).isEqualTo(best);
      assertThat(visit.whole().text("kind")).isEqualTo("probes");
      assertThat(visit.state().integer("round")).isEqualTo(3);
    }
  }

  @Test
  void noneOfTheProbesAndSkipBringNewOnes() {
    for (String kind : List.of("none", "skip")) {
      try (Visit visit = Visit.open(folder.resolve(kind), painter)) {
        JsonObject probes = visit.whole();
        Reply unused = visit.answer(probes, kind, List.of());

        JsonObject next = visit.whole();
        assertThat(next.text("kind")).isEqualTo("probes");
        assertThat(next.list("images")).doesNotContainAnyElementsOf(probes.list("images"));
        assertThat(next.list("moves")).isEqualTo(probes.list("moves"));
      }
    }
  }

  @Test
  void tiedProbesGiveAnotherDirectionThanOrderedOnes() {
    float[][] ends = new float[2][];
    for (int i = 0; i < 2; i++) {
      try (Visit visit = Visit.open(folder.resolve("run" + i), painter)) {
        List<List<Integer>> tiers =
            i == 0 ? List.of(List.of(0), List.of(1)) : List.of(List.of(0, 1));
        Reply unused = visit.answer(visit.whole(), "ranked", tiers);
        JsonObject steps = visit.whole();
        int place = steps.integer("current") == 0 ? 1 : 0;
        unused = visit.answer(steps, "ranked", List.of(List.of(place)));
        ends[i] = visit.session.best();
      }
    }

    assertThat(ends[0]).isNotEqualTo(ends[1]);
  }

  @Test
  void aTieWithTheBestSoFarKeepsIt() {
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(1);
      JsonObject steps = visit.whole();
      int current = steps.integer("current");
      int other = current == 0 ? 1 : 0;
      Reply unused = visit.answer(steps, "ranked", List.of(List.of(current, other)));

      assertThat(visit.session.best()).isEqualTo(new float[FakePainter.SIZE]);
    }
  }

  @Test
  void anAnswerAboutPlacesThatAreNotThereIsRejectedAndNothingIsWritten() throws IOException {
    try (Visit visit = Visit.open(folder, painter)) {
      for (List<List<Integer>> tiers :
          List.of(
              List.of(List.of(6)),
              List.of(List.of(-1)),
              List.of(List.of(0), List.of(0)),
              List.<List<Integer>>of())) {
        assertThat(visit.answer(visit.whole(), "ranked", tiers).status()).isEqualTo(400);
      }

      assertThat(Files.size(folder.resolve("answers.jsonl"))).isZero();
      assertThat(visit.state().text("question")).isEqualTo("0");
    }
  }

  @Test
  void whatIsNoJsonOrNoAnswerIsRejectedWithAMessage() {
    try (Visit visit = Visit.open(folder, painter)) {
      assertThat(visit.post("/api/answer", Map.of("kind", "ranked")).status()).isEqualTo(400);
      assertThat(visit.post("/api/elsewhere", Map.of()).status()).isEqualTo(404);
      assertThat(visit.answer(visit.whole(), "best", List.of()).status()).isEqualTo(400);
    }
  }

  @Test
  void theDownloadedSettingsMakeTheDownloadedImageAgain() {
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(7);
      JsonObject unused = visit.whole();
      Reply settings = visit.get("/download/settings.json");
      Reply image = visit.get("/download/image.png");

      String text = new String(settings.body(), UTF_8);
      Recipe recipe = Recipe.read(text, "the download");
      assertThat(FakePainter.image(recipe.point()).toPng()).isEqualTo(image.body());
      assertThat(recipe.settings().values()).containsEntry("prompt", "a lighthouse");
      assertThat(recipe.clicks()).hasSize(7);
      assertThat(settings.fileName()).endsWith(".json");
      assertThat(image.fileName()).matches("improved-[0-9a-f]{8}\\.png");
    }
  }

  @Test
  void theClicksOfTheDownloadLeadToItsPoint() {
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(5);
      Reply unused = visit.back(visit.whole(), 1);
      visit.click(3);
      unused = visit.undo(visit.whole());
      Recipe recipe = visit.session.recipe();

      Walk walk = new Walk(new float[FakePainter.SIZE], Over.NOISE.search(), Seed.of(7));
      recipe
          .clicks()
          .forEach(click -> walk.apply(Click.of(Json.parseObject(Json.write(click), "a click"))));
      assertThat(walk.point().values()).isEqualTo(recipe.point());
    }
  }

  @Test
  void thereIsNoLoraWhereNoGainsAreSearched() {
    try (Visit visit = Visit.open(folder, painter)) {
      assertThat(visit.get("/download/lora.safetensors").status()).isEqualTo(404);
    }
  }

  @Test
  void nothingButImagesOfTheRunIsServed() {
    try (Visit visit = Visit.open(folder, painter)) {
      for (String path :
          List.of("/image/settings.png", "/image/" + "0".repeat(64) + ".png", "/answers.jsonl")) {
        assertThat(visit.get(path).status()).isEqualTo(404);
      }
    }
  }
}
