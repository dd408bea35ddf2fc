package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * The whole loop as a program of your own: what to align, who judges, how it is trained. Each is
 * one statement, marked with a number, that can be replaced by another.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.AlignModel
 * </pre>
 *
 * <p>prints the judge's score on held-out seeds before and after, and writes a LoRA file. For a
 * Stable Diffusion folder, {@code LatentDiffusion.load(Path.of("stable-diffusion-v1-5"))} takes the
 * place of the bundled model, with more denoising steps and ChatGPT as the judge.
 */
public final class AlignModel {
  private AlignModel() {}

  /**
   * Trains for 12 rounds.
   *
   * @param args none
   * @throws IOException if the folder cannot be created
   */
  public static void main(String[] args) throws IOException {
    align(12, 8, Path.of("runs/ideas/align-model"), System.out);
  }

  /** The mean score on held-out seeds. */
  record Result(double before, double after) {}

  static Result align(int rounds, int imagesPerPrompt, Path folder, PrintStream out)
      throws IOException {
    Files.createDirectories(folder);
    // 1. What to align.
    List<Prompt> prompts =
        Stream.of("dog face", "penguin", "robot", "rocket").map(Prompt::of).toList();

    // 2. Who judges: here a rule; ChatGptOracle asks ChatGPT; for your own see OwnFeedbackOracle.
    GlyphJudge glyphs = BundledModel.judge();
    ToDoubleBiFunction<Image, Prompt> likeness =
        (image, prompt) -> glyphs.score(image, EmojiPrompts.answers(prompt.text()));
    FeedbackOracle judge =
        MockOracle.of(likeness, MockJudge.Options.defaults().withTieThreshold(0.03));

    SamplingOptions sampling =
        SamplingOptions.ddpo().withSteps(10).withGuidanceScale(3).withBatchSize(32);
    try (LatentDiffusion model = BundledModel.load().with(sampling);
        Lora lora =
            Lora.create(
                "mine",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.defaults(),
                Seed.of(1));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(1e-3))) {

      // 3. How it is trained: Dpok, Rwr or RewardWeightedLikelihood are made in the same way.
      PolicyOptimizer optimizer =
          new Ddpo(
              policy,
              Ddpo.Options.importanceSampling()
                  .withClipRange(1e-3)
                  .withUpdatesPerEpoch(4)
                  .withMicroBatch(32),
              Seed.of(2));

      // 4. The loop: sample, rank, reward, step.
      PromptSource each = PromptSource.all(prompts, imagesPerPrompt);
      double before = mean(policy.sampler(), each.prompts(1), likeness);
      AlignmentRun.of(each, policy.sampler(), WinRateReward.overall(), optimizer, Seed.of(3))
          .judgedBy(judge, Rubrics.consistency())
          .listener(event -> say(event, out))
          .run(AlignmentRun.Options.rounds(rounds));

      // 5. The result.
      Result result = new Result(before, mean(policy.sampler(), each.prompts(1), likeness));
      Path file = Example.unused(folder, "mine", ".safetensors");
      LoraFile.write(file, List.of(lora), LoraFile.Options.kohya());
      out.printf(
          Locale.ROOT,
          "score on held-out seeds: %.3f before, %.3f after; LoRA in %s%n",
          result.before,
          result.after,
          file);
      return result;
    }
  }

  private static double mean(
      LatentDiffusion sampler, List<Prompt> prompts, ToDoubleBiFunction<Image, Prompt> likeness) {
    List<Image> images = sampler.generate(prompts, Seed.of(-1)); // trained on with other seeds
    return IntStream.range(0, images.size())
        .mapToDouble(i -> likeness.applyAsDouble(images.get(i), prompts.get(i)))
        .average()
        .orElseThrow();
  }

  private static void say(RunEvent event, PrintStream out) {
    if (event instanceof RunEvent.Progress progress) {
      out.printf(Locale.ROOT, "round %d of %d%n", progress.done(), progress.total());
    }
  }
}
