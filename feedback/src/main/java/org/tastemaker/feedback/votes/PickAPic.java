package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.tastemaker.feedback.votes.Answer.Outcome;

/**
 * Pick-a-Pic, versions 1 and 2: pairs of images, each with one web user's choice, in Parquet.
 *
 * <pre>
 *   caption, jpg_0, jpg_1, label_0, label_1, has_label, are_different,
 *   ranking_id, user_id, model_0, model_1, num_example_per_prompt, ...
 * </pre>
 *
 * <p>The labels are 1 and 0, or one half each for a tie. Left out, and counted, are rows without a
 * label and those whose images are the same.
 *
 * <p>The names were read in the public program of PickScore ({@code clip_hf_dataset.py}) and in
 * programs that write this shape for the trainers of Diffusion-DPO. The files themselves were not
 * seen.
 */
public final class PickAPic implements VoteShape {
  private final ImagePlaces images;
  private final String split;

  private PickAPic(ImagePlaces images, String split) {
    this.images = images;
    this.split = Objects.requireNonNull(split, "split == null: use \"\" for unknown");
  }

  /**
   * A split whose images stand in its files.
   *
   * @param split such as {@code validation_unique}
   * @return the shape
   */
  public static PickAPic inFile(String split) {
    return new PickAPic(ImagePlaces.inFile(), split);
  }

  /**
   * A split whose {@code jpg_0} and {@code jpg_1} are names of files.
   *
   * @param images the folder that its paths are relative to
   * @param split such as {@code validation_unique}
   * @return the shape
   */
  public static PickAPic in(Path images, String split) {
    return new PickAPic(ImagePlaces.in(images), split);
  }

  @Override
  public String name() {
    return "Pick-a-Pic";
  }

  @Override
  public Set<String> required() {
    return Set.of("caption", "jpg_0", "jpg_1", "label_0", "label_1");
  }

  @Override
  public Set<String> optional() {
    return Set.of(
        "has_label",
        "are_different",
        "ranking_id",
        "user_id",
        "model_0",
        "model_1",
        "num_example_per_prompt");
  }

  @Override
  public VotedRow row(List<Fields> records, long number) {
    Fields record = records.get(0);
    if (!record.flag("has_label").orElse(true)) {
      throw new UnusableRow("it has no label", record.where());
    }
    if (!record.flag("are_different").orElse(true)) {
      throw new UnusableRow("its images are the same", record.where());
    }
    List<RowImage> found = new ArrayList<>();
    List<Map<String, String>> models = new ArrayList<>();
    for (String side : List.of("0", "1")) {
      found.add(images.of(record.value("jpg_" + side), record.where() + ", jpg_" + side));
      String model = record.label("model_" + side);
      models.add(model.isEmpty() ? Map.of() : Map.of(VotedRow.MODEL, model));
    }
    Map<String, String> facts = new LinkedHashMap<>();
    if (record.has("num_example_per_prompt")) {
      facts.put("examples of prompt", record.label("num_example_per_prompt"));
    }
    return new VotedRow(
        record.label("ranking_id"),
        record.text("caption"),
        found,
        List.of(RowVote.pick(record.label("user_id"), outcome(record))),
        name(),
        split,
        facts,
        models);
  }

  private static Outcome outcome(Fields record) {
    double first = record.number("label_0").orElse(Double.NaN);
    double second = record.number("label_1").orElse(Double.NaN);
    if (first == 0.5 && second == 0.5) {
      return Outcome.TIE;
    }
    if (first == 1 && second == 0) {
      return Outcome.FIRST;
    }
    if (first == 0 && second == 1) {
      return Outcome.SECOND;
    }
    throw new IllegalArgumentException(
        record.where()
            + ": 'label_0' and 'label_1' must be 1 and 0, 0 and 1 or one half each, but are "
            + record.value("label_0")
            + " and "
            + record.value("label_1"));
  }
}
