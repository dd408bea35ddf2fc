package org.tastemaker.examples.people;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.human.testing.PersonByHttp;
import org.tastemaker.reward.learned.BradleyTerryLoss;
import org.tastemaker.reward.learned.LatentFeatures;
import org.tastemaker.reward.learned.PreferenceSet;
import org.tastemaker.reward.learned.RewardEvaluation;
import org.tastemaker.reward.learned.RewardTrainer;
import org.tastemaker.reward.learned.TrainedReward;

/** Four people at once, on the pages of one command, and what their votes are good for. */
class FourPeopleTest {
  private static final int GROUPS = 200;
  private static final int SHOWN = 3;

  @TempDir Path folder;

  private final Queue<String> answered = new ConcurrentLinkedQueue<>();

  @Test
  void fourPeopleFinishTwoHundredGroupsWithNothingDoubledAndTheirVotesTrainAReward()
      throws IOException {
    try (LatentDiffusion model = BundledModel.load().with(BundledModel.sampling().withSteps(6))) {
      // 1. Images of the bundled model.
      Path prompts = folder.resolve("prompts");
      draw(model, prompts);

      // 2. The command, and four people who like yellow.
      ByteArrayOutputStream printed = new ByteArrayOutputStream();
      PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
      List<String> people = List.of("ann", "bob", "cem", "dee");
      int code =
          AnnotateImages.run(
              new String[] {
                "--folder", prompts.toString(),
                "--run", folder.resolve("run").toString(),
                "--people", String.join(",", people),
                "--checks", "0",
                "--undo-seconds", "0"
              },
              out,
              out,
              server -> {
                List<Thread> threads =
                    people.stream()
                        .map(
                            name -> new Thread(() -> judge(new PersonByHttp(server.address(name)))))
                        .toList();
                threads.forEach(Thread::start);
                for (Thread thread : threads) {
                  thread.join();
                }
                new CountDownLatch(1).await(); // the command interrupts it when it is done
              });
      assertThat(code).as(printed.toString(StandardCharsets.UTF_8)).isZero();

      // 3. Each group was answered by one person.
      assertThat(answered).hasSize(GROUPS).doesNotHaveDuplicates();
      List<AnnotatedGroup> groups =
          PreferenceDataset.readAll(folder.resolve("run").resolve("people.jsonl"));
      assertThat(groups).hasSize(GROUPS).noneMatch(group -> group.judgement().isMissing());
      assertThat(groups).extracting(group -> group.judgement().judge()).containsAll(people);

      // 4. A reward that learned from them agrees with them on prompts that it has not seen.
      RewardEvaluation unseen = heldOut(model, groups);
      assertThat(unseen.interval().orElseThrow().low())
          .as(
              "agrees on %s of %d pairs of prompts that it has not seen; a coin would on half",
              unseen.accuracy(), unseen.pairs())
          .isGreaterThan(0.5);
    }
  }

  private static void draw(LatentDiffusion model, Path prompts) throws IOException {
    List<Prompt> all = new ArrayList<>();
    for (int group = 0; group < GROUPS; group++) {
      String text = EmojiPrompts.CONSISTENCY.get(group % EmojiPrompts.CONSISTENCY.size());
      all.addAll(Collections.nCopies(SHOWN, Prompt.of(text)));
    }
    List<Image> images = model.generate(all, Seed.of(1));
    for (int group = 0; group < GROUPS; group++) {
      Path one = Files.createDirectories(prompts.resolve("g" + group));
      Files.writeString(one.resolve("prompt.txt"), all.get(group * SHOWN).text());
      for (int i = 0; i < SHOWN; i++) {
        Files.write(one.resolve(i + ".png"), images.get(group * SHOWN + i).toPng());
      }
    }
  }

  private void judge(PersonByHttp person) {
    JsonObject state = person.state();
    while (!state.flag("finished")) {
      if (!state.has("question")) {
        state = person.state();
        continue;
      }
      JsonObject question = state.object("question");
      List<Double> yellow =
          question.texts("images").stream().map(path -> yellowness(person.image(path))).toList();
      List<List<Integer>> order =
          IntStream.range(0, yellow.size())
              .boxed()
              .sorted((a, b) -> Double.compare(yellow.get(b), yellow.get(a)))
              .map(List::of)
              .toList();
      String id = question.text("id");
      PersonByHttp.Said said =
          person.click(
              "/api/answer",
              Map.of("answerId", "c" + id, "question", id, "kind", "ranked", "tiers", order));
      if (said.status() == 200) {
        answered.add(id);
      }
      state = said.json();
    }
  }

  private RewardEvaluation heldOut(LatentDiffusion model, List<AnnotatedGroup> groups) {
    Path images = folder.resolve("run").resolve("images");
    PreferenceSet set =
        PreferenceSet.of(
            groups.stream().map(group -> group.load(images)).toList(),
            groups.stream().map(AnnotatedGroup::judgement).toList());
    TrainedReward trained =
        new RewardTrainer(
                LatentFeatures.of(model, "text-to-emoji", new LatentFeatures.Options(1)),
                new BradleyTerryLoss(),
                RewardTrainer.Options.defaults().withHiddenLayers(List.of()),
                Seed.of(2))
            .train(set);
    trained.reward().close();
    return trained.heldOut();
  }

  /** Red and green without blue, on average. */
  private static double yellowness(Image image) {
    double sum = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        sum += Math.min(image.get(0, y, x), image.get(1, y, x)) - image.get(2, y, x);
      }
    }
    return sum / (image.height() * image.width());
  }
}
