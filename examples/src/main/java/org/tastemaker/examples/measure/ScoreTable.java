package org.tastemaker.examples.measure;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;

/** The scores of a folder's images, printed and as CSV. */
public final class ScoreTable {
  private static final int AT_ONCE = 32; // images in memory

  private ScoreTable() {}

  /**
   * An image's score.
   *
   * @param file of the image
   * @param prompt that it was made for
   * @param score higher is better
   */
  public record Scored(Path file, Prompt prompt, double score) {}

  /**
   * Scores images a few at a time; one that cannot be read is named and left out.
   *
   * @param scorer of prompts and their images
   * @param entries to score
   * @param problems receives what is left out
   * @param done receives how many images are done
   * @return in order
   * @throws IllegalArgumentException if none can be read
   */
  public static List<Scored> score(
      BiFunction<List<Prompt>, List<Image>, double[]> scorer,
      List<PromptedImages.Entry> entries,
      Consumer<String> problems,
      LongConsumer done) {
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
          problems.accept("left out: " + e.getMessage());
        }
      }
      double[] scores = images.isEmpty() ? new double[0] : scorer.apply(prompts, images);
      for (int i = 0; i < scores.length; i++) {
        all.add(new Scored(files.get(i), prompts.get(i), scores[i]));
      }
      done.accept(Math.min(first + AT_ONCE, entries.size()));
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException("none of the images can be read");
    }
    return all;
  }

  /**
   * The scores and their mean, for people.
   *
   * @param name of the score
   * @param scored at least one
   * @return lines
   */
  public static String text(String name, List<Scored> scored) {
    StringBuilder text = new StringBuilder(name).append(System.lineSeparator());
    for (Scored one : scored) {
      text.append(
          String.format(
              Locale.ROOT,
              "%9.4f  %-24s  %s%n",
              one.score,
              one.file.getFileName(),
              one.prompt.text()));
    }
    return text.append(
            String.format(
                Locale.ROOT, "%9.4f  mean of %d images by %s%n", mean(scored), scored.size(), name))
        .toString();
  }

  /**
   * The mean score.
   *
   * @param scored at least one
   * @return the mean
   */
  public static double mean(List<Scored> scored) {
    return scored.stream().mapToDouble(Scored::score).average().orElseThrow();
  }

  /**
   * The scores for programs, each with what decides it.
   *
   * @param scored in order
   * @param score its name
   * @param model its files
   * @param preprocessing how images were prepared
   * @param folder of the images
   * @return CSV with a header
   */
  public static String csv(
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
