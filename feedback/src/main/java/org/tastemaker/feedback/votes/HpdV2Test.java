package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * HPD v2's {@code test.json}: several images of a prompt, ordered by about ten people each.
 *
 * <pre>
 *   [{"prompt": "...", "image_path": ["a.jpg", ...],
 *     "rank": [2, 1, ...],
 *     "raw_annotations": [{"rank": [2, 1, ...], "user_hash": "..."}, ...]}, ...]
 * </pre>
 *
 * <p>A rank is the image's place; the lowest is the best. Each person's order is a vote. Where a
 * file has none, the mean order {@code rank} stands as one vote of nobody.
 *
 * <p>Names, order and the meaning of ranks were read in the public program of HPSv2 (its README,
 * {@code evaluation.py} and {@code training/data.py}), which calls the last field {@code
 * raw_annotation}; the data set's page calls it {@code raw_annotations}. Both are read. The file
 * itself was not seen.
 */
public final class HpdV2Test implements VoteShape {
  private static final List<String> RAW = List.of("raw_annotations", "raw_annotation");

  private final ImagePlaces images;

  private HpdV2Test(ImagePlaces images) {
    this.images = images;
  }

  /**
   * The test split.
   *
   * @param images the folder that its paths are relative to
   * @return the shape
   */
  public static HpdV2Test in(Path images) {
    return new HpdV2Test(ImagePlaces.in(images));
  }

  @Override
  public String name() {
    return "HPD v2";
  }

  @Override
  public Set<String> required() {
    return Set.of("prompt", "image_path");
  }

  @Override
  public Set<String> optional() {
    return Set.of("rank", RAW.get(0), RAW.get(1));
  }

  @Override
  public VotedRow row(List<Fields> records, long number) {
    Fields record = records.get(0);
    List<RowImage> found = new ArrayList<>();
    for (Object path : record.list("image_path")) {
      found.add(images.of(path, record.where() + ", image " + found.size()));
    }
    List<RowVote> votes = new ArrayList<>();
    for (String raw : RAW) {
      if (record.has(raw)) {
        for (Fields vote : record.records(raw)) {
          votes.add(vote(vote, vote.label("user_hash"), found.size()));
        }
      }
    }
    if (votes.isEmpty()) {
      votes.add(vote(record, "", found.size()));
    }
    return new VotedRow(
        "", record.text("prompt"), found, votes, name(), "test", Map.of(), List.of());
  }

  private static RowVote vote(Fields record, String annotator, int size) {
    return new RowVote(
        annotator, RowVote.OVERALL, Ranks.order(record.numbers("rank"), size, record));
  }
}
