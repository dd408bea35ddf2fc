package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraGains;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.lora.LoraTargets;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.optim.zo.ParameterProblem;
import org.tastemaker.optim.zo.SearchSpace;
import org.tastemaker.optim.zo.ZoRankSgd;

/**
 * A model is aligned without gradients: ZO-RankSGD searches for one number per attention layer, and
 * is only told whose images a judge prefers.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.SearchGains
 * </pre>
 *
 * <p>prints the judge's score on held-out seeds before and after, which the search never sees,
 * draws their images, and writes a LoRA file. A round shows 10 variants of the model with one image
 * of each prompt, in two questions per prompt. For real: {@link LatentDiffusion#load} your model,
 * with more denoising steps, and let {@link org.tastemaker.feedback.openai.ChatGptOracle} judge.
 */
public final class SearchGains {
  private SearchGains() {}

  /**
   * Searches for 9 rounds.
   *
   * @param args none
   * @throws IOException if the folder cannot be created
   */
  public static void main(String[] args) throws IOException {
    search(9, 16, Path.of("runs/ideas/search-gains"), System.out);
  }

  /** The mean score on held-out seeds. */
  record Result(double before, double after) {}

  static Result search(int rounds, int heldOut, Path folder, PrintStream out) throws IOException {
    Files.createDirectories(folder);
    List<Prompt> prompts =
        Stream.of("dog face", "penguin", "robot", "rocket").map(Prompt::of).toList();
    List<Prompt> measured =
        prompts.stream().flatMap(p -> Collections.nCopies(heldOut, p).stream()).toList();
    GlyphJudge glyphs = BundledModel.judge();
    ToDoubleBiFunction<Image, Prompt> likeness =
        (image, prompt) -> glyphs.score(image, EmojiPrompts.answers(prompt.text()));
    FeedbackOracle judge =
        MockOracle.of(likeness, MockJudge.Options.defaults().withTieThreshold(0.03));

    SamplingOptions sampling = BundledModel.sampling().withSteps(10).withBatchSize(32);
    try (LatentDiffusion model = BundledModel.load().with(sampling);
        Lora lora = newLora(model.components().unet().parameters())) {
      // 1. The search space: one gain for each of 14 layers.
      LoraGains gains = LoraGains.of(lora, model.components().unet().parameters(), Seed.of(2));
      LatentDiffusion adapted = model.with(FunctionOptions.inference().withAdapter(lora));

      // 2. The questions: the same prompts and seeds under each candidate's gains.
      ParameterProblem problem =
          new ParameterProblem(
              adapted, SearchSpace.of(gains), prompts, Seed.of(3), judge, Rubrics.consistency());

      // 3. The search. The result is in the LoRA once it is applied.
      ZoRankSgd search =
          new ZoRankSgd(problem, problem.start(), ZoRankSgd.Options.forGains(), Seed.of(4));
      List<Image> before = adapted.generate(measured, Seed.of(-1)); // searched with other seeds
      for (int round = 1; round <= rounds; round++) {
        StepReport report = search.step();
        String skipped = report.skippedReason();
        out.printf(Locale.ROOT, "round %2d  %s%n", round, skipped == null ? "moved" : skipped);
      }
      problem.apply(search.point());

      // 4. The result.
      List<Image> after = adapted.generate(measured, Seed.of(-1));
      Path file = Example.unused(folder, "gains", ".safetensors");
      LoraFile.write(file, List.of(lora), LoraFile.Options.kohya());
      Path picture = folder.resolve("before-and-after.png");
      AtomicFiles.write(picture, sideBySide(before, after, heldOut).toPng());
      Result result = new Result(mean(before, measured, likeness), mean(after, measured, likeness));
      out.printf(
          Locale.ROOT,
          "score on held-out seeds: %.3f before, %.3f after; LoRA in %s, images in %s%n",
          result.before,
          result.after,
          file,
          picture);
      return result;
    }
  }

  /** On the output layers of self-attention and cross-attention. */
  private static Lora newLora(Parameters unet) {
    return Lora.create(
        "gains",
        LoraNetwork.UNET,
        unet,
        Lora.Options.ofRank(16).withTargets(LoraTargets.named("to_out.0")),
        Seed.of(1));
  }

  private static double mean(
      List<Image> images, List<Prompt> prompts, ToDoubleBiFunction<Image, Prompt> likeness) {
    return IntStream.range(0, images.size())
        .mapToDouble(i -> likeness.applyAsDouble(images.get(i), prompts.get(i)))
        .average()
        .orElseThrow();
  }

  /** A row for each prompt: at most eight images of before, and the same seeds after. */
  private static Image sideBySide(List<Image> before, List<Image> after, int each) {
    int shown = Math.min(8, each);
    List<Image> rows = new ArrayList<>();
    for (int at = 0; at < before.size(); at += each) {
      rows.addAll(before.subList(at, at + shown));
      rows.addAll(after.subList(at, at + shown));
    }
    return ImageGrid.of(rows).columns(2 * shown).draw();
  }
}
