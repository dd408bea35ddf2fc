package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.PromptSource;

/**
 * DDPO with a reward of your own: a {@link RewardModel} is a function from images to numbers, here
 * how yellow they are.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.OwnReward
 * </pre>
 *
 * <p>prints the mean reward of each round, and of held-out seeds before and after, draws both, and
 * writes the LoRA weights. For real: put your own number in {@link #yellowness}, and {@link
 * LatentDiffusion#load} a Stable Diffusion folder instead of the bundled model.
 */
public final class OwnReward {
  private OwnReward() {}

  /**
   * Trains for 12 rounds.
   *
   * @param args none
   * @throws IOException if the folder cannot be created
   */
  public static void main(String[] args) throws IOException {
    train(12, 8, Path.of("runs/ideas/own-reward"), System.out);
  }

  /** The reward of an image: red and green without blue, in [-1, 1]. */
  static double yellowness(Image image) {
    double sum = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        sum += Math.min(image.get(0, y, x), image.get(1, y, x)) - image.get(2, y, x);
      }
    }
    return sum / (image.height() * image.width());
  }

  /** The mean reward on held-out seeds. */
  record Result(double before, double after) {}

  static Result train(int rounds, int imagesPerPrompt, Path folder, PrintStream out)
      throws IOException {
    Files.createDirectories(folder);
    RewardModel reward =
        (rollout, judgements) ->
            Rewards.of(rollout.images().stream().mapToDouble(OwnReward::yellowness).toArray());
    List<Prompt> prompts =
        Stream.of("heart", "animal", "fruit", "vehicle").map(Prompt::of).toList();
    PromptSource each = PromptSource.all(prompts, imagesPerPrompt);
    SamplingOptions sampling =
        SamplingOptions.ddpo().withSteps(10).withGuidanceScale(3).withBatchSize(32);

    try (LatentDiffusion model = BundledModel.load().with(sampling);
        Lora lora =
            Lora.create(
                "yellow",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.defaults(),
                Seed.of(1));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(1e-3))) {
      Ddpo.Options options =
          Ddpo.Options.importanceSampling().withClipRange(1e-3).withMicroBatch(32);
      Ddpo ddpo = new Ddpo(policy, options, Seed.of(2));
      List<Image> before = policy.sampler().generate(each.prompts(1), Seed.of(-1));
      for (int round = 1; round <= rounds; round++) {
        try (Rollout rollout = policy.sampler().rollout(each.prompts(round), Seed.of(round))) {
          Rewards rewards = reward.score(rollout, List.of());
          ddpo.step(rollout, rewards);
          out.printf(
              Locale.ROOT, "round %2d  yellowness %+.3f%n", round, rewards.mean().orElseThrow());
        }
      }
      List<Image> after = policy.sampler().generate(each.prompts(1), Seed.of(-1));
      LoraFile.write(
          Example.unused(folder, "yellow", ".safetensors"),
          List.of(lora),
          LoraFile.Options.kohya());
      return compare(before, after, folder, out);
    }
  }

  private static Result compare(
      List<Image> before, List<Image> after, Path folder, PrintStream out) {
    Result result = new Result(mean(before), mean(after));
    AtomicFiles.write(folder.resolve("before.png"), ImageGrid.of(before).draw().toPng());
    AtomicFiles.write(folder.resolve("after.png"), ImageGrid.of(after).draw().toPng());
    out.printf(
        Locale.ROOT,
        "yellowness on held-out seeds: %+.3f before, %+.3f after; pictures and LoRA in %s%n",
        result.before,
        result.after,
        folder);
    return result;
  }

  private static double mean(List<Image> images) {
    return images.stream().mapToDouble(OwnReward::yellowness).average().orElseThrow();
  }
}
