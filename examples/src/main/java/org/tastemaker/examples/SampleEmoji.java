package org.tastemaker.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;

/** Images of the bundled text-to-emoji model: one for each prompt given, or sixteen. */
public final class SampleEmoji {
  private static final List<String> SIXTEEN =
      List.of(
          "green heart",
          "red heart",
          "grinning face",
          "face with tears of joy",
          "dog face",
          "frog",
          "red apple",
          "banana",
          "fire engine",
          "rocket",
          "firefighter",
          "nurse",
          "woman judge: dark skin tone",
          "man cook: light skin tone",
          "tool",
          "animal");

  private SampleEmoji() {}

  /**
   * Samples and writes {@code runs/emoji.png}.
   *
   * @param args prompts, in quotes
   * @throws IOException if the picture cannot be written
   */
  public static void main(String[] args) throws IOException {
    Path file = Path.of("runs/emoji.png");
    sample(args.length == 0 ? SIXTEEN : Arrays.asList(args), file, 1);
    System.out.println("written to " + file);
  }

  static void sample(List<String> prompts, Path file, long seed) throws IOException {
    try (LatentDiffusion model = BundledModel.load()) {
      List<Image> images = model.generate(prompts.stream().map(Prompt::of).toList(), Seed.of(seed));
      Files.createDirectories(file.toAbsolutePath().getParent());
      AtomicFiles.write(file, ImageGrid.of(images).captions(prompts).columns(4).draw().toPng());
    }
  }
}
