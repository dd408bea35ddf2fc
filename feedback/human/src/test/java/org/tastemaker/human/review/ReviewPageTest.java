package org.tastemaker.human.review;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.human.web.PageRequest;
import org.tastemaker.human.web.Reply;

/** What the page's scripts are answered, without a server. */
class ReviewPageTest {
  @TempDir Path folder;
  private ReviewDesk desk;
  private ReviewPage page;

  @BeforeEach
  void open() {
    desk = Judged.desk(folder, Judged.dataset(folder, 3));
    page = new ReviewPage(desk, Judged.images(folder));
  }

  @AfterEach
  void close() {
    desk.close();
  }

  private Reply get(String path, String visitor) throws InterruptedException {
    return page.answer(new PageRequest("GET", path, Map.of(), visitor, new byte[0]));
  }

  private Reply post(String path, String visitor, String body) throws InterruptedException {
    return page.answer(
        new PageRequest("POST", path, Map.of(), visitor, body.getBytes(StandardCharsets.UTF_8)));
  }

  private static JsonObject json(Reply reply) {
    return Json.parseObject(new String(reply.body(), StandardCharsets.UTF_8), "the reply");
  }

  private JsonObject question(String visitor) throws InterruptedException {
    return json(get("/api/state", visitor)).object("question");
  }

  private static String confirm(String id, String question) {
    return "{\"answerId\":\""
        + id
        + "\",\"question\":\""
        + question
        + "\",\"kind\":\"confirm\",\"tiers\":[],\"millis\":5,\"criteria\":{\"style\":false}}";
  }

  @Test
  void aVerdictComesWithItsReasonsItsOrderAndItsImages() throws InterruptedException {
    JsonObject question = question("ann");
    assertThat(question.text("rationale")).contains("Image B is redder.").contains(Judged.ATTACK);
    assertThat(question.text("judge")).isEqualTo("chat");
    assertThat(question.objects("criteria")).hasSize(2);
    List<String> images = question.texts("images");
    assertThat(images).hasSize(3);
    Reply image = get(images.get(0), "ann");
    assertThat(image.type()).isEqualTo("image/png");
    assertThat(image.unchanging()).isTrue();
    // The judge's order of the images is 2, 0, 1; the page has it by what it shows.
    ReviewDesk.Shown shown = Judged.look(desk, "ann");
    List<Integer> best = question.integerLists("tiers").get(0);
    assertThat(shown.shown().get(best.get(0))).isEqualTo(2);
    assertThat(images.get(best.get(0))).contains(shown.verdict().images().get(2));
  }

  @Test
  void aConfirmationIsOnDiskBeforeTheReply() throws Exception {
    String question = question("ann").text("id");
    Reply reply = post("/api/answer", "ann", confirm("click", question));
    assertThat(Files.readString(Judged.log(folder)))
        .contains("\"id\":\"click\"")
        .contains("\"anchored\":true");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(json(reply).integer("own")).isEqualTo(1);
    assertThat(json(reply).object("question").text("id")).isNotEqualTo(question);
    assertThat(desk.reviews().get(0).criteria()).isEqualTo(Map.of("style", false));
  }

  @Test
  void undoShowsTheVerdictAgain() throws InterruptedException {
    String question = question("ann").text("id");
    JsonObject after = json(post("/api/answer", "ann", confirm("click", question)));
    String last = after.object("last").text("id");
    Reply reply = post("/api/undo", "ann", "{\"answerId\":\"u\",\"undoes\":\"" + last + "\"}");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(json(reply).object("question").text("id")).isEqualTo(question);
  }

  @Test
  void aClickThatIsSentTwiceIsAnsweredAlikeAndCountsOnce() throws InterruptedException {
    String question = question("ann").text("id");
    Reply first = post("/api/answer", "ann", confirm("click", question));
    Reply second = post("/api/answer", "ann", confirm("click", question));
    assertThat(second.status()).isEqualTo(200);
    assertThat(json(second)).isEqualTo(json(first));
    assertThat(desk.reviews()).hasSize(1);
  }

  @Test
  void aSecondTabsAnswerIsAConflictWithTheStateNow() throws InterruptedException {
    String question = question("ann").text("id");
    post("/api/answer", "ann", confirm("one", question));
    Reply reply = post("/api/answer", "ann", confirm("two", question));
    assertThat(reply.status()).isEqualTo(409);
    assertThat(json(reply).text("message")).contains("already");
    assertThat(json(reply).object("question").text("id")).isNotEqualTo(question);
  }

  @Test
  void whatIsMalformedUnknownOrAnothersIsRefusedAndChangesNothing() throws Exception {
    String anns = question("ann").text("id");
    String mine = question("bob").text("id");
    byte[] before = Files.readAllBytes(Judged.log(folder));
    for (String body :
        List.of(
            "",
            "[]",
            "{",
            "null",
            "{\"answerId\":7}",
            "{\"answerId\":\"x\"}",
            "{\"answerId\":\"../x\",\"question\":\"" + mine + "\",\"kind\":\"confirm\"}",
            "{\"answerId\":\"x\",\"question\":\"" + mine + "\",\"kind\":\"destroy\"}",
            "{\"answerId\":\"x\",\"question\":\"" + mine + "\",\"kind\":\"ranked\"}",
            "{\"answerId\":\"x\",\"question\":\""
                + mine
                + "\",\"kind\":\"ranked\",\"tiers\":[[9]]}",
            "{\"answerId\":\"x\",\"question\":\""
                + mine
                + "\",\"kind\":\"ranked\",\"tiers\":[[0],[0]]}",
            "{\"answerId\":\"x\",\"question\":\""
                + mine
                + "\",\"kind\":\"confirm\",\"criteria\":{\"no\":true}}",
            "{\"answerId\":\"x\",\"question\":\""
                + mine
                + "\",\"kind\":\"confirm\",\"criteria\":[1]}",
            "{\"answerId\":\"" + "x".repeat(101) + "\",\"question\":\"q\",\"kind\":\"skip\"}")) {
      Reply reply = post("/api/answer", "bob", body);
      assertThat(reply.status()).as(body).isEqualTo(400);
      assertThat(json(reply).text("message")).isNotBlank();
    }
    assertThat(post("/api/answer", "bob", confirm("x", anns)).status()).isEqualTo(404);
    assertThat(post("/api/answer", "bob", confirm("x", "0".repeat(32))).status()).isEqualTo(404);
    assertThat(post("/api/undo", "bob", "{\"answerId\":\"u\",\"undoes\":\"no\"}").status())
        .isEqualTo(404);
    assertThat(Files.readAllBytes(Judged.log(folder))).isEqualTo(before);
    assertThat(desk.reviews()).isEmpty();
  }

  @Test
  void nothingButTheDatasetsImagesIsServed() throws Exception {
    Files.write(Judged.images(folder).resolve("a".repeat(64) + ".png"), new byte[] {1});
    assertThat(get("/image/" + "a".repeat(64) + ".png", "ann").status()).isEqualTo(404);
    assertThat(get("/image/../judged.jsonl", "ann").status()).isEqualTo(404);
    assertThat(get("/judged.jsonl", "ann").status()).isEqualTo(404);
  }

  @Test
  void anImageThatIsNotThereIsNamed() throws IOException, InterruptedException {
    String path = question("ann").texts("images").get(0);
    Files.delete(Judged.images(folder).resolve(path.substring(7)));
    Reply reply = get(path, "ann");
    assertThat(reply.status()).isEqualTo(404);
    assertThat(json(reply).text("message")).contains("was the job told to save images there?");
  }

  @Test
  void theFiguresAreThere() throws InterruptedException {
    post("/api/answer", "ann", confirm("one", question("ann").text("id")));
    JsonObject sums = json(get("/api/state", "bob")).object("summary");
    assertThat(sums.integer("reviewed")).isEqualTo(1);
    assertThat(sums.object("confirmed").integer("count")).isEqualTo(1);
    assertThat(sums.objects("byCriterion").get(0).text("name")).isEqualTo("style");
    assertThat(sums.objects("byPerson").get(0).text("name")).isEqualTo("ann");
  }
}
