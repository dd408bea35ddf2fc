package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes HPD v2's {@code train.json}: a record for each person's choice between two images. Orders
 * become all of their pairs.
 *
 * <p>There is no place for a tie: the program that reads the file takes the image with the 1. Ties,
 * both bad and other dimensions are left out, and counted.
 *
 * @see HpdV2Train
 */
public final class HpdV2TrainWriter implements RowWriter {
  private final RowOutput out;

  /**
   * Begins a file.
   *
   * @param file in the folder that the images' paths are relative to; it is replaced
   */
  public HpdV2TrainWriter(Path file) {
    this.out = new RowOutput(file, true);
  }

  @Override
  public void write(VotedRow row) {
    out.row();
    List<String> paths = row.images().stream().map(out::path).toList();
    for (RowVote vote : row.votes()) {
      if (!vote.dimension().equals(RowVote.OVERALL)) {
        out.leaveOut("a vote by another dimension", row);
        continue;
      }
      for (Answer.Pick pick : RowPairs.picks(vote.answer())) {
        String first = paths.get(pick.first());
        String second = paths.get(pick.second());
        boolean decided =
            pick.outcome() == Answer.Outcome.FIRST || pick.outcome() == Answer.Outcome.SECOND;
        if (first.isEmpty() || second.isEmpty()) {
          out.leaveOut("a pair with an image that cannot be used", row);
        } else if (!decided) {
          out.leaveOut("a vote for neither image", row);
        } else {
          boolean won = pick.outcome() == Answer.Outcome.FIRST;
          Map<String, Object> json = new LinkedHashMap<>();
          json.put("prompt", row.prompt());
          json.put("file_path", List.of(first, second));
          json.put("human_preference", won ? List.of(1, 0) : List.of(0, 1));
          json.put("user_hash", vote.annotator());
          out.record(json);
        }
      }
    }
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
