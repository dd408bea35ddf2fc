package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes HPDv3's {@code train.json}, which HPSv3's and others' trainers read: a record for each
 * pair of images, the one with more votes first, and the counts. There is no confidence: it is
 * null, as for the parts of HPDv3 that have none.
 *
 * <p>Pairs with as many votes for either, votes for neither and other dimensions are left out, and
 * counted.
 *
 * @see HpdV3
 */
public final class HpdV3Writer implements RowWriter {
  private final RowOutput out;

  /**
   * Begins a file.
   *
   * @param file in the folder that the images' paths are relative to; it is replaced
   */
  public HpdV3Writer(Path file) {
    this.out = new RowOutput(file, true);
  }

  @Override
  public void write(VotedRow row) {
    out.row();
    List<String> paths = row.images().stream().map(out::path).toList();
    if (row.votes().stream().anyMatch(vote -> !vote.dimension().equals(RowVote.OVERALL))) {
      out.leaveOut("votes by other dimensions", row);
    }
    for (PairCounts pair : PairCounts.of(row)) {
      if (paths.get(pair.first()).isEmpty() || paths.get(pair.second()).isEmpty()) {
        out.leaveOut("a pair with an image that cannot be used", row);
        continue;
      }
      if (pair.undecided() > 0) {
        out.leaveOut("votes for neither image of a pair", row);
      }
      if (pair.forFirst() == pair.forSecond()) {
        out.leaveOut("a pair with as many votes for either image", row);
        continue;
      }
      boolean first = pair.forFirst() > pair.forSecond();
      int better = first ? pair.first() : pair.second();
      int worse = first ? pair.second() : pair.first();
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("prompt", row.prompt());
      json.put(
          "choice_dist",
          List.of(
              Math.max(pair.forFirst(), pair.forSecond()),
              Math.min(pair.forFirst(), pair.forSecond())));
      json.put("confidence", null);
      json.put("path1", paths.get(better));
      json.put("path2", paths.get(worse));
      json.put("model1", model(row, better));
      json.put("model2", model(row, worse));
      out.record(json);
    }
  }

  private static String model(VotedRow row, int image) {
    return row.imageFacts().isEmpty()
        ? ""
        : row.imageFacts().get(image).getOrDefault(VotedRow.MODEL, "");
  }

  @Override
  public ReadingReport report() {
    return out.report();
  }

  @Override
  public void close() {
    out.close();
  }
}
