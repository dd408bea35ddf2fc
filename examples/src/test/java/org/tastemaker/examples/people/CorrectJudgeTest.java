package org.tastemaker.examples.people;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.human.testing.PersonByHttp;
import org.tastemaker.human.web.PageServer;
import org.tastemaker.reward.learned.BradleyTerryLoss;
import org.tastemaker.reward.learned.Features;
import org.tastemaker.reward.learned.LearnedReward;
import org.tastemaker.reward.learned.PreferenceSet;
import org.tastemaker.reward.learned.RewardTrainer;

class CorrectJudgeTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private int run(Serving serving, String... args) {
    List<String> all = new ArrayList<>(List.of("--run", folder.toString()));
    all.addAll(List.of(args));
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    return CorrectJudge.run(all.toArray(String[]::new), out, out, serving);
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  /** Overrules the first verdict by turning the order round, and confirms as many as are wanted. */
  private static void review(PageServer server, String name, int confirmed) {
    PersonByHttp person = new PersonByHttp(server.address(name));
    JsonObject question = person.state().object("question");
    List<List<Integer>> turned = new ArrayList<>(question.integerLists("tiers"));
    Collections.reverse(turned);
    click(person, question, "ranked", turned);
    for (int i = 0; i < confirmed; i++) {
      click(person, person.state().object("question"), "confirm", List.of());
    }
  }

  private static void click(
      PersonByHttp person, JsonObject question, String kind, List<List<Integer>> tiers) {
    String id = question.text("id");
    PersonByHttp.Said said =
        person.click(
            "/api/answer",
            Map.of("answerId", "a" + id, "question", id, "kind", kind, "tiers", tiers));
    assertThat(said.status()).isEqualTo(200);
  }

  @Test
  void aCommandOpensThePageAndItsCorrectedDatasetTrainsAReward() {
    int code =
        run(
            server -> {
              review(server, "ann", 1);
              review(server, "bob", 1);
            },
            "--people",
            "ann,bob");
    assertThat(printed()).contains("ann's page: http://127.0.0.1:").contains("bob's page: ");
    assertThat(code).as(printed()).isZero();
    assertThat(printed()).contains("verdicts with an opinion").contains("4 of 6");

    List<AnnotatedGroup> groups = PreferenceDataset.readAll(folder.resolve("corrected.jsonl"));
    assertThat(groups).hasSize(6);
    assertThat(groups.stream().filter(g -> JudgementFacts.isOverruled(g.judgement())))
        .hasSize(2)
        .allSatisfy(g -> assertThat(g.judgement().judge()).isIn("ann", "bob"));
    PreferenceSet set =
        PreferenceSet.ofSoft(
            groups.stream().map(group -> group.load(folder.resolve("images"))).toList(),
            groups.stream().map(AnnotatedGroup::judgement).toList());
    RewardTrainer.Options options =
        RewardTrainer.Options.defaults().withHiddenLayers(List.of(4)).withMaxEpochs(3);
    try (LearnedReward reward =
        new RewardTrainer(new Brightness(), new BradleyTerryLoss(), options, Seed.of(4))
            .train(set)
            .reward()) {
      assertThat(reward).isNotNull();
    }

    // The same command resumes; --export asks nobody.
    printed.reset();
    assertThat(run(server -> review(server, "ann", 0), "--people", "ann,bob")).isZero();
    assertThat(printed()).contains("5 of 6");
    printed.reset();
    assertThat(run(server -> {}, "--export")).isZero();
    assertThat(printed()).contains("5 of 6").doesNotContain("page: http");
  }

  @Test
  void aDatasetThatIsNotThereIsNamed() {
    assertThat(run(server -> {}, "--dataset", folder.resolve("none.jsonl").toString()))
        .isEqualTo(2);
    assertThat(printed()).contains("none.jsonl is not there");
  }

  /** The mean of the first row's values. */
  private static final class Brightness implements Features {
    @Override
    public String name() {
      return "brightness";
    }

    @Override
    public int size() {
      return 1;
    }

    @Override
    public float[][] of(List<Prompt> prompts, List<Image> images) {
      return images.stream().map(image -> new float[] {image.get(0, 0, 0)}).toArray(float[][]::new);
    }
  }
}
