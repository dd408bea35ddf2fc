package org.tastemaker.human.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.JobReport;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.human.HumanOracle;
import org.tastemaker.human.desk.Desk;
import org.tastemaker.human.desk.DeskAnswer;
import org.tastemaker.human.testing.PersonByHttp;
import org.tastemaker.human.web.PageRequest;
import org.tastemaker.human.web.PageServer;
import org.tastemaker.human.web.Reply;

class AnnotatePageTest {
  private static final Rubric RUBRIC = Rubric.of("red", "1", "Redder is better.");

  @TempDir Path folder;

  private static Reply get(AnnotatePage page, String path, String visitor)
      throws InterruptedException {
    return page.answer(new PageRequest("GET", path, Map.of(), visitor, new byte[0]));
  }

  private static Reply post(AnnotatePage page, String path, String visitor, String body)
      throws InterruptedException {
    return page.answer(
        new PageRequest("POST", path, Map.of(), visitor, body.getBytes(StandardCharsets.UTF_8)));
  }

  private static JsonObject json(Reply reply) {
    return Json.parseObject(new String(reply.body(), StandardCharsets.UTF_8), "the reply");
  }

  private static String ranked(String id, String question, String tiers) {
    return "{\"answerId\":\""
        + id
        + "\",\"question\":\""
        + question
        + "\",\"kind\":\"ranked\",\"tiers\":"
        + tiers
        + ",\"millis\":7}";
  }

  @Test
  void eachVisitorGetsAQuestionOfTheirOwnWithItsImages() throws InterruptedException {
    List<ImageGroup> groups = Asked.groups(2, 3);
    try (Desk desk = Asked.desk(folder, Asked.options(1, 0))) {
      AnnotatePage page = new AnnotatePage(desk, List.of("ann"));
      final CompletableFuture<List<DeskAnswer>> first = Asked.ask(desk, groups.get(0));
      final CompletableFuture<List<DeskAnswer>> second = Asked.ask(desk, groups.get(1));
      JsonObject ann = json(get(page, "/api/state", "ann")).object("question");
      JsonObject bob = json(get(page, "/api/state", "bob")).object("question");
      assertThat(ann.text("prompt")).isEqualTo("prompt 0" + Asked.ATTACK);
      assertThat(bob.text("prompt")).isEqualTo("prompt 1");
      String image = ann.texts("images").get(0);
      assertThat(Image.fromBytes(get(page, image, "ann").body()).width()).isEqualTo(4);
      assertThat(get(page, image, "bob").status()).as("another's images").isEqualTo(404);
      assertThat(first).isNotDone();
      assertThat(second).isNotDone();
    }
  }

  @Test
  void anAnswerIsOnDiskBeforeTheReplyWhichHasTheNextQuestion() throws Exception {
    List<ImageGroup> groups = Asked.groups(2, 2);
    try (Desk desk = Asked.desk(folder, Asked.options(1, 0))) {
      AnnotatePage page = new AnnotatePage(desk, List.of("ann"));
      CompletableFuture<List<DeskAnswer>> first = Asked.ask(desk, groups.get(0));
      CompletableFuture<List<DeskAnswer>> second = Asked.ask(desk, groups.get(1));
      String question = json(get(page, "/api/state", "ann")).object("question").text("id");
      String body = ranked("click", question, "[[1],[0]]");
      Reply reply = post(page, "/api/answer", "ann", body);
      assertThat(Files.readString(folder.resolve("answers.jsonl"))).contains("\"id\":\"click\"");
      assertThat(json(reply).integer("own")).isEqualTo(1);
      assertThat(json(reply).object("question").text("prompt")).isEqualTo("prompt 1");
      assertThat(first.join()).hasSize(1);
      assertThat(post(page, "/api/answer", "ann", body).status()).isEqualTo(200);
      assertThat(post(page, "/api/answer", "ann", body.replace("click", "tab2")).status())
          .isEqualTo(409);
      assertThat(second).isNotDone();
    }
  }

  @Test
  void whatIsMalformedUnknownOrAnothersIsRefusedAndChangesNothing() throws Exception {
    try (Desk desk = Asked.desk(folder, Asked.options(1, 0))) {
      AnnotatePage page = new AnnotatePage(desk, List.of("ann"));
      final CompletableFuture<List<DeskAnswer>> asked = Asked.ask(desk, Asked.groups(1, 3).get(0));
      String anns = json(get(page, "/api/state", "ann")).object("question").text("id");
      byte[] before = Files.readAllBytes(folder.resolve("answers.jsonl"));
      for (String body :
          List.of(
              "",
              "[1]",
              "{",
              "{\"answerId\":\"x\"}",
              ranked("../x", anns, "[[0]]"),
              ranked("x", anns, "[[3]]"),
              ranked("x", anns, "[[0],[0]]"),
              ranked("x", anns, "[]"),
              ranked("x", anns, "7"),
              ranked("x", anns, "[[0]]").replace("ranked", "destroy"))) {
        Reply reply = post(page, "/api/answer", "ann", body);
        assertThat(reply.status()).as(body).isEqualTo(400);
        assertThat(json(reply).text("message")).isNotBlank();
      }
      assertThat(post(page, "/api/answer", "bob", ranked("x", anns, "[[0]]")).status())
          .isEqualTo(404);
      assertThat(post(page, "/api/answer", "ann", ranked("x", "none", "[[0]]")).status())
          .isEqualTo(404);
      assertThat(Files.readAllBytes(folder.resolve("answers.jsonl"))).isEqualTo(before);
      assertThat(asked).isNotDone();
    }
  }

  @Test
  void theOverviewIsForThoseWhoLead() throws InterruptedException {
    try (Desk desk = Asked.desk(folder, Asked.options(1, 0))) {
      AnnotatePage page = new AnnotatePage(desk, List.of("ann"));
      final CompletableFuture<List<DeskAnswer>> asked = Asked.ask(desk, Asked.groups(1, 2).get(0));
      String question = json(get(page, "/api/state", "bob")).object("question").text("id");
      Reply unused = post(page, "/api/answer", "bob", ranked("click", question, "[[1],[0]]"));
      assertThat(asked.join()).hasSize(1);
      page.progress(1, 5);
      JsonObject overview = json(get(page, "/api/overview", "ann"));
      assertThat(overview.integer("total")).isEqualTo(5);
      assertThat(overview.objects("people").get(0).text("name")).isEqualTo("bob");
      assertThat(overview.objects("people").get(0).object("firstShown").integer("of")).isEqualTo(1);
      assertThat(get(page, "/api/overview", "bob").status()).isEqualTo(404);
    }
  }

  @Test
  void fourAnnotatorsFinishTwoHundredGroupsWithNothingDoubled() throws Exception {
    List<ImageGroup> groups = Asked.groups(200, 3);
    Map<String, Ranking> reference = new HashMap<>();
    groups.forEach(group -> reference.put(GroupId.of(group), Ranking.of(2, 1, 0)));
    List<String> people = List.of("ann", "bob", "cid", "dora");
    ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
    Path dataset = folder.resolve("people.jsonl");
    try (Desk desk = Asked.desk(folder, Asked.options(1, 0), reference)) {
      AnnotatePage page = new AnnotatePage(desk, List.of("ann"));
      try (PageServer server = PageServer.builder(page).visitors(people).open()) {
        List<Thread> threads = new ArrayList<>();
        for (String name : people) {
          PersonByHttp person = new PersonByHttp(server.address(name));
          Thread thread = new Thread(() -> annotate(person, asked));
          thread.start();
          threads.add(thread);
        }
        JobReport report =
            AnnotationJob.builder(dataset, new HumanOracle(desk, 1, Duration.ofMinutes(2)), RUBRIC)
                .concurrency(12)
                .build()
                .run(groups);
        page.finish();
        for (Thread thread : threads) {
          thread.join(20_000);
        }
        assertThat(report.judged()).isEqualTo(200);
      }
      assertThat(desk.figures().withReference().of()).isEqualTo(600);
      assertThat(desk.figures().withReference().count()).isEqualTo(600);
    }
    assertThat(asked).hasSize(200).doesNotHaveDuplicates();
    List<AnnotatedGroup> judged = PreferenceDataset.readAll(dataset);
    assertThat(judged).hasSize(200);
    assertThat(judged)
        .allSatisfy(
            group -> {
              assertThat(group.judgement().ranking()).isEqualTo(Ranking.of(2, 1, 0));
              assertThat(group.judgement().judge()).isIn(people);
            });
  }

  /** Puts the images in the order of their names' place in the group: the reddest is the last. */
  private static void annotate(PersonByHttp person, ConcurrentLinkedQueue<String> asked) {
    JsonObject state = person.state();
    while (!state.flag("finished")) {
      if (!state.has("question")) {
        state = person.state();
        continue;
      }
      JsonObject question = state.object("question");
      List<Double> red = new ArrayList<>();
      List<Integer> order = new ArrayList<>();
      for (String path : question.texts("images")) {
        red.add(person.red(path));
        order.add(order.size());
      }
      order.sort((one, other) -> Double.compare(red.get(other), red.get(one)));
      asked.add(question.text("prompt"));
      state =
          person
              .click(
                  "/api/answer",
                  Map.of(
                      "answerId",
                      "c" + question.text("id"),
                      "question",
                      question.text("id"),
                      "kind",
                      "ranked",
                      "tiers",
                      order.stream().map(List::of).toList()))
              .json();
    }
  }

  @Test
  void anOracleSaysWhoSaidWhatAndKeepsSharesOfSeveralPeople() throws Exception {
    ImageGroup group = Asked.groups(1, 2).get(0);
    try (Desk desk = Asked.desk(folder, Asked.options(2, 0))) {
      CompletableFuture<Judgement> judged =
          CompletableFuture.supplyAsync(
              () ->
                  new HumanOracle(desk, 2, Duration.ofMinutes(1))
                      .rank(List.of(group), RUBRIC)
                      .get(0));
      Asked.await(() -> desk.isAsking(GroupId.of(group)));
      for (String person : List.of("ann", "bob")) {
        Desk.Shown shown = desk.standing(person).shown().orElseThrow();
        int best = person.equals("ann") ? 0 : 1;
        Desk.Outcome unused =
            desk.answer(
                person,
                person,
                shown.assignment().id(),
                DeskAnswer.Kind.RANKED,
                List.of(List.of(shown.assignment().shown().indexOf(best))),
                1);
      }
      assertThat(judged.get().judge()).isEqualTo("ann+bob");
      assertThat(judged.get().provenance()).containsEntry("preferences", "0,1,0.5");
      assertThat(judged.get().provenance().get(HumanOracle.VOTES)).contains("\"person\":\"ann\"");
    }
  }

  @Test
  void aGroupThatNobodyAnswersIsMissingAndOpen() {
    try (Desk desk = Asked.desk(folder, Asked.options(1, 0))) {
      Judgement judgement =
          new HumanOracle(desk, 1, Duration.ofMillis(10)).rank(Asked.groups(1, 2), RUBRIC).get(0);
      assertThat(judgement.isMissing()).isTrue();
      assertThat(judgement.provenance()).containsEntry("open", "1");
    }
  }
}
