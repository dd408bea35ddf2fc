package org.tastemaker.feedback.protocol;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * Counts how often a judge prefers a position, regardless of the image shown there.
 *
 * <p>Under random orders each position should win equally often. Any excess is the bias of the
 * judge: the median language model picks the first of two 63 times in 100. Thread-safe.
 */
public final class PositionBias {
  private final Map<Integer, long[]> wins = new TreeMap<>();
  private long swapped;
  private long consistent;
  private double logitSum;
  private long logits;

  /** Nothing counted. */
  public PositionBias() {}

  /**
   * The counts so far.
   *
   * @param byImagesShown for each number of images shown together, each position's share of wins
   * @param swappedPairs pairs that were answered in both orders
   * @param consistentPairs those of them with the same winner (or a tie) in both
   * @param firstLogit mean of {@code (l1 + l2) / 2} over pairs with soft answers in both orders:
   *     the advantage of being shown first, on the logit scale; empty if there were none
   */
  public record Snapshot(
      Map<Integer, List<Share>> byImagesShown,
      long swappedPairs,
      long consistentPairs,
      OptionalDouble firstLogit) {
    public Snapshot {
      byImagesShown = Map.copyOf(byImagesShown);
    }

    /**
     * Each position's share of wins among answers about a number of images.
     *
     * @param imagesShown how many were shown together
     * @return by position; empty if there were no such answers
     */
    public List<Share> shares(int imagesShown) {
      return byImagesShown.getOrDefault(imagesShown, List.of());
    }
  }

  /**
   * A position's wins, with the Wilson interval of 95 % (E. B. Wilson, JASA 22, 1927).
   *
   * @param wins how often the image at this position was the only best one
   * @param decided answers with one best image
   * @param share {@code wins / decided}
   * @param low lower end of the interval
   * @param high upper end of the interval
   */
  public record Share(long wins, long decided, double share, double low, double high) {
    static Share of(long wins, long decided) {
      double z = 1.959963984540054;
      double p = (double) wins / decided;
      double middle = (p + z * z / (2 * decided)) / (1 + z * z / decided);
      double half =
          z
              / (1 + z * z / decided)
              * Math.sqrt(p * (1 - p) / decided + z * z / (4.0 * decided * decided));
      return new Share(wins, decided, p, Math.max(0, middle - half), Math.min(1, middle + half));
    }

    /**
     * Whether the interval excludes the share that a fair judge gives.
     *
     * @param fair such as 0.5 for two images
     * @return true if the bias is significant
     */
    public boolean excludes(double fair) {
      return fair < low || fair > high;
    }
  }

  /**
   * The counts so far.
   *
   * @return an immutable copy
   */
  public synchronized Snapshot snapshot() {
    Map<Integer, List<Share>> shares = new TreeMap<>();
    wins.forEach(
        (shown, counts) -> {
          long decided = Arrays.stream(counts).sum();
          List<Share> row = new ArrayList<>(shown);
          for (long count : counts) {
            row.add(Share.of(count, decided));
          }
          shares.put(shown, List.copyOf(row));
        });
    return new Snapshot(
        shares,
        swapped,
        consistent,
        logits == 0 ? OptionalDouble.empty() : OptionalDouble.of(logitSum / logits));
  }

  /** Counts an answer with a single best image; a question about one image does not count. */
  synchronized void count(Question question, Verdict verdict) {
    List<List<Integer>> tiers = verdict.overall().order().tiers();
    if (question.size() > 1 && !tiers.isEmpty() && tiers.get(0).size() == 1) {
      wins.computeIfAbsent(question.size(), long[]::new)[tiers.get(0).get(0)]++;
    }
  }

  /** Counts a pair that was answered in both orders. */
  synchronized void countSwap(boolean sameWinner, OptionalDouble logit) {
    swapped++;
    consistent += sameWinner ? 1 : 0;
    if (logit.isPresent()) {
      logitSum += logit.getAsDouble();
      logits++;
    }
  }
}
