package org.tastemaker.examples.ideas;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.reward.clip.ClipReward;

/** The scores of a folder's images, printed and as CSV. */
final class ScoreTable {
  private static final int AT_ONCE = 32; // images in memory

  private ScoreTable() {}

  /** An image's score. */
  record Scored(Path file, Prompt prompt, double score) {}

  /** Scores images a few at a time; one that cannot be read is named and left out. */
  static List<Scored> score(
      ClipReward reward, List<PromptedImages.Entry> entries, PrintStream out) {
    List<Scored> all = new ArrayList<>();
    for (int first = 0; first < entries.size(); first += AT_ONCE) {
      List<Path> files = new ArrayList<>();
      List<Prompt> prompts = new ArrayList<>();
      List<Image> images = new ArrayList<>();
      for (PromptedImages.Entry entry :
          entries.subList(first, Math.min(first + AT_ONCE, entries.size()))) {
        try {
          images.add(Image.read(entry.file()));
          files.add(entry.file());
          prompts.add(entry.prompt());
        } catch (RuntimeException e) {
          out.println("left out: " + e.getMessage());
        }
      }
      double[] scores = reward.score(prompts, images);
      for (int i = 0; i < scores.length; i++) {
        all.add(new Scored(files.get(i), prompts.get(i), scores[i]));
      }
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException("none of the images can be read");
    }
    return all;
  }

  static void print(ClipReward reward, List<Scored> scored, PrintStream out) {
    out.println(reward.name());
    for (Scored one : scored) {
      out.printf(
          Locale.ROOT, "%9.4f  %-24s  %s%n", one.score, one.file.getFileName(), one.prompt.text());
    }
    out.printf(
        Locale.ROOT,
        "%9.4f  mean of %d images by %s%n",
        scored.stream().mapToDouble(Scored::score).average().orElseThrow(),
        scored.size(),
        reward.name());
  }

  static String csv(
      List<Scored> scored, String score, String model, String preprocessing, Path folder) {
    StringBuilder csv =
        new StringBuilder(Csv.row("file", "prompt", "score", "by", "model", "preprocessing"));
    for (Scored one : scored) {
      csv.append(
          Csv.row(
              folder.relativize(one.file),
              one.prompt.text(),
              one.score,
              score,
              model,
              preprocessing));
    }
    return csv.toString();
  }
}
