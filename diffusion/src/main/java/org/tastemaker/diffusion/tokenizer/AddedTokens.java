package org.tastemaker.diffusion.tokenizer;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;

/**
 * Tokens that a tokenizer's folder declares beside its vocabulary, such as those of textual
 * inversion: in {@code added_tokens.json}, in {@code added_tokens_decoder} of {@code
 * tokenizer_config.json}, and in {@code added_tokens} of {@code tokenizer.json}.
 */
final class AddedTokens {
  static final String FILE = "added_tokens.json";

  private static final int MOST = 10_000;

  private static final int LARGEST_ID = 1 << 18;
  private static final String DECODER = "added_tokens_decoder";

  private AddedTokens() {}

  /**
   * Reads what a folder declares.
   *
   * @param vocabulary of the folder
   * @return the ids, each the vocabulary's own or behind it
   */
  static ImmutableMap<String, Integer> load(Path folder, BpeVocabulary vocabulary) {
    FolderBounds bounds = FolderBounds.of(folder);
    Map<String, Integer> added = new LinkedHashMap<>();
    Path whole = bounds.resolve(TokenizerJson.FILE);
    if (Files.exists(whole)) {
      TokenizerJson.read(whole).added().forEach((token, id) -> put(whole, added, token, id));
    }
    Path file = bounds.resolve(FILE);
    if (Files.exists(file)) {
      BpeFiles.readIds(file).forEach((token, id) -> put(file, added, token, id));
    }
    Path config = bounds.resolve(TokenizerConfig.CONFIG_FILE);
    if (Files.exists(config)) {
      JsonObject json = Json.readObject(config, JsonLimits.configuration());
      if (json.value(DECODER) instanceof Map<?, ?> decoder) {
        decoder.forEach((id, token) -> putEntry(config, added, id, token));
      }
    }
    added.forEach((token, id) -> requireAgreement(folder, vocabulary, token, id));
    return ImmutableMap.copyOf(added);
  }

  private static void putEntry(
      Path file, Map<String, Integer> added, Object id, @Nullable Object token) {
    Integer number = BpeFiles.integer(id.toString());
    Object content = token instanceof Map<?, ?> object ? object.get("content") : token;
    if (number == null || !(content instanceof String text)) {
      throw new IllegalArgumentException(
          file
              + ": expected "
              + DECODER
              + " to be an object from id to token, but found "
              + BpeFiles.shorten(id + ": " + token));
    }
    put(file, added, text, number);
  }

  /** Adds a token, which another file may have named already. */
  private static void put(Path file, Map<String, Integer> added, String token, int id) {
    if (token.isEmpty() || id < 0 || id >= LARGEST_ID || added.size() >= MOST) {
      throw new IllegalArgumentException(
          file
              + ": expected at most "
              + MOST
              + " added tokens with ids below "
              + LARGEST_ID
              + ", but '"
              + BpeFiles.shorten(token)
              + "' has "
              + id
              + " and is number "
              + (added.size() + 1));
    }
    Integer other = added.put(token, id);
    if (other != null && other != id) {
      throw new IllegalArgumentException(
          file
              + ": the added token '"
              + BpeFiles.shorten(token)
              + "' has the id "
              + id
              + ", but another file of the folder gives it "
              + other);
    }
  }

  private static void requireAgreement(
      Path folder, BpeVocabulary vocabulary, String token, int id) {
    Integer known = vocabulary.ids().get(token);
    if (known != null ? known != id : id < vocabulary.ids().size()) {
      throw new IllegalArgumentException(
          folder
              + ": the added token '"
              + BpeFiles.shorten(token)
              + "' has the id "
              + id
              + (known != null
                  ? ", but the vocabulary has it as " + known
                  : ", which is another token's in the vocabulary of " + vocabulary.ids().size()));
    }
  }

  /** Writes tokens where older and newer tools look for them; nothing if there are none. */
  static void save(Map<String, Integer> added, Path folder) {
    try {
      if (added.isEmpty()) {
        Files.deleteIfExists(folder.resolve(FILE));
      } else {
        Files.writeString(folder.resolve(FILE), Json.writePretty(added) + "\n");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
