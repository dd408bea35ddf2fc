package org.tastemaker.diffusion.tokenizer;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding of words (Sennrich, Haddow and Birch, 2016) by a vocabulary's merges. The
 * pairs of the earliest merge that applies are joined in one pass from left to right; the pairs
 * that this makes are seen by the next pass.
 */
final class BpeMerges {
  private static final int UNKNOWN = -1;
  private static final int MERGED = -2;

  /** What a pair becomes, and how early its merge was learned. */
  private record Rule(int rank, int result) {}

  /** A pair of neighbours that a merge applies to, by the position of its left symbol. */
  private record Candidate(int rank, int position) implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate other) {
      return rank != other.rank
          ? Integer.compare(rank, other.rank)
          : Integer.compare(position, other.position);
    }
  }

  private final ImmutableMap<String, Integer> ids;
  private final ImmutableMap<Long, Rule> rules; // by the two ids of the pair in one number
  private final int unk;

  /** The merges of a vocabulary; symbols that it lacks get the id {@code unk}. */
  BpeMerges(BpeVocabulary vocabulary, int unk) {
    this.ids = vocabulary.ids();
    this.unk = unk;
    Map<Long, Rule> byPair = new HashMap<>();
    for (BpeVocabulary.Merge merge : vocabulary.merges()) {
      byPair.put(
          pair(id(merge.left()), id(merge.right())), new Rule(byPair.size(), id(merge.result())));
    }
    this.rules = ImmutableMap.copyOf(byPair);
  }

  /**
   * Encodes one word.
   *
   * @param symbols of the word
   * @param out receives the ids
   */
  void encode(String[] symbols, List<Integer> out) {
    int n = symbols.length;
    int[] id = new int[n];
    int[] next = new int[n + 1]; // a linked list of the symbols that are left; n is its end
    int[] previous = new int[n + 1];
    PriorityQueue<Candidate> queue = new PriorityQueue<>();
    for (int i = 0; i < n; i++) {
      id[i] = ids.getOrDefault(symbols[i], UNKNOWN);
      next[i] = i + 1;
      previous[i] = i - 1;
      if (i > 0) {
        offer(queue, id, i - 1, i);
      }
    }
    List<Candidate> pass = new ArrayList<>();
    while (!queue.isEmpty()) {
      int rank = queue.element().rank();
      pass.clear();
      while (!queue.isEmpty() && queue.element().rank() == rank) {
        pass.add(queue.remove());
      }
      for (Candidate candidate : pass) {
        int left = candidate.position();
        int right = next[left];
        Rule rule = right < n && id[left] != MERGED ? rule(id[left], id[right]) : null;
        if (rule == null || rule.rank() != rank) {
          continue; // one of the two was joined with its other neighbour
        }
        id[left] = rule.result();
        id[right] = MERGED;
        next[left] = next[right];
        previous[next[right]] = left;
        if (previous[left] >= 0) {
          offer(queue, id, previous[left], left);
        }
        if (next[left] < n) {
          offer(queue, id, left, next[left]);
        }
      }
    }
    for (int i = 0; i < n; i = next[i]) {
      out.add(id[i] < 0 ? unk : id[i]);
    }
  }

  private void offer(PriorityQueue<Candidate> queue, int[] id, int left, int right) {
    Rule rule = rule(id[left], id[right]);
    if (rule != null) {
      queue.add(new Candidate(rule.rank(), left));
    }
  }

  private @Nullable Rule rule(int left, int right) {
    return rules.get(pair(left, right));
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | (right & 0xFFFFFFFFL);
  }

  /** The id of a token, which the vocabulary has. */
  private int id(String token) {
    return Objects.requireNonNull(ids.get(token), token);
  }
}
