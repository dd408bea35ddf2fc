package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.reward.learned.BradleyTerryLoss;
import org.tastemaker.reward.learned.Features;
import org.tastemaker.reward.learned.LearnedReward;
import org.tastemaker.reward.learned.PreferenceSet;
import org.tastemaker.reward.learned.RewardTrainer;

/** The same images, judge and seeds give the same reward model, whichever answer comes first. */
class DatasetTrainingTest {
  private static final Rubric RUBRIC = Rubric.of("red", "1", "Redder is better.");

  @TempDir Path folder;

  @Test
  void aModelTrainedOnAConcurrentDatasetIsBitIdentical() throws IOException {
    List<ImageGroup> groups = groups();

    Path calm = train(dataset("calm", groups, 1, 0));
    Path busy = train(dataset("busy", groups, 8, 12));

    assertThat(lines("busy")).as("in the order of the answers").isNotEqualTo(lines("calm"));
    assertThat(files(busy)).isNotEmpty().isEqualTo(files(calm));
  }

  private static List<ImageGroup> groups() {
    List<ImageGroup> groups = new ArrayList<>();
    for (int p = 0; p < 24; p++) {
      RandomGenerator random = Seed.of(p).generator();
      List<Image> images = new ArrayList<>();
      for (int i = 0; i < 3; i++) { // of whole 255ths, so that PNG keeps them
        images.add(
            Image.filled(
                2,
                2,
                random.nextInt(256) / 255f,
                random.nextInt(256) / 255f,
                random.nextInt(256) / 255f));
      }
      groups.add(new ImageGroup(Prompt.of("prompt " + p), images));
    }
    return groups;
  }

  private Path dataset(String name, List<ImageGroup> groups, int concurrency, int mostMillis) {
    MockJudge mock = MockJudge.of((image, prompt) -> image.get(0, 0, 0));
    RandomGenerator random = Seed.of(3).generator();
    Judge slow =
        question -> {
          int millis;
          synchronized (random) {
            millis = random.nextInt(mostMillis + 1);
          }
          try {
            Thread.sleep(millis);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return mock.ask(question);
        };
    Path file = folder.resolve(name + ".jsonl");
    AnnotationJob.builder(file, JudgeOracle.builder(slow).build(), RUBRIC)
        .saveImages(folder.resolve("images"))
        .concurrency(concurrency)
        .build()
        .run(groups);
    return file;
  }

  private Path train(Path dataset) {
    List<AnnotatedGroup> all = PreferenceDataset.readAll(dataset);
    PreferenceSet data =
        PreferenceSet.of(
            all.stream().map(group -> group.load(folder.resolve("images"))).toList(),
            all.stream().map(AnnotatedGroup::judgement).toList());
    RewardTrainer.Options options =
        RewardTrainer.Options.defaults().withHiddenLayers(List.of(4)).withMaxEpochs(3);
    Path saved = folder.resolve("reward of " + dataset.getFileName());
    try (LearnedReward reward =
        new RewardTrainer(new Colours(), new BradleyTerryLoss(), options, Seed.of(4))
            .train(data)
            .reward()) {
      reward.save(saved);
    }
    return saved;
  }

  private List<String> lines(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name + ".jsonl")).stream()
        .skip(1)
        .map(line -> line.substring(0, 40)) // begins with the id
        .toList();
  }

  private static Map<String, List<Byte>> files(Path folder) throws IOException {
    Map<String, List<Byte>> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        List<Byte> bytes = new ArrayList<>();
        for (byte one : Files.readAllBytes(file)) {
          bytes.add(one);
        }
        files.put(folder.relativize(file).toString(), bytes);
      }
    }
    return files;
  }

  /** The colour of the first pixel. */
  private static final class Colours implements Features {
    @Override
    public String name() {
      return "colours";
    }

    @Override
    public int size() {
      return 3;
    }

    @Override
    public float[][] of(List<Prompt> prompts, List<Image> images) {
      return images.stream()
          .map(image -> new float[] {image.get(0, 0, 0), image.get(1, 0, 0), image.get(2, 0, 0)})
          .toArray(float[][]::new);
    }
  }
}
