package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.BundledModel;

/**
 * A folder of images is scored with CLIP score, HPSv2, PickScore, the LAION aesthetic score or
 * CLIP-IQA, from files that you have.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.ScoreImages
 * </pre>
 *
 * <p>prints a table and writes it as CSV. Without arguments the images are the bundled model's and
 * the weights a toy's, which know nothing: it shows how it goes. For real:
 *
 * <pre>
 * -Dexec.args="--model PickScore_v1 --score pickscore IMAGES"
 * -Dexec.args="--model HPS_v2.1_compressed.pt --tokenizer CLIP-ViT-H-14 --score hpsv2.1 IMAGES"
 * -Dexec.args="--model clip-vit-large-patch14 --score aesthetic --head linearMSE.pth IMAGES"
 * -Dexec.args="--help"
 * </pre>
 *
 * <p>A prompt is the image's in {@code --prompts FILE} (CSV or JSON lines), or in a text file
 * beside it, or its name. Every row says the score, the model and how images were prepared, since
 * scores that differ in one of them do not compare.
 */
public final class ScoreImages {
  private ScoreImages() {}

  /**
   * Scores a folder.
   *
   * @param args see {@code --help}; nothing for the demonstration
   */
  public static void main(String[] args) {
    Path folder = Path.of("runs/ideas/score-images");
    Failures.exit(run(List.of(args), folder, System.out, System.err));
  }

  static int run(List<String> args, Path folder, PrintStream out, PrintStream err) {
    if (args.isEmpty()) {
      return Example.run(folder, err, () -> demonstrate(folder, out));
    }
    Charset charset = Charset.defaultCharset();
    return ScoreCommand.of(folder, out)
        .setOut(new PrintWriter(out, true, charset))
        .setErr(new PrintWriter(err, true, charset))
        .execute(args.toArray(String[]::new));
  }

  /** Images of the bundled model, scored by the command that scores yours. */
  private static void demonstrate(Path folder, PrintStream out) throws IOException {
    Path images = folder.resolve("images");
    Path toy = folder.resolve("toy-clip");
    Files.createDirectories(images);
    try (LatentDiffusion model = BundledModel.load()) {
      for (String text : List.of("penguin", "rocket", "red heart", "frog")) {
        List<Image> made = model.generate(Collections.nCopies(1, Prompt.of(text)), Seed.of(1));
        AtomicFiles.write(images.resolve(text.replace(' ', '_') + ".png"), made.get(0).toPng());
      }
      ClipTokenizer tokenizer = model.components().tokenizer();
      try (ClipModel clip = ToyClip.of(tokenizer, Seed.of(1))) {
        clip.save(toy);
        tokenizer.save(toy);
      }
    }
    int code =
        run(
            List.of("--model", toy.toString(), "--score", "pickscore", images.toString()),
            folder,
            out,
            out);
    if (code != 0) {
      throw new IllegalStateException("the demonstration's command failed, as it says above");
    }
    out.println(
        "These weights are random, so the scores mean nothing; --help says how to load yours.");
  }
}
