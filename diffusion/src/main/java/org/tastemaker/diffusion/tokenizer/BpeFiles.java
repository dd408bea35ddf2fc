package org.tastemaker.diffusion.tokenizer;

import com.google.common.base.Utf8;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.squareup.moshi.JsonReader;
import com.squareup.moshi.JsonReader.Token;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.files.BoundedFiles;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;

/**
 * Reads {@code vocab.json} and {@code merges.txt}, which may come from a stranger: each is bounded
 * before it is read, and the whole takes less than 64 MB.
 */
final class BpeFiles {
  /** The first line of merges. */
  static final String VERSION = "#version: 0.2";

  /** How many tokens and merges there may be; CLIP has 49,408. */
  static final int MOST = 1 << 16;

  private static final int MOST_MERGE_BYTES = 2 << 20;
  private static final JsonLimits LIMITS = new JsonLimits(4 << 20, 20, 2 * MOST);
  private static final int LONGEST = 200;

  private BpeFiles() {}

  /** The ids of tokens. */
  static ImmutableMap<String, Integer> readIds(Path file) {
    return Json.stream(
        BoundedFiles.read(file, LIMITS.bytes()),
        file.toString(),
        LIMITS,
        json -> readIds(file, json));
  }

  static ImmutableMap<String, Integer> readIds(Path file, JsonReader json) throws IOException {
    if (json.peek() != Token.BEGIN_OBJECT) {
      throw error(file, "expected an object from token to id, but found " + json.peek());
    }
    Map<String, Integer> ids = new LinkedHashMap<>();
    json.beginObject();
    while (json.hasNext()) {
      String token = json.nextName();
      Object value = json.peek() == Token.NUMBER ? json.nextString() : json.peek();
      Integer id = value instanceof String digits ? integer(digits) : null;
      if (id == null) {
        throw error(
            file,
            "expected an integer as the id of '"
                + shorten(token)
                + "' (the file is an object from token to id), but found "
                + shorten(value.toString()));
      }
      if (ids.size() == MOST) {
        throw error(file, "expected at most " + MOST + " tokens, but it has more");
      }
      if (ids.put(token, id) != null) {
        throw error(file, "expected each token once, but '" + shorten(token) + "' is there twice");
      }
    }
    json.endObject();
    return ImmutableMap.copyOf(ids);
  }

  static @Nullable Integer integer(String digits) {
    try {
      return Integer.valueOf(digits);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /**
   * The merges, from line 2 on, and no line is left out.
   *
   * @param merge makes one of its two symbols
   */
  static <M> ImmutableList<M> readMerges(Path file, BiFunction<String, String, M> merge) {
    byte[] bytes = BoundedFiles.read(file, MOST_MERGE_BYTES);
    if (!Utf8.isWellFormed(bytes)) {
      throw error(file, "expected UTF-8");
    }
    String text = new String(bytes, StandardCharsets.UTF_8);
    int begin = endOfLine(text, 0);
    if (text.startsWith("version https://git-lfs")) {
      throw error(
          file, "it is a pointer of Git LFS and not the file; fetch it with 'git lfs pull'");
    }
    if (!text.startsWith("#version")) {
      throw new IllegalArgumentException(
          file
              + " line 1: expected '"
              + VERSION
              + "', but found '"
              + shorten(text.substring(0, begin))
              + "'");
    }
    ImmutableList.Builder<M> merges = ImmutableList.builder();
    int blank = 0;
    for (int number = 2; begin < text.length(); number++) {
      int end = endOfLine(text, ++begin);
      String line = text.substring(begin, end).strip();
      begin = end;
      if (line.isEmpty()) { // only at the end
        blank = blank == 0 ? number : blank;
        continue;
      }
      int space = line.indexOf(' ');
      int right = space;
      while (right >= 0 && right < line.length() && line.charAt(right) == ' ') {
        right++;
      }
      if (space < 0 || line.indexOf(' ', right) >= 0 || blank != 0) {
        throw new IllegalArgumentException(
            file
                + " line "
                + (blank == 0 ? number : blank)
                + ": expected two symbols separated by a space, but found '"
                + (blank == 0 ? shorten(line) : "")
                + "'");
      }
      if (number - 1 > MOST) {
        throw error(file, "expected at most " + MOST + " merges, but it has more");
      }
      merges.add(merge.apply(line.substring(0, space), line.substring(right)));
    }
    return merges.build();
  }

  private static int endOfLine(String text, int begin) {
    int end = text.indexOf('\n', begin);
    return end < 0 ? text.length() : end;
  }

  private static IllegalArgumentException error(Path file, String what) {
    return new IllegalArgumentException(file + ": " + what);
  }

  static String shorten(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
  }
}
