package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tastemaker.feedback.votes.Answer.Outcome;

/**
 * GenAI-Bench, the part {@code image_generation}: pairs of images, each with the vote of a visitor
 * of an arena.
 *
 * <pre>
 *   prompt, left_model, left_image, right_model, right_image,
 *   vote_type: leftvote, rightvote, tievote or bothbad_vote
 * </pre>
 *
 * <p>Both bad is a vote of its own, {@link Outcome#BOTH_BAD}: it says that neither image is what
 * was asked for, which a tie does not.
 *
 * <p>Names and votes were read in the public program of GenAI-Bench ({@code inference.py} and
 * {@code inference_configs.json}); the models' names are from public programs that read the data
 * set. The files themselves were not seen. The parts about editing and videos have other fields and
 * are refused.
 */
public final class GenAiBench implements VoteShape {
  private final ImagePlaces images;

  private GenAiBench(ImagePlaces images) {
    this.images = images;
  }

  /**
   * The benchmark with its images in its files.
   *
   * @return the shape
   */
  public static GenAiBench inFile() {
    return new GenAiBench(ImagePlaces.inFile());
  }

  /**
   * The benchmark with images in files of their own.
   *
   * @param images the folder that its paths are relative to
   * @return the shape
   */
  public static GenAiBench in(Path images) {
    return new GenAiBench(ImagePlaces.in(images));
  }

  @Override
  public String name() {
    return "GenAI-Bench";
  }

  @Override
  public Set<String> required() {
    return Set.of("prompt", "left_image", "right_image", "vote_type");
  }

  @Override
  public Set<String> optional() {
    return Set.of("left_model", "right_model");
  }

  @Override
  public String advice() {
    return "Only the part image_generation is read; those about editing and videos have other"
        + " fields";
  }

  @Override
  public VotedRow row(List<Fields> records, long number) {
    Fields record = records.get(0);
    List<RowImage> found = new ArrayList<>();
    List<Map<String, String>> models = new ArrayList<>();
    for (String side : List.of("left", "right")) {
      String field = side + "_image";
      found.add(images.of(record.value(field), record.where() + ", " + field));
      String model = record.label(side + "_model");
      models.add(model.isEmpty() ? Map.of() : Map.of(VotedRow.MODEL, model));
    }
    Outcome outcome =
        switch (record.text("vote_type")) {
          case "leftvote" -> Outcome.FIRST;
          case "rightvote" -> Outcome.SECOND;
          case "tievote" -> Outcome.TIE;
          case "bothbad_vote" -> Outcome.BOTH_BAD;
          default ->
              throw record.unexpected("vote_type", "leftvote, rightvote, tievote or bothbad_vote");
        };
    // All are in a split called "train", which the program itself takes for the test.
    return new VotedRow(
        "",
        record.text("prompt"),
        found,
        List.of(RowVote.pick("", outcome)),
        name(),
        "test",
        Map.of(),
        models);
  }
}
