package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.shade.jackson.core.JsonFactory;
import org.nd4j.shade.jackson.core.JsonFactoryBuilder;
import org.nd4j.shade.jackson.core.JsonParser;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.core.JsonToken;
import org.nd4j.shade.jackson.core.StreamReadFeature;

/**
 * The header of a safetensors file, parsed and checked.
 *
 * <pre>
 * file   = length (8 bytes, little-endian, unsigned), header, data
 * header = { "__metadata__": { string: string, ... },
 *            name: { "dtype": string, "shape": [ n, ... ], "data_offsets": [ begin, end ] }, ... }
 *          followed by spaces
 * </pre>
 *
 * <p>Every rule of the format is enforced: the tensors fill the data from its first byte to its
 * last, without holes and without overlaps, and each has as many bytes as its shape and type say.
 * The parser is a stream of tokens without recursion, and a value of the wrong kind ends it at
 * once, so neither deep nesting nor long numbers cost anything.
 *
 * @param metadata free text by key, in the file's order; empty when the file has none
 * @param tensors by name, in the header's order
 * @param dataStart the offset of the data in the file
 */
record SafetensorsHeader(
    ImmutableMap<String, String> metadata,
    ImmutableMap<String, TensorInfo> tensors,
    long dataStart) {

  /** The limit of the format's reference implementation. */
  static final long MAX_LENGTH = 100_000_000;

  static final String METADATA_KEY = "__metadata__";

  // Names are neither interned nor kept in the factory's table: a file's names are as many as it
  // likes, and the table refuses what it takes for an attack with an exception of its own.
  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /**
   * Parses the header of a whole file in memory.
   *
   * @param source names the file in error messages
   * @param file the bytes from the buffer's position to its limit
   */
  static SafetensorsHeader parse(String source, ByteBuffer file) {
    int size = file.remaining();
    int length = length(source, file.slice(0, Math.min(8, size)), size);
    return parse(source, file.slice(8, length), size);
  }

  /**
   * The length of the header, from the file's first bytes.
   *
   * @param first the first 8 bytes of the file, or all that it has
   * @param fileSize the file's size in bytes
   * @return at least 2, at most what the file has and {@link #MAX_LENGTH}
   */
  static int length(String source, ByteBuffer first, long fileSize) {
    if (fileSize < 8 || first.remaining() < 8) {
      throw new SafetensorsException(
          source
              + ": not a safetensors file: expected at least 8 bytes for the length of the header,"
              + " but the file has "
              + fileSize);
    }
    long length = first.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 2 || length > MAX_LENGTH || length > fileSize - 8) {
      throw new SafetensorsException(
          source
              + ": the first 8 bytes give a header of "
              + Long.toUnsignedString(length)
              + " bytes, but expected 2 to "
              + Math.max(2, Math.min(MAX_LENGTH, fileSize - 8))
              + " in a file of "
              + fileSize
              + " bytes: it is cut short or not a safetensors file");
    }
    return (int) length;
  }

  /**
   * Parses a header.
   *
   * @param json the header's bytes
   * @param fileSize the file's size in bytes
   */
  static SafetensorsHeader parse(String source, ByteBuffer json, long fileSize) {
    long dataStart = 8L + json.remaining();
    if (json.get(json.position()) != '{') {
      throw new SafetensorsException(
          source
              + ": expected the header to begin with '{', but its first byte is 0x"
              + Integer.toHexString(json.get(json.position()) & 0xFF));
    }
    CharBuffer text;
    try { // decoded strictly, where the JSON parser would let malformed bytes pass
      text = StandardCharsets.UTF_8.newDecoder().decode(json.duplicate());
    } catch (CharacterCodingException e) {
      throw new SafetensorsException(source + ": the header is not UTF-8: " + e.getMessage(), e);
    }
    try (JsonParser parser = JSON.createParser(text.array(), text.arrayOffset(), text.length())) {
      Reader reader = new Reader(source, parser, fileSize - dataStart);
      reader.readHeader();
      List<TensorInfo> tensors = reader.tensors;
      checkLayout(source, tensors, fileSize - dataStart);
      ImmutableMap.Builder<String, TensorInfo> byName =
          ImmutableMap.builderWithExpectedSize(tensors.size());
      tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
      return new SafetensorsHeader(
          reader.metadata.buildOrThrow(), byName.buildOrThrow(), dataStart);
    } catch (JsonProcessingException e) {
      throw new SafetensorsException(
          source
              + ": the header is not valid JSON at character "
              + e.getLocation().getCharOffset()
              + ": "
              + shorten(e.getOriginalMessage()),
          e);
    } catch (IOException e) { // there is no input and output behind a character array
      throw new SafetensorsException(source + ": the header cannot be read: " + e, e);
    }
  }

  /** The tensors cover the data exactly. */
  private static void checkLayout(String source, List<TensorInfo> tensors, long dataLength) {
    List<TensorInfo> inOrder = new ArrayList<>(tensors);
    inOrder.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
    long next = 0;
    for (TensorInfo tensor : inOrder) {
      if (tensor.begin() != next) {
        throw new SafetensorsException(
            source
                + ": tensor "
                + quote(tensor.name())
                + ": expected its data to begin at "
                + next
                + ", where the one before it ends, but it begins at "
                + tensor.begin()
                + (tensor.begin() > next ? " (a hole)" : " (an overlap)"));
      }
      next = tensor.end();
    }
    if (next != dataLength) {
      throw new SafetensorsException(
          source
              + ": expected "
              + next
              + " bytes of tensors behind the header, but the file has "
              + dataLength);
    }
  }

  static String quote(String name) {
    return "'" + shorten(name) + "'";
  }

  private static String shorten(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }

  /** Whether a text has a surrogate without its other half, which UTF-8 cannot express. */
  static boolean hasUnpairedSurrogate(String text) {
    return text.codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  /** Walks over the tokens of the header. */
  private static final class Reader {
    private final String source;
    private final JsonParser parser;
    private final long dataLength;
    private final ImmutableMap.Builder<String, String> metadata = ImmutableMap.builder();
    private final List<TensorInfo> tensors = new ArrayList<>();

    Reader(String source, JsonParser parser, long dataLength) {
      this.source = source;
      this.parser = parser;
      this.dataLength = dataLength;
    }

    void readHeader() throws IOException {
      parser.nextToken(); // '{', as the first byte says
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        if (hasUnpairedSurrogate(name)) {
          throw new SafetensorsException(
              source + ": the name " + quote(name) + " has an unpaired surrogate");
        }
        if (name.equals(METADATA_KEY)) {
          readMetadata();
        } else {
          tensors.add(readTensor(name));
        }
      }
      JsonToken behind = parser.nextToken();
      if (behind != null) {
        throw new SafetensorsException(
            source
                + ": expected nothing but spaces behind the header's object, but found "
                + behind);
      }
    }

    private void readMetadata() throws IOException {
      require(METADATA_KEY, JsonToken.START_OBJECT, "an object of strings", parser.nextToken());
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        require(METADATA_KEY + "." + key, JsonToken.VALUE_STRING, "a string", parser.nextToken());
        metadata.put(key, parser.getText());
      }
    }

    private TensorInfo readTensor(String name) throws IOException {
      @Nullable DType dtype = null;
      @Nullable ImmutableLongArray shape = null;
      @Nullable ImmutableLongArray offsets = null;
      require(name, JsonToken.START_OBJECT, "an object", parser.nextToken());
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String field = parser.currentName();
        switch (field) {
          case "dtype" -> dtype = readDType(name);
          case "shape" -> shape = readLongs(name, "shape");
          case "data_offsets" -> offsets = readLongs(name, "data_offsets");
          default -> throw error(name, "dtype, shape and data_offsets", "a field " + quote(field));
        }
      }
      if (dtype == null || shape == null || offsets == null) {
        String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
        throw error(name, "dtype, shape and data_offsets", "no " + missing);
      }
      if (offsets.length() != 2) {
        throw error(name, "data_offsets of 2 numbers", offsets.length() + " numbers");
      }
      long begin = offsets.get(0);
      long end = offsets.get(1);
      if (begin > end || end > dataLength) {
        throw error(
            name,
            "data_offsets [begin, end] with begin <= end <= " + dataLength + " (the file's data)",
            "[" + begin + ", " + end + "]");
      }
      long bytes = bytes(name, dtype, shape);
      if (end - begin != bytes) {
        throw error(
            name,
            bytes + " bytes for " + dtype + " of shape " + shorten(shape.toString()),
            "data_offsets [" + begin + ", " + end + "] of " + (end - begin) + " bytes");
      }
      return new TensorInfo(name, dtype, shape, begin, end);
    }

    private DType readDType(String name) throws IOException {
      require(name + ".dtype", JsonToken.VALUE_STRING, "a string", parser.nextToken());
      String text = parser.getText();
      for (DType dtype : DType.values()) {
        if (dtype.name().equals(text)) {
          return dtype;
        }
      }
      throw error(name, "a dtype of " + Arrays.toString(DType.values()), quote(text));
    }

    /** An array of integers that are at least 0 and fit a long. */
    private ImmutableLongArray readLongs(String name, String field) throws IOException {
      String path = name + "." + field;
      require(path, JsonToken.START_ARRAY, "an array of integers", parser.nextToken());
      ImmutableLongArray.Builder values = ImmutableLongArray.builder();
      JsonToken token = parser.nextToken();
      while (token != JsonToken.END_ARRAY) {
        require(path, JsonToken.VALUE_NUMBER_INT, "integers", token);
        // From the text: the parser would turn a number of a million digits into a BigInteger.
        String digits = parser.getText();
        try {
          if (digits.length() > 19 || digits.charAt(0) == '-') {
            throw new NumberFormatException(digits);
          }
          values.add(Long.parseLong(digits));
        } catch (NumberFormatException e) {
          throw error(path, "integers from 0 to " + Long.MAX_VALUE, shorten(digits));
        }
        token = parser.nextToken();
      }
      return values.build();
    }

    private long bytes(String name, DType dtype, ImmutableLongArray shape) {
      try {
        long bytes = dtype.bytes();
        for (int i = 0; i < shape.length(); i++) {
          bytes = Math.multiplyExact(bytes, shape.get(i));
        }
        return bytes;
      } catch (ArithmeticException e) {
        throw error(
            name,
            "a shape whose size in bytes fits 63 bits",
            dtype + " of shape " + shorten(shape.toString()));
      }
    }

    private void require(String path, JsonToken kind, String expected, @Nullable JsonToken actual) {
      if (actual != kind) {
        throw error(path, expected, String.valueOf(actual));
      }
    }

    private SafetensorsException error(String name, String expected, String actual) {
      return new SafetensorsException(
          source + ": tensor " + quote(name) + ": expected " + expected + ", but found " + actual);
    }
  }
}
