package org.tastemaker.diffusion.tokenizer;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.files.MissingPath;
import org.tastemaker.core.json.Json;

/**
 * A byte-pair vocabulary: the ids of the tokens, and the merges that build them, earliest first.
 *
 * <p>On disk it is two files in UTF-8: {@code vocab.json}, an object from token to id, and {@code
 * merges.txt}, a line {@code #version: 0.2} and then two symbols per line, separated by a space.
 *
 * @param ids from token to id; the ids are 0 to n - 1, each once
 * @param merges each once; its two symbols and what they make together are tokens
 */
public record BpeVocabulary(ImmutableMap<String, Integer> ids, ImmutableList<Merge> merges) {
  static final String VOCAB_FILE = "vocab.json";
  static final String MERGES_FILE = "merges.txt";

  /**
   * Two neighbouring symbols that become one.
   *
   * @param left the first symbol
   * @param right the symbol after it
   */
  public record Merge(String left, String right) {
    String result() {
      return left + right;
    }
  }

  /**
   * Checks the vocabulary.
   *
   * @param ids from token to id
   * @param merges earliest first
   * @throws IllegalArgumentException if the ids are not 0 to n - 1, or if a merge is there twice or
   *     has a symbol or a result that is not a token
   */
  public BpeVocabulary {
    checkIds("the vocabulary", ids);
    checkMerges(i -> "merge " + i, ids, merges);
  }

  /**
   * Reads {@code vocab.json} and {@code merges.txt}, or where they are not there {@code
   * tokenizer.json}.
   *
   * @param folder where the files are
   * @return the vocabulary
   * @throws IllegalArgumentException if a file is not what it should be, or larger than a CLIP
   *     tokenizer's can be (65,536 tokens and merges, 4 and 2 MiB); the message names the file and
   *     the line
   * @throws UncheckedIOException if a file cannot be read
   */
  public static BpeVocabulary load(Path folder) {
    MissingPath.require(folder);
    FolderBounds bounds = FolderBounds.of(folder);
    Path vocabFile = bounds.resolve(VOCAB_FILE);
    Path mergesFile = bounds.resolve(MERGES_FILE);
    Path whole = bounds.resolve(TokenizerJson.FILE);
    boolean both = Files.exists(vocabFile) && Files.exists(mergesFile);
    if (!both && Files.exists(whole)) {
      TokenizerJson json = TokenizerJson.read(whole);
      ImmutableMap<String, Integer> all = json.ids();
      try {
        return new BpeVocabulary(all, json.merges(Merge::new));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(whole + ": " + e.getMessage(), e);
      }
    }
    if (!both) {
      throw new IllegalArgumentException(
          folder
              + " holds no tokenizer: expected "
              + VOCAB_FILE
              + " and "
              + MERGES_FILE
              + ", or "
              + TokenizerJson.FILE
              + "; those of CLIP are in the tokenizer/ of every Stable Diffusion in the diffusers"
              + " layout");
    }
    ImmutableMap<String, Integer> ids = BpeFiles.readIds(vocabFile);
    checkIds(vocabFile.toString(), ids);
    ImmutableList<Merge> merges = BpeFiles.readMerges(mergesFile, Merge::new);
    try {
      return new BpeVocabulary(ids, merges);
    } catch (IllegalArgumentException e) {
      // Once more, for a message that names the file and the line: line 1 is the version.
      checkMerges(i -> mergesFile + " line " + (i + 2), ids, merges);
      throw e;
    }
  }

  /**
   * Writes {@code vocab.json}, ordered by id, and {@code merges.txt}.
   *
   * @param folder an existing folder; files of these names are replaced
   * @throws UncheckedIOException if writing fails
   */
  public void save(Path folder) {
    try {
      Map<String, Integer> ordered = new LinkedHashMap<>();
      ids.entrySet().stream()
          .sorted(Map.Entry.comparingByValue(Comparator.naturalOrder()))
          .forEach(entry -> ordered.put(entry.getKey(), entry.getValue()));
      Files.writeString(folder.resolve(VOCAB_FILE), Json.write(ordered));
      try (Writer out = Files.newBufferedWriter(folder.resolve(MERGES_FILE))) {
        out.write(BpeFiles.VERSION + "\n");
        for (Merge merge : merges) {
          out.write(merge.left() + " " + merge.right() + "\n");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void checkIds(String where, Map<String, Integer> ids) {
    BitSet seen = new BitSet(ids.size());
    ids.forEach(
        (token, id) -> {
          if (id < 0 || id >= ids.size() || seen.get(id)) {
            throw new IllegalArgumentException(
                where
                    + ": expected the ids 0 to "
                    + (ids.size() - 1)
                    + ", each once, but token '"
                    + BpeFiles.shorten(token)
                    + "' has "
                    + id
                    + (id >= 0 && id < ids.size() ? ", as another token has" : ""));
          }
          seen.set(id);
        });
  }

  private static void requireToken(
      IntFunction<String> where, int i, Merge merge, String token, Map<String, Integer> ids) {
    if (!ids.containsKey(token)) {
      throw new IllegalArgumentException(
          where.apply(i)
              + ": expected '"
              + BpeFiles.shorten(merge.left())
              + "', '"
              + BpeFiles.shorten(merge.right())
              + "' and '"
              + BpeFiles.shorten(merge.result())
              + "' to be in the vocabulary, but '"
              + BpeFiles.shorten(token)
              + "' is not");
    }
  }

  private static void checkMerges(
      IntFunction<String> where, Map<String, Integer> ids, List<Merge> merges) {
    Map<Merge, Integer> seen = new HashMap<>(2 * merges.size());
    for (int i = 0; i < merges.size(); i++) {
      Merge merge = Objects.requireNonNull(merges.get(i), "merge == null");
      requireToken(where, i, merge, merge.left(), ids);
      requireToken(where, i, merge, merge.right(), ids);
      requireToken(where, i, merge, merge.result(), ids);
      Integer earlier = seen.put(merge, i);
      if (earlier != null) {
        throw new IllegalArgumentException(
            where.apply(i) + ": is the same as " + where.apply(earlier));
      }
    }
  }
}
