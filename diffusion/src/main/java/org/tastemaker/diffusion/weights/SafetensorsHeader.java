package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import com.squareup.moshi.JsonReader;
import com.squareup.moshi.JsonReader.Token;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonLimits;

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
 * The header is read as a stream of tokens, and a value of the wrong kind, deep nesting or a long
 * number ends it at once.
 *
 * @param metadata free text by key, in the file's order; empty when the file has none
 * @param tensors by name, in the header's order
 * @param dataStart the offset of the data in the file
 */
record SafetensorsHeader(
    ImmutableMap<String, String> metadata,
    ImmutableMap<String, TensorInfo> tensors,
    long dataStart) {

  /**
   * The longest header. The reference implementation reads up to 100 MB; the largest that are
   * published have less than 2 MB, and a header takes several times its length to read.
   */
  static final int MAX_LENGTH = 8 << 20;

  /**
   * The most tensors; Stable Diffusion's U-Net has 686, a LoRA of all its layers some thousands.
   */
  static final int MAX_TENSORS = 20_000;

  private static final int MAX_METADATA = 10_000;
  private static final int MAX_DIMENSIONS = 64;
  private static final JsonLimits LIMITS = new JsonLimits(MAX_LENGTH, 8, 4_000_000);
  private static final JsonReader.Options FIELDS =
      JsonReader.Options.of("dtype", "shape", "data_offsets");

  static final String METADATA_KEY = "__metadata__";

  /**
   * Parses the header of a whole file in memory.
   *
   * @param source names the file in error messages
   * @param file the bytes from the buffer's position to its limit
   */
  static SafetensorsHeader parse(String source, ByteBuffer file) {
    int size = file.remaining();
    int length = length(source, file.slice(0, Math.min(8, size)), size);
    byte[] json = new byte[length];
    file.slice(8, length).get(json);
    return parse(source, json, size);
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
              + fileSize
              + ForeignWeights.what(first));
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
              + " bytes"
              + ForeignWeights.what(first));
    }
    return (int) length;
  }

  /**
   * Parses a header.
   *
   * @param json the header's bytes
   * @param fileSize the file's size in bytes
   */
  static SafetensorsHeader parse(String source, byte[] json, long fileSize) {
    long dataStart = 8L + json.length;
    if (json[0] != '{') {
      throw new SafetensorsException(
          source
              + ": expected the header to begin with '{', but its first byte is 0x"
              + Integer.toHexString(json[0] & 0xFF));
    }
    Reader reader;
    try {
      reader =
          Json.stream(
              json,
              source + ": the header",
              LIMITS,
              tokens -> new Reader(source, tokens, fileSize - dataStart).readHeader());
    } catch (JsonException e) {
      throw new SafetensorsException(shorten(String.valueOf(e.getMessage())), e);
    }
    List<TensorInfo> tensors = reader.tensors;
    checkLayout(source, tensors, fileSize - dataStart);
    ImmutableMap.Builder<String, TensorInfo> byName =
        ImmutableMap.builderWithExpectedSize(tensors.size());
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    return new SafetensorsHeader(
        ImmutableMap.copyOf(reader.metadata), byName.buildOrThrow(), dataStart);
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
              + " bytes of tensors after the header, but the file has "
              + dataLength
              + (dataLength < next ? ": it is cut short; download it again" : ""));
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
    private final JsonReader json;
    private final long dataLength;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<TensorInfo> tensors = new ArrayList<>();

    Reader(String source, JsonReader json, long dataLength) {
      this.source = source;
      this.json = json;
      this.dataLength = dataLength;
    }

    Reader readHeader() throws IOException {
      Set<String> names = new HashSet<>();
      json.beginObject(); // '{', as the first byte says
      while (json.hasNext()) {
        String name = json.nextName();
        if (hasUnpairedSurrogate(name)) {
          throw new SafetensorsException(
              source + ": the name " + quote(name) + " has an unpaired surrogate");
        }
        if (!names.add(name)) {
          throw error(name, "one entry of this name", "a second one");
        }
        if (name.equals(METADATA_KEY)) {
          readMetadata();
        } else {
          if (tensors.size() == MAX_TENSORS) {
            throw new SafetensorsException(
                source
                    + ": the header has more than "
                    + MAX_TENSORS
                    + " tensors: it is damaged, or made to exhaust the memory");
          }
          tensors.add(readTensor(name));
        }
      }
      json.endObject();
      return this;
    }

    private void readMetadata() throws IOException {
      require(METADATA_KEY, Token.BEGIN_OBJECT, "an object of strings");
      json.beginObject();
      while (json.hasNext()) {
        String key = json.nextName();
        require(METADATA_KEY, key, Token.STRING, "a string");
        if (metadata.size() == MAX_METADATA) {
          throw error(METADATA_KEY, "at most " + MAX_METADATA + " entries", "more");
        }
        if (metadata.put(key, json.nextString()) != null) {
          throw error(METADATA_KEY, "each key once", "a second " + quote(key));
        }
      }
      json.endObject();
    }

    private TensorInfo readTensor(String name) throws IOException {
      @Nullable DType dtype = null;
      @Nullable ImmutableLongArray shape = null;
      @Nullable ImmutableLongArray offsets = null;
      require(name, Token.BEGIN_OBJECT, "an object");
      json.beginObject();
      while (json.hasNext()) {
        int field = json.selectName(FIELDS);
        if ((field == 0 && dtype != null)
            || (field == 1 && shape != null)
            || (field == 2 && offsets != null)) {
          throw error(name, "each field once", "a second " + quote(FIELDS.strings().get(field)));
        }
        switch (field) {
          case 0 -> dtype = readDType(name);
          case 1 -> shape = readLongs(name, "shape");
          case 2 -> offsets = readLongs(name, "data_offsets");
          default ->
              throw error(
                  name, "dtype, shape and data_offsets", "a field " + quote(json.nextName()));
        }
      }
      json.endObject();
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
            "["
                + begin
                + ", "
                + end
                + "]"
                + (begin <= end ? "; is the file cut short? Download it again" : ""));
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
      require(name, "dtype", Token.STRING, "a string");
      String text = json.nextString();
      for (DType dtype : DType.values()) {
        if (dtype.name().equals(text)) {
          return dtype;
        }
      }
      throw error(name, "a dtype of " + Arrays.toString(DType.values()), quote(text));
    }

    /** An array of integers that are at least 0 and fit a long. */
    private ImmutableLongArray readLongs(String name, String field) throws IOException {
      require(name, field, Token.BEGIN_ARRAY, "an array of integers");
      ImmutableLongArray.Builder values = ImmutableLongArray.builder(4);
      int count = 0;
      json.beginArray();
      while (json.hasNext()) {
        require(name, field, Token.NUMBER, "integers");
        if (++count > MAX_DIMENSIONS) {
          throw error(name + "." + field, "at most " + MAX_DIMENSIONS + " numbers", "more");
        }
        String digits = json.nextString();
        try {
          if (digits.length() > 19 || digits.charAt(0) == '-') {
            throw new NumberFormatException(digits);
          }
          values.add(Long.parseLong(digits));
        } catch (NumberFormatException e) {
          throw error(name + "." + field, "integers from 0 to " + Long.MAX_VALUE, shorten(digits));
        }
      }
      json.endArray();
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

    private void require(String name, String field, Token kind, String expected)
        throws IOException {
      if (json.peek() != kind) {
        require(name + "." + field, kind, expected);
      }
    }

    private void require(String path, Token kind, String expected) throws IOException {
      Token actual = json.peek();
      if (actual != kind) {
        throw error(path, expected, described(actual));
      }
    }

    private static String described(Token token) {
      return switch (token) {
        case BEGIN_OBJECT -> "an object";
        case BEGIN_ARRAY -> "an array";
        case STRING -> "a string";
        case NUMBER -> "a number";
        case BOOLEAN -> "true or false";
        case NULL -> "null";
        default -> "no value";
      };
    }

    private SafetensorsException error(String name, String expected, String actual) {
      return new SafetensorsException(
          source + ": tensor " + quote(name) + ": expected " + expected + ", but found " + actual);
    }
  }
}
