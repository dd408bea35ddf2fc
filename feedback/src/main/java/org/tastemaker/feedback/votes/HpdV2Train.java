package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.tastemaker.feedback.votes.Answer.Outcome;

/**
 * HPD v2's {@code train.json}: pairs of images, each with one person's choice.
 *
 * <pre>
 *   [{"prompt": "...", "file_path": ["a.jpg", "b.jpg"], "human_preference": [0, 1],
 *     "user_hash": "..."}, ...]
 * </pre>
 *
 * <p>The image with the 1 is the better one; twice the same is a tie. {@code user_hash} may be
 * absent.
 *
 * <p>Names and meaning were read in the public program of HPSv2 (its README and {@code
 * training/data.py}); that {@code user_hash} may be absent is from the data set's page. The file
 * itself was not seen.
 */
public final class HpdV2Train implements VoteShape {
  private final ImagePlaces images;

  private HpdV2Train(ImagePlaces images) {
    this.images = images;
  }

  /**
   * The train split.
   *
   * @param images the folder that its paths are relative to
   * @return the shape
   */
  public static HpdV2Train in(Path images) {
    return new HpdV2Train(ImagePlaces.in(images));
  }

  @Override
  public String name() {
    return "HPD v2";
  }

  @Override
  public Set<String> required() {
    return Set.of("prompt", "file_path", "human_preference");
  }

  @Override
  public Set<String> optional() {
    return Set.of("user_hash");
  }

  @Override
  public VotedRow row(List<Fields> records, long number) {
    Fields record = records.get(0);
    List<RowImage> found = new ArrayList<>();
    for (Object path : record.list("file_path")) {
      found.add(images.of(path, record.where() + ", image " + found.size()));
    }
    List<OptionalDouble> preferred = record.numbers("human_preference");
    if (found.size() != 2 || preferred.size() != 2) {
      throw record.unexpected("human_preference", "of the two images of 'file_path'");
    }
    return new VotedRow(
        "",
        record.text("prompt"),
        found,
        List.of(RowVote.pick(record.label("user_hash"), outcome(preferred, record))),
        name(),
        "train",
        Map.of(),
        List.of());
  }

  private static Outcome outcome(List<OptionalDouble> preferred, Fields record) {
    double first = preferred.get(0).orElse(-1);
    double second = preferred.get(1).orElse(-1);
    if ((first != 0 && first != 1) || (second != 0 && second != 1)) {
      throw record.unexpected("human_preference", "a list of 0 and 1");
    }
    return first == second ? Outcome.TIE : first > second ? Outcome.FIRST : Outcome.SECOND;
  }
}
