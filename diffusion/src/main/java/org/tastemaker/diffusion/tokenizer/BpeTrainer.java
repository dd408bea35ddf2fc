package org.tastemaker.diffusion.tokenizer;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tastemaker.diffusion.tokenizer.BpeVocabulary.Merge;

/**
 * Learns a byte-pair vocabulary from captions (Sennrich, Haddow and Birch, 2016, algorithm 1):
 * again and again, the most frequent pair of neighbouring symbols in the words of the corpus
 * becomes a new symbol.
 *
 * <p>The vocabulary has the layout of CLIP's: the 256 bytes, the same with {@code </w>}, the merges
 * in the order in which they were learned, {@code <|startoftext|>} and {@code <|endoftext|>}. So it
 * encodes every text, and the id of the end is the largest.
 *
 * <p>The result depends on the words and their frequencies alone, not on the captions' order: of
 * pairs that are equally frequent, the first by left and then by right symbol is taken, compared by
 * UTF-16 code unit.
 */
public final class BpeTrainer {
  private static final int SPECIALS = 2;

  /** The size of a vocabulary without merges. */
  private static final int SMALLEST = 2 * 256 + SPECIALS;

  /** One distinct word of the corpus in its present symbols. */
  private static final class Word {
    final long count;
    List<String> symbols;

    Word(String word, long count) {
      this.symbols = ImmutableList.copyOf(ByteSymbols.of(word));
      this.count = count;
    }
  }

  private final List<Word> words = new ArrayList<>();
  private final Map<Merge, Long> frequencies = new HashMap<>();
  private final Map<Merge, Set<Integer>> wordsWith = new HashMap<>();

  private BpeTrainer() {}

  /**
   * Learns a vocabulary.
   *
   * @param captions the corpus; cleaned and split into words as the tokenizer does it
   * @param options the size of the vocabulary and the least frequency of a merge
   * @return a vocabulary of the size that was asked for, or less if no pair is frequent enough
   */
  public static BpeVocabulary train(Iterable<String> captions, Options options) {
    Objects.requireNonNull(captions, "captions == null");
    Objects.requireNonNull(options, "options == null");
    Map<String, Long> counts = new TreeMap<>();
    for (String caption : captions) {
      for (String word : ClipText.words(caption)) {
        if (!word.equals(ClipText.START) && !word.equals(ClipText.END)) {
          counts.merge(word, 1L, Long::sum);
        }
      }
    }
    return new BpeTrainer().learn(counts, options);
  }

  private BpeVocabulary learn(Map<String, Long> counts, Options options) {
    // 1. The alphabet, and the pairs in the corpus.
    Map<String, Integer> ids = new LinkedHashMap<>();
    ByteSymbols.IN_VOCABULARY_ORDER.forEach(symbol -> ids.put(symbol, ids.size()));
    ByteSymbols.IN_VOCABULARY_ORDER.forEach(
        symbol -> ids.put(symbol + ByteSymbols.END_OF_WORD, ids.size()));
    counts.forEach((word, count) -> words.add(new Word(word, count)));
    for (int i = 0; i < words.size(); i++) {
      count(i, 1);
    }
    // 2. Merges. Two of them may make the same symbol, which is then one token, and a merge of that
    // symbol may have been learned already.
    Set<Merge> merges = new LinkedHashSet<>();
    while (ids.size() < options.size() - SPECIALS) {
      Optional<Merge> best = mostFrequent(options.leastFrequency(), merges);
      if (best.isEmpty()) {
        break;
      }
      merges.add(best.get());
      ids.putIfAbsent(best.get().result(), ids.size());
      apply(best.get());
    }
    // 3. The special tokens at the end.
    ids.put(ClipText.START, ids.size());
    ids.put(ClipText.END, ids.size());
    return new BpeVocabulary(ImmutableMap.copyOf(ids), ImmutableList.copyOf(merges));
  }

  private Optional<Merge> mostFrequent(long leastFrequency, Set<Merge> learned) {
    return frequencies.entrySet().stream()
        .filter(entry -> entry.getValue() >= leastFrequency && !learned.contains(entry.getKey()))
        .max(
            Map.Entry.<Merge, Long>comparingByValue()
                .thenComparing(
                    Map.Entry::getKey,
                    Comparator.comparing(Merge::left).thenComparing(Merge::right).reversed()))
        .map(Map.Entry::getKey);
  }

  /** Joins the pair wherever it is, from left to right in each word. */
  private void apply(Merge merge) {
    Set<Integer> affected = wordsWith.getOrDefault(merge, Set.of());
    for (int i : ImmutableList.copyOf(affected)) {
      Word word = words.get(i);
      count(i, -1);
      List<String> joined = new ArrayList<>(word.symbols.size());
      for (int s = 0; s < word.symbols.size(); s++) {
        boolean here =
            s + 1 < word.symbols.size()
                && word.symbols.get(s).equals(merge.left())
                && word.symbols.get(s + 1).equals(merge.right());
        joined.add(here ? merge.result() : word.symbols.get(s));
        s += here ? 1 : 0;
      }
      word.symbols = joined;
      count(i, 1);
    }
  }

  /** Adds a word's pairs to the tables, or removes them with a sign of -1. */
  private void count(int index, int sign) {
    Word word = words.get(index);
    for (int s = 0; s + 1 < word.symbols.size(); s++) {
      Merge pair = new Merge(word.symbols.get(s), word.symbols.get(s + 1));
      long frequency = frequencies.merge(pair, sign * word.count, Long::sum);
      Set<Integer> with = wordsWith.computeIfAbsent(pair, p -> new TreeSet<>());
      if (sign > 0) {
        with.add(index);
      } else {
        with.remove(index);
      }
      if (frequency == 0) {
        frequencies.remove(pair);
        wordsWith.remove(pair);
      }
    }
  }

  /**
   * What to learn.
   *
   * @param size the number of tokens to reach, at least 514: the bytes, the bytes that end a word,
   *     and the two special tokens
   * @param leastFrequency how often a pair must occur in the corpus to be merged; at least 1
   */
  @RecordBuilder
  public record Options(int size, int leastFrequency) implements BpeTrainerOptionsBuilder.With {
    /**
     * Checks every field.
     *
     * @throws IllegalArgumentException if a value is out of its range
     */
    public Options {
      if (size < SMALLEST) {
        throw new IllegalArgumentException(
            "size must be at least "
                + SMALLEST
                + " (256 bytes, 256 bytes that end a word, 2 special tokens), but was "
                + size);
      }
      if (leastFrequency < 1) {
        throw new IllegalArgumentException(
            "leastFrequency must be at least 1, but was " + leastFrequency);
      }
    }

    /**
     * Merges of every pair that occurs at least twice in the corpus.
     *
     * @param size the number of tokens to reach; at least 514
     * @return the options
     */
    public static Options ofSize(int size) {
      return new Options(size, 2);
    }
  }
}
