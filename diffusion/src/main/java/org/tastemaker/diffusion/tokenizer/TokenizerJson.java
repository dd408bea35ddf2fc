package org.tastemaker.diffusion.tokenizer;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.squareup.moshi.JsonReader;
import com.squareup.moshi.JsonReader.Token;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.files.BoundedFiles;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;

/**
 * The file {@code tokenizer.json} of the tokenizers library, which newer versions of transformers
 * write alone: the vocabulary and the merges of {@code vocab.json} and {@code merges.txt}, and the
 * tokens that were added to them. What it says of the steps before and after is CLIP's own, and not
 * read.
 */
final class TokenizerJson {
  static final String FILE = "tokenizer.json";

  private static final int MOST_BYTES = 8 << 20;
  private static final JsonLimits LIMITS = new JsonLimits(MOST_BYTES, 20, 8 * BpeFiles.MOST);

  private record Pair(String left, String right) {}

  private final Path file;
  private ImmutableMap<String, Integer> ids = ImmutableMap.of();
  private ImmutableList<Pair> merges = ImmutableList.of();
  private final Map<String, Integer> added = new LinkedHashMap<>();
  private final Map<String, Integer> special = new LinkedHashMap<>();
  private String type = "";
  private @Nullable String ending;

  private TokenizerJson(Path file) {
    this.file = file;
  }

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException if it is no byte-pair encoding as CLIP's
   */
  static TokenizerJson read(Path file) {
    return Json.stream(
        BoundedFiles.read(file, MOST_BYTES),
        file.toString(),
        LIMITS,
        new TokenizerJson(file)::read);
  }

  /**
   * The tokens that text is made of.
   *
   * @throws IllegalArgumentException if they are not made as CLIP's
   */
  ImmutableMap<String, Integer> ids() {
    if (!type.equals("BPE") || !ByteSymbols.END_OF_WORD.equals(ending)) {
      throw error(
          "expected a model of type BPE whose words end in "
              + ByteSymbols.END_OF_WORD
              + ", as CLIP's, but it is of type "
              + BpeFiles.shorten(type)
              + (ending == null ? " without such an ending" : " with " + BpeFiles.shorten(ending)));
    }
    // The start and the end of a text may stand among the added tokens alone.
    Map<String, Integer> all = new LinkedHashMap<>(ids);
    special.entrySet().stream()
        .sorted(Map.Entry.comparingByValue())
        .filter(each -> each.getValue() == all.size() && !all.containsKey(each.getKey()))
        .forEach(each -> all.put(each.getKey(), each.getValue()));
    return ImmutableMap.copyOf(all);
  }

  /**
   * The merges, earliest first.
   *
   * @param merge makes one of its two symbols
   */
  <M> ImmutableList<M> merges(BiFunction<String, String, M> merge) {
    return merges.stream()
        .map(pair -> merge.apply(pair.left(), pair.right()))
        .collect(ImmutableList.toImmutableList());
  }

  /** The ids of tokens beside the vocabulary, and of those of it that are special. */
  Map<String, Integer> added() {
    return added;
  }

  // ---- The tokens of the text, one by one

  private TokenizerJson read(JsonReader json) throws IOException {
    require(json, Token.BEGIN_OBJECT, "the file");
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "model" -> readModel(json);
        case "added_tokens" -> readAdded(json);
        default -> json.skipValue();
      }
    }
    json.endObject();
    return this;
  }

  private void readModel(JsonReader json) throws IOException {
    require(json, Token.BEGIN_OBJECT, "model");
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "type" -> type = text(json, "model.type");
        case "end_of_word_suffix" -> {
          boolean none = json.peek() == Token.NULL;
          ending = none ? json.nextNull() : text(json, "model.end_of_word_suffix");
        }
        case "vocab" -> {
          if (json.peek() == Token.BEGIN_OBJECT) {
            ids = BpeFiles.readIds(file, json);
          } else { // of another type of model, which is named
            json.skipValue();
          }
        }
        case "merges" -> readMerges(json);
        default -> json.skipValue();
      }
    }
    json.endObject();
  }

  /** Each is a text of two symbols and a space, or since 2024 a list of two. */
  private void readMerges(JsonReader json) throws IOException {
    require(json, Token.BEGIN_ARRAY, "model.merges");
    ImmutableList.Builder<Pair> read = ImmutableList.builder();
    int count = 0;
    json.beginArray();
    while (json.hasNext()) {
      if (++count > BpeFiles.MOST) {
        throw error("expected at most " + BpeFiles.MOST + " merges, but it has more");
      }
      if (json.peek() == Token.BEGIN_ARRAY) {
        json.beginArray();
        read.add(new Pair(text(json, "a merge"), text(json, "a merge")));
        json.endArray();
        continue;
      }
      String pair = text(json, "a merge");
      int space = pair.indexOf(' ');
      if (space < 1 || space == pair.length() - 1 || pair.indexOf(' ', space + 1) >= 0) {
        throw error(
            "expected a merge of two symbols separated by a space, but found '"
                + BpeFiles.shorten(pair)
                + "'");
      }
      read.add(new Pair(pair.substring(0, space), pair.substring(space + 1)));
    }
    json.endArray();
    merges = read.build();
  }

  private void readAdded(JsonReader json) throws IOException {
    require(json, Token.BEGIN_ARRAY, "added_tokens");
    json.beginArray();
    while (json.hasNext()) {
      require(json, Token.BEGIN_OBJECT, "an added token");
      String content = null;
      Integer id = null;
      boolean isSpecial = false;
      json.beginObject();
      while (json.hasNext()) {
        switch (json.nextName()) {
          case "content" -> content = text(json, "an added token's content");
          case "id" -> {
            require(json, Token.NUMBER, "an added token's id");
            id = BpeFiles.integer(json.nextString());
          }
          case "special" -> {
            require(json, Token.BOOLEAN, "an added token's special");
            isSpecial = json.nextBoolean();
          }
          default -> json.skipValue();
        }
      }
      json.endObject();
      if (content == null || id == null) {
        throw error("expected an added token with its content and id");
      }
      Integer other = added.put(content, id);
      if (other != null && !other.equals(id)) {
        throw error("expected one id of '" + BpeFiles.shorten(content) + "', but found two");
      }
      if (isSpecial) {
        special.put(content, id);
      }
    }
    json.endArray();
  }

  private String text(JsonReader json, String what) throws IOException {
    require(json, Token.STRING, what);
    return json.nextString();
  }

  private void require(JsonReader json, Token expected, String what) throws IOException {
    if (json.peek() != expected) {
      throw error(
          "expected "
              + what
              + " to be "
              + expected
              + ", but found "
              + json.peek()
              + " at "
              + BpeFiles.shorten(json.getPath()));
    }
  }

  private IllegalArgumentException error(String what) {
    return new IllegalArgumentException(file + ": " + what);
  }
}
