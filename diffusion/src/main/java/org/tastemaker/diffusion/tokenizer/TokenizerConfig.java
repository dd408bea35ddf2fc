package org.tastemaker.diffusion.tokenizer;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.shade.jackson.core.JsonFactory;
import org.nd4j.shade.jackson.core.JsonGenerator;
import org.nd4j.shade.jackson.core.JsonParser;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.core.JsonToken;

/**
 * The files {@code tokenizer_config.json} and {@code special_tokens_map.json}. Either may be
 * missing.
 *
 * <p>A special token is a string, or an object with the string in {@code content}. Where both files
 * name one, {@code special_tokens_map.json} counts, as it does where the public tools read the
 * folder (Stable Diffusion 2 pads with "!" by that file alone); but not if the configuration lists
 * its added tokens itself, in {@code added_tokens_decoder}, as newer tools write it.
 */
final class TokenizerConfig {
  static final String CONFIG_FILE = "tokenizer_config.json";
  static final String SPECIAL_TOKENS_FILE = "special_tokens_map.json";
  private static final String ADDED_TOKENS = "added_tokens_decoder";

  // Tools write a number of 31 digits for "no limit".
  private static final BigDecimal LARGEST_LENGTH = BigDecimal.valueOf(1_000_000);

  private TokenizerConfig() {}

  static TokenizerOptions load(Path folder) {
    try {
      Map<String, Object> values = read(folder.resolve(CONFIG_FILE));
      if (!values.containsKey(ADDED_TOKENS)) {
        values.putAll(read(folder.resolve(SPECIAL_TOKENS_FILE)));
      }
      TokenizerOptions defaults = TokenizerOptions.defaults();
      return new TokenizerOptions(
          length(folder, values, defaults.maxLength()),
          token(values, "bos_token", defaults.bos()),
          token(values, "eos_token", defaults.eos()),
          token(values, "unk_token", defaults.unk()),
          token(values, "pad_token", defaults.pad()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void save(TokenizerOptions options, Path folder) {
    try {
      try (Writer out = Files.newBufferedWriter(folder.resolve(CONFIG_FILE));
          JsonGenerator json = new JsonFactory().createGenerator(out).useDefaultPrettyPrinter()) {
        json.writeStartObject();
        json.writeBooleanField("add_prefix_space", false);
        json.writeBooleanField("do_lower_case", true);
        json.writeStringField("errors", "replace");
        json.writeNumberField("model_max_length", options.maxLength());
        writeTokens(options, json);
        json.writeStringField("tokenizer_class", "CLIPTokenizer");
        json.writeEndObject();
      }
      try (Writer out = Files.newBufferedWriter(folder.resolve(SPECIAL_TOKENS_FILE));
          JsonGenerator json = new JsonFactory().createGenerator(out).useDefaultPrettyPrinter()) {
        json.writeStartObject();
        writeTokens(options, json);
        json.writeEndObject();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writeTokens(TokenizerOptions options, JsonGenerator json) throws IOException {
    json.writeStringField("bos_token", options.bos());
    json.writeStringField("eos_token", options.eos());
    json.writeStringField("unk_token", options.unk());
    json.writeStringField("pad_token", options.pad());
  }

  private static String token(Map<String, Object> values, String key, String otherwise) {
    return values.get(key) instanceof String token ? token : otherwise;
  }

  private static int length(Path folder, Map<String, Object> values, int otherwise) {
    if (!(values.get("model_max_length") instanceof BigDecimal length)
        || length.compareTo(LARGEST_LENGTH) > 0) {
      return otherwise;
    }
    try {
      return length.intValueExact();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          folder.resolve(CONFIG_FILE)
              + ": expected model_max_length to be an integer, but found "
              + length,
          e);
    }
  }

  /**
   * The strings, the numbers and the special tokens of a file's object; nothing if it is missing.
   */
  private static Map<String, Object> read(Path file) throws IOException {
    Map<String, Object> values = new HashMap<>();
    if (!Files.exists(file)) {
      return values;
    }
    try (Reader in = Files.newBufferedReader(file);
        JsonParser parser = new JsonFactory().createParser(in)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException(
            file + ": expected an object, but found " + parser.currentToken());
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        JsonToken token = parser.nextToken();
        if (token == JsonToken.VALUE_STRING) {
          values.put(key, parser.getText());
        } else if (token.isNumeric() && parser.getTextLength() <= 40) {
          values.put(key, new BigDecimal(parser.getText()));
        } else if (token == JsonToken.START_OBJECT && key.endsWith("_token")) {
          readContent(parser, key, values);
        } else {
          if (key.equals(ADDED_TOKENS)) {
            values.put(key, true);
          }
          parser.skipChildren();
        }
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + " line " + e.getLocation().getLineNr() + ": " + e.getOriginalMessage(), e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + ": expected UTF-8", e);
    }
    return values;
  }

  private static void readContent(JsonParser parser, String key, Map<String, Object> values)
      throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = parser.currentName();
      if (parser.nextToken() == JsonToken.VALUE_STRING && field.equals("content")) {
        values.put(key, parser.getText());
      }
      parser.skipChildren();
    }
  }
}
