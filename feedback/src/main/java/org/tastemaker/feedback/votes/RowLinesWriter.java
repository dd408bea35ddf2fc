package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * Writes rows as JSON Lines with all that they hold: people, dimensions, ties, both bad, facts, and
 * images that cannot be used with what is wrong. {@link RowLines} reads them again.
 *
 * <pre>
 *   {"id":"","prompt":"...","images":["images/a.png",{"name":"b.png","fault":"MISSING","detail":""}],
 *    "votes":[{"annotator":"u1","dimension":"","first":0,"second":1,"outcome":"BOTH_BAD"},
 *             {"annotator":"u2","dimension":"","order":[[1],[0]]},
 *             {"annotator":"u2","dimension":"fidelity","scores":[4,null]}],
 *    "source":"...","split":"test","facts":{...},"imageFacts":[...]}
 * </pre>
 */
public final class RowLinesWriter implements RowWriter {
  private final RowOutput out;

  /**
   * Begins a file.
   *
   * @param file in the folder that the images' paths are relative to; it is replaced
   */
  public RowLinesWriter(Path file) {
    this.out = new RowOutput(file, false);
  }

  @Override
  public void write(VotedRow row) {
    out.row();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", row.id());
    json.put("prompt", row.prompt());
    List<Object> images = new ArrayList<>();
    for (RowImage image : row.images()) {
      String path = out.path(image);
      if (!path.isEmpty()) {
        images.add(path);
      } else {
        boolean known = image instanceof RowImage.Unusable;
        RowImage.Fault fault = known ? ((RowImage.Unusable) image).fault() : RowImage.Fault.MISSING;
        images.add(
            ordered(
                "name",
                image.name(),
                "fault",
                fault.name(),
                "detail",
                known ? ((RowImage.Unusable) image).detail() : "there is no such file"));
      }
    }
    json.put("images", images);
    json.put("votes", row.votes().stream().map(RowLinesWriter::vote).toList());
    json.put("source", row.source());
    json.put("split", row.split());
    json.put("facts", new TreeMap<>(row.facts()));
    json.put("imageFacts", row.imageFacts().stream().map(TreeMap::new).toList());
    out.record(json);
  }

  private static Map<String, Object> vote(RowVote vote) {
    Map<String, Object> json =
        ordered("annotator", vote.annotator(), "dimension", vote.dimension());
    if (vote.answer() instanceof Answer.Pick pick) {
      json.put("first", pick.first());
      json.put("second", pick.second());
      json.put("outcome", pick.outcome().name());
    } else if (vote.answer() instanceof Answer.Order order) {
      json.put("order", order.ranking().tiers());
    } else if (vote.answer() instanceof Answer.Scores given) {
      List<Object> scores = new ArrayList<>();
      for (OptionalDouble score : given.scores()) {
        scores.add(score.isPresent() ? (Object) score.getAsDouble() : null);
      }
      json.put("scores", scores);
    } else {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "no answer is of %s", vote.answer().getClass()));
    }
    return json;
  }

  private static Map<String, Object> ordered(String... entries) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < entries.length; i += 2) {
      map.put(entries[i], entries[i + 1]);
    }
    return map;
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
