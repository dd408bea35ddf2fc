package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.checkpoint.ClipFile;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.optim.direct.Draft;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.reward.clip.ClipReward;
import org.tastemaker.reward.clip.PickScore;
import org.tastemaker.reward.clip.Preprocessing;

/**
 * A LoRA is trained on PickScore by the score's own gradient: DRaFT-1, through the image tower, the
 * decoder and the last denoising step. No judge is asked.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.TrainOnClipScore
 * </pre>
 *
 * <p>prints the mean score of each round, and of held-out seeds before and after, draws both, and
 * writes the LoRA weights. The score's weights are a toy's here, random and made on the spot, so
 * the score rises and the pictures are no better for it: what a score rewards is what one gets. For
 * real: {@code -Dexec.args="stable-diffusion-v1-5 PickScore_v1"}, two folders. On a CPU that takes
 * long. Real scores are over-optimised as well: watch another one, or a judge.
 */
public final class TrainOnClipScore {
  private TrainOnClipScore() {}

  /**
   * Trains for 12 rounds.
   *
   * @param args the folders of a diffusion model and of PickScore, or nothing
   */
  public static void main(String[] args) {
    Path folder = Path.of("runs/ideas/train-on-clip-score");
    Failures.exit(run(List.of(args), folder, System.out, System.err));
  }

  static int run(List<String> args, Path folder, PrintStream out, PrintStream err) {
    return Example.run(
        folder,
        err,
        () -> {
          if (args.size() == 2) {
            Path clip = Path.of(args.get(1));
            ClipTokenizer tokenizer = ClipTokenizer.load(clip);
            try (ClipModel weights = ClipFile.load(clip);
                LatentDiffusion model = LatentDiffusion.load(Path.of(args.get(0)))) {
              String name = String.valueOf(clip.toAbsolutePath().normalize().getFileName());
              train(model, reward(weights, name, tokenizer), 12, 2, folder, out);
            }
          } else if (args.isEmpty()) {
            demonstrate(12, 8, folder, out);
          } else {
            throw new IllegalArgumentException(
                "usage: TrainOnClipScore [MODEL_FOLDER PICKSCORE_FOLDER], but the arguments were "
                    + args);
          }
        });
  }

  /** The mean score on held-out seeds. */
  record Result(double before, double after) {}

  static Result demonstrate(int rounds, int imagesPerPrompt, Path folder, PrintStream out)
      throws IOException {
    try (LatentDiffusion model = BundledModel.load();
        ClipModel weights = ToyClip.of(model.components().tokenizer(), Seed.of(1))) {
      ClipReward reward = reward(weights, ToyClip.NAME, model.components().tokenizer());
      return train(model, reward, rounds, imagesPerPrompt, folder, out);
    }
  }

  private static ClipReward reward(ClipModel weights, String name, ClipTokenizer tokenizer) {
    return ClipReward.of(
        weights,
        name,
        tokenizer,
        Preprocessing.PIL,
        new PickScore(),
        ClipReward.Options.defaults());
  }

  private static Result train(
      LatentDiffusion loaded,
      ClipReward reward,
      int rounds,
      int imagesPerPrompt,
      Path folder,
      PrintStream out)
      throws IOException {
    Files.createDirectories(folder);
    List<Prompt> prompts =
        Stream.of("penguin", "red heart", "fruit", "vehicle").map(Prompt::of).toList();
    PromptSource each = PromptSource.all(prompts, imagesPerPrompt);
    LatentDiffusion model =
        loaded.with(
            SamplingOptions.ddpo()
                .withHeight(loaded.options().height())
                .withWidth(loaded.options().width())
                .withSteps(10)
                .withGuidanceScale(3)
                .withBatchSize(16));
    try (Lora lora =
            Lora.create(
                "pickscore",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.defaults(),
                Seed.of(2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(1e-3))) {
      Draft draft =
          new Draft(policy, reward, Draft.Options.lastSteps(1).withDecodedTogether(4), Seed.of(3));
      List<Image> before = policy.sampler().generate(each.prompts(1), Seed.of(-1));
      for (int round = 1; round <= rounds; round++) {
        try (Rollout rollout = policy.sampler().rollout(each.prompts(round), Seed.of(round))) {
          Rewards scores = reward.score(rollout, List.of());
          draft.step(rollout, scores);
          out.printf(
              Locale.ROOT,
              "round %2d  %s  %.3f%n",
              round,
              reward.name(),
              scores.mean().orElseThrow());
        }
      }
      List<Image> after = policy.sampler().generate(each.prompts(1), Seed.of(-1));
      LoraFile.write(
          Example.unused(folder, "pickscore", ".safetensors"),
          List.of(lora),
          LoraFile.Options.kohya());
      AtomicFiles.write(folder.resolve("before.png"), ImageGrid.of(before).draw().toPng());
      AtomicFiles.write(folder.resolve("after.png"), ImageGrid.of(after).draw().toPng());
      Result result =
          new Result(
              mean(reward.score(each.prompts(1), before)),
              mean(reward.score(each.prompts(1), after)));
      out.printf(
          Locale.ROOT,
          "%s on held-out seeds: %.3f before, %.3f after; pictures and LoRA in %s%n",
          reward.name(),
          result.before,
          result.after,
          folder);
      return result;
    }
  }

  private static double mean(double[] scores) {
    return Arrays.stream(scores).average().orElseThrow();
  }
}
