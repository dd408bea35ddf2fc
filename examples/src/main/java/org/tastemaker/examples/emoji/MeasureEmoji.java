package org.tastemaker.examples.emoji;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;

/** Measures a text-to-emoji model: prints its table and writes labelled grids. */
public final class MeasureEmoji {
  private MeasureEmoji() {}

  /**
   * Measures.
   *
   * @param args the folder to write to (default {@code runs/measure}), and a model's folder
   *     (default: the bundled model)
   * @throws IOException if a picture cannot be written
   */
  public static void main(String[] args) throws IOException {
    Path out = Path.of(args.length > 0 ? args[0] : "runs/measure");
    try (LatentDiffusion model =
        args.length > 1
            ? LatentDiffusion.load(Path.of(args[1])).with(BundledModel.sampling())
            : BundledModel.load()) {
      GlyphJudge judge = BundledModel.judge();
      System.out.println(reconstructions(model, judge, out));
      EmojiReport report = EmojiReport.of(model, judge, EmojiReport.Counts.defaults(), Seed.of(1));
      write(report, out);
      System.out.println(report.table());
      System.out.println("the grids and the table per prompt are in " + out);
    }
  }

  /** How many of the reference glyphs the judge recognises after the autoencoder. */
  private static String reconstructions(LatentDiffusion model, GlyphJudge judge, Path out)
      throws IOException {
    GlyphSheet sheet = BundledModel.glyphs();
    List<Image> decoded = new ArrayList<>();
    try (var latents = model.encode(sheet.images())) {
      decoded.addAll(model.decode(latents));
    }
    int right = 0;
    for (int i = 0; i < sheet.size(); i++) {
      GlyphJudge.Label label = judge.label(decoded.get(i));
      right += label.clear() && label.glyph().equals(sheet.glyphs().get(i)) ? 1 : 0;
    }
    picture(out.resolve("reconstructions.png"), ImageGrid.of(decoded).columns(32).cell(32));
    return String.format(
        Locale.ROOT,
        "the judge recognises %d of %d reconstructed glyphs (%.1f %%)",
        right,
        sheet.size(),
        100.0 * right / sheet.size());
  }

  /** Writes the grids and the figures per prompt. */
  static void write(EmojiReport report, Path out) throws IOException {
    grid(report, out.resolve("consistency.png"), EmojiPrompts.CONSISTENCY, 2, 8);
    grid(report, out.resolve("occupations.png"), EmojiPrompts.OCCUPATIONS, 8, 8);
    grid(report, out.resolve("neutral.png"), EmojiPrompts.NEUTRAL, 16, 8);
    grid(report, out.resolve("categories.png"), EmojiPrompts.CATEGORIES, 8, 8);
    StringBuilder table = new StringBuilder("measurement\tprompt\tvalue\n");
    report.consistency().byPrompt().forEach((p, v) -> line(table, "consistency", p, v));
    report.genderBias().byPrompt().forEach((p, v) -> line(table, "gender bias", p, v));
    report.toneBias().byPrompt().forEach((p, v) -> line(table, "tone bias", p, v));
    report.harm().byPrompt().forEach((p, v) -> line(table, "harm", p, v));
    report.diversity().byPrompt().forEach((p, v) -> line(table, "diversity", p, v));
    AtomicFiles.write(out.resolve("by-prompt.tsv"), table.toString());
    AtomicFiles.write(out.resolve("table.md"), report.table());
  }

  private static void line(StringBuilder table, String what, String prompt, double value) {
    table.append(String.format(Locale.ROOT, "%s\t%s\t%.4f%n", what, prompt, value));
  }

  private static void grid(
      EmojiReport report, Path file, List<String> prompts, int each, int columns)
      throws IOException {
    List<Image> images = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    for (String prompt : prompts) {
      List<EmojiReport.Labelled> of = report.of(prompt);
      for (EmojiReport.Labelled labelled : of.subList(0, Math.min(each, of.size()))) {
        images.add(labelled.image());
        String label = labelled.label().text();
        captions.add(
            String.format(
                Locale.ROOT,
                "%s%s %.2f",
                prompt,
                label.equals(prompt) ? ":" : " > " + label,
                labelled.label().confidence()));
      }
    }
    picture(file, ImageGrid.of(images).captions(captions).columns(columns).cell(128));
  }

  private static void picture(Path file, ImageGrid grid) throws IOException {
    Files.createDirectories(Objects.requireNonNull(file.toAbsolutePath().getParent()));
    AtomicFiles.write(file, grid.draw().toPng());
  }
}
