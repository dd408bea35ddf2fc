package org.tastemaker.examples.people;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.Measure;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.votes.RowLines;
import org.tastemaker.feedback.votes.VoteFile;
import org.tastemaker.human.testing.PersonByHttp;
import org.tastemaker.human.web.PageServer;

class AnnotateImagesTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private int run(Serving serving, String... args) {
    List<String> all =
        new ArrayList<>(List.of("--run", folder.resolve("run").toString(), "--undo-seconds", "0"));
    all.addAll(List.of(args));
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    return AnnotateImages.run(all.toArray(String[]::new), out, out, serving);
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  /** Four prompts with three images each, the last one the reddest. */
  private String prompts() throws IOException {
    Path prompts = folder.resolve("prompts");
    for (int p = 0; p < 4; p++) {
      Path one = Files.createDirectories(prompts.resolve("p" + p));
      Files.writeString(one.resolve("prompt.txt"), "prompt " + p);
      for (int i = 0; i < 3; i++) {
        Files.write(one.resolve(i + ".png"), Image.filled(4, 4, i / 2f, p / 8f, 0).toPng());
      }
    }
    return prompts.toString();
  }

  /** Puts what is shown in order, the reddest first, as often as is wanted. */
  private static void judge(PageServer server, String name, int most) {
    PersonByHttp person = new PersonByHttp(server.address(name));
    JsonObject state = person.state();
    for (int answers = 0; answers < most && !state.flag("finished"); ) {
      if (!state.has("question")) {
        state = person.state();
        continue;
      }
      JsonObject question = state.object("question");
      List<Double> red = question.texts("images").stream().map(person::red).toList();
      List<Integer> order = new ArrayList<>();
      red.forEach(unused -> order.add(order.size()));
      order.sort((one, other) -> Double.compare(red.get(other), red.get(one)));
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
      answers++;
    }
  }

  @Test
  void aCommandOpensThePageIsStoppedResumedAndExportsTheVotesOfAll() throws IOException {
    String prompts = prompts();
    String votes = folder.resolve("votes.jsonl").toString();
    String[] args = {
      "--folder",
      prompts,
      "--people",
      "ann,bob",
      "--redundancy",
      "2",
      "--checks",
      "0",
      "--export",
      votes
    };
    int stopped =
        run(
            server -> {
              judge(server, "ann", 3);
              judge(server, "bob", 1);
            },
            args);
    assertThat(stopped).as(printed()).isZero();
    assertThat(printed()).contains("ann's page: http://127.0.0.1:").contains("bob's page: ");

    int done =
        run(
            server -> {
              judge(server, "ann", 1);
              judge(server, "bob", 3);
              new CountDownLatch(1).await(); // the command interrupts it when it is done
            },
            args);
    assertThat(done).as(printed()).isZero();
    List<AnnotatedGroup> groups =
        PreferenceDataset.readAll(folder.resolve("run").resolve("people.jsonl"));
    assertThat(groups).hasSize(4);
    assertThat(groups)
        .allSatisfy(
            group -> {
              assertThat(group.judgement().ranking()).isEqualTo(Ranking.of(2, 1, 0));
              assertThat(group.judgement().judge()).isEqualTo("ann+bob");
            });
    TreeSet<String> people = new TreeSet<>();
    StudyReport report =
        AgreementStudy.builder()
            .build()
            .of(
                VoteFile.json(Path.of(votes), RowLines.in(folder)).groups(people::add),
                DatasetVerdicts.of("people", folder.resolve("run").resolve("people.jsonl")));
    assertThat(people).as("problems").isEmpty();
    assertThat(report.all().figure(Measure.DECIDED).value()).isEqualTo(1);
    assertThat(Files.readString(Path.of(votes))).contains("\"ann\"").contains("\"bob\"");
  }

  @Test
  void pairsAreAskedOneByOne() throws IOException {
    int done =
        run(
            server -> {
              judge(server, "ann", 12);
              new CountDownLatch(1).await(); // the command interrupts it when it is done
            },
            "--folder",
            prompts(),
            "--people",
            "ann",
            "--protocol",
            "pairs",
            "--checks",
            "0");
    assertThat(done).as(printed()).isZero();
    List<AnnotatedGroup> groups =
        PreferenceDataset.readAll(folder.resolve("run").resolve("people.jsonl"));
    assertThat(groups)
        .hasSize(4)
        .allSatisfy(
            group -> assertThat(group.judgement().ranking()).isEqualTo(Ranking.of(2, 1, 0)));
  }

  @Test
  void whatDoesNotFitIsNamed() {
    assertThat(run(server -> {}, "--redundancy", "2")).isEqualTo(2);
    assertThat(printed()).contains("name more with --people");
    assertThat(run(server -> {}, "--folder", folder.resolve("no").toString())).isEqualTo(2);
    assertThat(printed()).contains("there is no folder");
  }
}
