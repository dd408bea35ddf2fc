package org.tastemaker.optim.preference;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.train.EpochOrder;

/**
 * Pairs that go through the U-Net together: row 2k is the winner of pair k, row 2k + 1 its loser.
 * Both have the same timestep and the same noise.
 *
 * @param pairs K
 * @param seeds of each row's timestep and noise, [2K]
 */
record PairRows(List<Pair> pairs, List<Seed> seeds) {
  /** The pairs of one batch, each once an epoch; all of them where there are fewer. */
  static List<Pair> draw(List<Pair> all, long number, int batch, Seed order) {
    return new EpochOrder(all.size(), order)
        .batch(number, Math.min(batch, all.size())).stream().mapToObj(all::get).toList();
  }

  /** Cuts an update's pairs; pair k of them has the seed {@code noise.split(k)}. */
  static List<PairRows> of(List<Pair> pairs, int microBatch, Seed noise) {
    List<PairRows> all = new ArrayList<>();
    int each = microBatch / 2;
    for (int first = 0; first < pairs.size(); first += each) {
      List<Pair> some = pairs.subList(first, Math.min(first + each, pairs.size()));
      List<Seed> seeds = new ArrayList<>();
      for (int k = 0; k < some.size(); k++) {
        Seed shared = noise.split(first + k);
        seeds.add(shared);
        seeds.add(shared);
      }
      all.add(new PairRows(some, seeds));
    }
    return all;
  }

  int size() {
    return pairs.size();
  }

  List<FloatBuffer> clean() {
    List<FloatBuffer> rows = new ArrayList<>();
    pairs.forEach(
        pair -> {
          rows.add(pair.winner());
          rows.add(pair.loser());
        });
    return rows;
  }

  List<String> texts() {
    List<String> rows = new ArrayList<>();
    pairs.forEach(
        pair -> {
          rows.add(pair.text());
          rows.add(pair.text());
        });
    return rows;
  }
}
