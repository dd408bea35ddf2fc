package org.tastemaker.diffusion.tokenizer;

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
 * The files {@code tokenizer_config.json} and {@code special_tokens_map.json}. Either may be
 * missing.
 *
 * <p>A special token is a string, or an object with the string in {@code content}. Where both files
 * name one, {@code special_tokens_map.json} takes precedence, as it does where the public tools
 * read the folder (Stable Diffusion 2 pads with "!" by that file alone); unless the configuration
 * lists its added tokens itself, in {@code added_tokens_decoder}, as newer tools write it.
 */
final class TokenizerConfig {
  static final String CONFIG_FILE = "tokenizer_config.json";
  static final String SPECIAL_TOKENS_FILE = "special_tokens_map.json";
  private static final String ADDED_TOKENS = "added_tokens_decoder";

  // Tools write a number of 31 digits for "no limit".
  private static final double LARGEST_LENGTH = 1_000_000;

  private static final JsonObject EMPTY = Json.parseObject("{}", "nothing");

  private TokenizerConfig() {}

  static TokenizerOptions load(Path folder) {
    FolderBounds bounds = FolderBounds.of(folder);
    Path configFile = bounds.resolve(CONFIG_FILE);
    Path specialsFile = bounds.resolve(SPECIAL_TOKENS_FILE);
    JsonObject config = read(configFile);
    JsonObject specials = config.names().contains(ADDED_TOKENS) ? EMPTY : read(specialsFile);
    TokenizerOptions defaults = TokenizerOptions.defaults();
    return new TokenizerOptions(
        length(configFile, config, defaults.maxLength()),
        token(specials, config, "bos_token", defaults.bos()),
        token(specials, config, "eos_token", defaults.eos()),
        token(specials, config, "unk_token", defaults.unk()),
        token(specials, config, "pad_token", defaults.pad()));
  }

  static void save(TokenizerOptions options, Path folder) {
    Map<String, Object> tokens = new LinkedHashMap<>();
    tokens.put("bos_token", options.bos());
    tokens.put("eos_token", options.eos());
    tokens.put("unk_token", options.unk());
    tokens.put("pad_token", options.pad());
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("add_prefix_space", false);
    config.put("do_lower_case", true);
    config.put("errors", "replace");
    config.put("model_max_length", options.maxLength());
    config.putAll(tokens);
    config.put("tokenizer_class", "CLIPTokenizer");
    try {
      Files.writeString(folder.resolve(CONFIG_FILE), Json.writePretty(config));
      Files.writeString(folder.resolve(SPECIAL_TOKENS_FILE), Json.writePretty(tokens));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonObject read(Path file) {
    return Files.exists(file) ? Json.readObject(file, JsonLimits.configuration()) : EMPTY;
  }

  private static String token(
      JsonObject specials, JsonObject config, String key, String otherwise) {
    String special = token(specials, key);
    String token = special == null ? token(config, key) : special;
    return token == null ? otherwise : token;
  }

  /** A special token as one of the files has it, or null. */
  private static @Nullable String token(JsonObject file, String key) {
    Object value = file.value(key);
    Object token = value instanceof Map<?, ?> object ? object.get("content") : value;
    return token instanceof String text ? text : null;
  }

  private static int length(Path file, JsonObject config, int otherwise) {
    Object length = config.value("model_max_length");
    if (!(length instanceof Number number) || number.doubleValue() > LARGEST_LENGTH) {
      return otherwise;
    }
    if (number.doubleValue() == number.intValue()) {
      return number.intValue();
    }
    throw new IllegalArgumentException(
        file + ": expected model_max_length to be an integer, but found " + number);
  }
}
