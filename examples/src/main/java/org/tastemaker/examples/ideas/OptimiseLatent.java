package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.optim.zo.LatentProblem;
import org.tastemaker.optim.zo.ZoRankSgd;

/**
 * One image is improved while the model does not change: ZO-RankSGD searches the initial noise, and
 * is only told which of a few images a judge prefers.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.OptimiseLatent
 * </pre>
 *
 * <p>prints for each round what the search did and the image's score, which the search itself never
 * sees, and draws the image after each round. For real: any {@link FeedbackOracle} will do, such as
 * {@link org.tastemaker.feedback.openai.ChatGptOracle}, or a person ({@link AskPerson}); {@link
 * LatentDiffusion#load} your model.
 */
public final class OptimiseLatent {
  private OptimiseLatent() {}

  /**
   * Searches for 12 rounds.
   *
   * @param args none
   * @throws IOException if the folder cannot be created
   */
  public static void main(String[] args) throws IOException {
    search(12, 20, Path.of("runs/ideas/optimise-latent"), System.out);
  }

  /** The score of the first image and of the last. */
  record Result(double before, double after) {}

  static Result search(int rounds, int denoisingSteps, Path folder, PrintStream out)
      throws IOException {
    GlyphJudge glyphs = BundledModel.judge();
    FeedbackOracle judge =
        MockOracle.of((image, prompt) -> glyphs.score(image, EmojiPrompts.answers(prompt.text())));
    return search(judge, rounds, denoisingSteps, folder, out);
  }

  /** The search with any judge; the glyphs' score only shows the progress. */
  static Result search(
      FeedbackOracle judge, int rounds, int denoisingSteps, Path folder, PrintStream out)
      throws IOException {
    Files.createDirectories(folder);
    Prompt prompt = Prompt.of("robot");
    GlyphJudge glyphs = BundledModel.judge();
    ToDoubleFunction<Image> score =
        image -> glyphs.score(image, EmojiPrompts.answers(prompt.text()));

    List<Image> images = new ArrayList<>();
    try (LatentDiffusion model =
        BundledModel.load()
            .with(BundledModel.sampling().withSteps(denoisingSteps).withBatchSize(6))) {
      LatentProblem problem = new LatentProblem(model, prompt, judge, Rubrics.consistency());
      ZoRankSgd search =
          new ZoRankSgd(
              problem, problem.start(Seed.of(1)), ZoRankSgd.Options.forLatents(), Seed.of(2));
      images.add(problem.image(search.point()));
      for (int round = 1; round <= rounds; round++) {
        StepReport report = search.step();
        images.add(problem.image(search.point()));
        out.printf(
            Locale.ROOT,
            "round %2d  score %.3f  %s%n",
            round,
            score.applyAsDouble(images.get(round)),
            report.skippedReason() == null ? "moved" : report.skippedReason());
      }
    }
    AtomicFiles.write(folder.resolve("rounds.png"), ImageGrid.of(images).draw().toPng());
    Result result =
        new Result(score.applyAsDouble(images.get(0)), score.applyAsDouble(images.get(rounds)));
    out.printf(
        Locale.ROOT,
        "score of the image: %.3f before, %.3f after; drawn in %s%n",
        result.before,
        result.after,
        folder.resolve("rounds.png"));
    return result;
  }
}
