package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.tastemaker.core.Ranking;

/**
 * Writes HPD v2's {@code test.json}: a record for each row, with every person's order of its images
 * and the order by mean places. A choice between the two images of a pair is an order of two.
 *
 * <p>An order must be of all images there. Images that cannot be used are left out first; votes
 * that are no whole order, by another dimension or for both bad are left out, and counted.
 *
 * @see HpdV2Test
 */
public final class HpdV2TestWriter implements RowWriter {
  private final RowOutput out;

  /**
   * Begins a file.
   *
   * @param file in the folder that the images' paths are relative to; it is replaced
   */
  public HpdV2TestWriter(Path file) {
    this.out = new RowOutput(file, true);
  }

  @Override
  public void write(VotedRow whole) {
    out.row();
    List<String> all = whole.images().stream().map(out::path).toList();
    List<Integer> there = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      if (!all.get(i).isEmpty()) {
        there.add(i);
      }
    }
    if (there.size() < 2) {
      out.leaveOut("fewer than two of its images can be used", whole);
      return;
    }
    VotedRow row = whole.only(there);
    double[] sums = new double[there.size()];
    List<Object> raw = new ArrayList<>();
    for (RowVote vote : row.votes()) {
      List<Integer> places = places(vote, row);
      if (!places.isEmpty()) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] -= places.get(i);
        }
        Map<String, Object> annotation = new LinkedHashMap<>();
        annotation.put("rank", places);
        annotation.put("user_hash", vote.annotator());
        raw.add(annotation);
      }
    }
    if (raw.isEmpty()) {
      out.leaveOut("it has no order of all of its images", row);
      return;
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("prompt", row.prompt());
    json.put("image_path", there.stream().map(all::get).toList());
    json.put("rank", places(Ranking.ofScores(sums)));
    json.put("raw_annotations", raw);
    out.record(json);
  }

  /** The places of a vote, or an empty list where it is no order of all images. */
  private List<Integer> places(RowVote vote, VotedRow row) {
    int size = row.images().size();
    Ranking order = Ranking.none(size);
    if (!vote.dimension().equals(RowVote.OVERALL)) {
      out.leaveOut("a vote by another dimension", row);
      return List.of();
    }
    if (vote.answer() instanceof Answer.Order given) {
      order = given.ranking();
    } else if (vote.answer() instanceof Answer.Scores scores) {
      order = Ranking.ofScores(scores.scores());
    } else if (vote.answer() instanceof Answer.Pick pick
        && size == 2
        && pick.outcome() != Answer.Outcome.BOTH_BAD) {
      List<OptionalDouble> scores =
          new ArrayList<>(List.of(OptionalDouble.of(0), OptionalDouble.of(0)));
      if (pick.outcome() != Answer.Outcome.TIE) {
        boolean first = pick.outcome() == Answer.Outcome.FIRST;
        scores.set(first ? pick.first() : pick.second(), OptionalDouble.of(1));
      }
      order = Ranking.ofScores(scores);
    }
    if (!order.isComplete()) {
      out.leaveOut("a vote that is no order of all images", row);
      return List.of();
    }
    return places(order);
  }

  private static List<Integer> places(Ranking order) {
    return order.ranks().stream().map(place -> place.getAsInt()).toList();
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
