package org.tastemaker.diffusion.weights;

import com.google.common.primitives.Longs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.json.Json;

/**
 * Writes a safetensors file.
 *
 * <pre>{@code
 * new SafetensorsWriter()
 *     .metadata("format", "pt")
 *     .add("conv_in.weight", weight, DType.F16)
 *     .write(folder.resolve("model.safetensors"));
 * }</pre>
 *
 * <p>The writer keeps references: an array must stay open and unchanged until {@link #write} has
 * returned, which converts it piece by piece, without a second copy (except of an array that is not
 * in row-major order, while that one is written).
 *
 * <p>Tensors come in the order in which they were added, but those with wider elements first: the
 * format has no room for padding, and readers that map the file need every element aligned.
 * Metadata is sorted by key. So the same content gives the same bytes.
 *
 * <p>Floating-point arrays can be written as F64, F32, F16 and BF16, rounded to the nearest, ties
 * to even; a finite value that the type cannot hold is an error, never an infinity. Integer arrays
 * can be written as I64 and I32.
 *
 * <p>Not thread-safe.
 */
public final class SafetensorsWriter {
  /** A multiple of every element size. */
  private static final int CHUNK = 1 << 20;

  private final Map<String, String> metadata = new TreeMap<>();
  private final Map<String, TensorSource> tensors = new LinkedHashMap<>();

  /** A writer without tensors and metadata. */
  public SafetensorsWriter() {}

  /**
   * Adds an entry to the header's free text.
   *
   * @param key replaces an earlier entry of the same key
   * @param value any text
   * @return this writer
   */
  public SafetensorsWriter metadata(String key, String value) {
    requireText("metadata key", key);
    requireText("value of metadata " + SafetensorsHeader.quote(key), value);
    metadata.put(key, value);
    return this;
  }

  /**
   * Adds a tensor.
   *
   * @param name not added before
   * @param array any shape, order and stride; kept by reference until {@link #write}
   * @param dtype F64, F32, F16 or BF16 for a floating-point array, I64 or I32 for an integer one
   * @return this writer
   */
  public SafetensorsWriter add(String name, INDArray array, DType dtype) {
    requireText("name", name);
    Objects.requireNonNull(array, "array == null");
    Objects.requireNonNull(dtype, "dtype == null");
    if (array.isEmpty()
        && array.rank() == 0) { // ND4J's empty array: no elements, but a scalar's shape
      throw new SafetensorsException(
          "tensor "
              + SafetensorsHeader.quote(name)
              + ": expected an array with a shape, but it is empty and has no dimension of 0; make"
              + " it with Nd4j.create(type, 0)");
    }
    return add(TensorSource.of(name, dtype, array));
  }

  /**
   * Adds a tensor of floating-point numbers.
   *
   * @param name not added before
   * @param data the elements in row-major order; kept by reference until {@link #write}
   * @param dtype F64, F32, F16 or BF16
   * @param shape the dimensions, whose product is the number of elements; none for a scalar
   * @return this writer
   */
  public SafetensorsWriter add(String name, float[] data, DType dtype, long... shape) {
    requireText("name", name);
    Objects.requireNonNull(data, "data == null");
    Objects.requireNonNull(dtype, "dtype == null");
    if (!isShapeOf(data.length, shape)) {
      throw new SafetensorsException(
          "tensor "
              + SafetensorsHeader.quote(name)
              + ": expected as many elements as its shape "
              + Arrays.toString(shape)
              + " has, but was given "
              + data.length);
    }
    return add(TensorSource.of(name, dtype, shape, data));
  }

  private SafetensorsWriter add(TensorSource source) {
    String tensor = "tensor " + SafetensorsHeader.quote(source.name) + ": ";
    if (source.name.equals(SafetensorsHeader.METADATA_KEY)) {
      throw new SafetensorsException(tensor + "the name is reserved; use metadata(key, value)");
    }
    if (!source.canBeWritten()) {
      throw new SafetensorsException(
          tensor
              + "expected F64, F32, F16 or BF16 for floating-point numbers, or I64 or I32 for"
              + " integers, but was asked to write "
              + source.type()
              + " as "
              + source.dtype);
    }
    if (tensors.putIfAbsent(source.name, source) != null) {
      throw new SafetensorsException(tensor + "was added before; names must be unique");
    }
    return this;
  }

  /**
   * Writes the file: to a temporary file in the same folder, which is forced to the disk and then
   * replaces the target atomically. When writing fails, the target is unchanged.
   *
   * @param path the file; replaced if it exists. Its folder must exist
   * @throws SafetensorsException if a finite value does not fit its type
   * @throws UncheckedIOException if writing fails
   */
  public void write(Path path) {
    Objects.requireNonNull(path, "path == null");
    try {
      List<TensorSource> ordered =
          tensors.values().stream()
              .sorted(Comparator.comparingInt((TensorSource source) -> -source.dtype.bytes()))
              .toList();
      byte[] header = header(ordered);
      Path target = path.toAbsolutePath();
      Path temporary = createTemporary(target);
      try {
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
          ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
          writeFully(channel, length.putLong(header.length).flip());
          writeFully(channel, ByteBuffer.wrap(header));
          ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
          for (TensorSource source : ordered) {
            writeTensor(source, chunk, channel);
          }
          channel.force(true);
        }
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writeTensor(TensorSource source, ByteBuffer chunk, FileChannel channel)
      throws IOException {
    if (source.length() == 0) {
      return;
    }
    try (TensorSource.Elements elements = source.open()) {
      int step = CHUNK / source.dtype.bytes();
      for (long from = 0; from < source.length(); from += step) {
        int count = (int) Math.min(step, source.length() - from);
        chunk.clear();
        elements.put(from, count, chunk);
        writeFully(channel, chunk.flip());
      }
    }
  }

  /** The JSON header, with spaces up to a multiple of 8 bytes. */
  private byte[] header(List<TensorSource> ordered) {
    Map<String, Object> json = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      json.put(SafetensorsHeader.METADATA_KEY, metadata);
    }
    long begin = 0;
    for (TensorSource source : ordered) {
      long end = begin + source.length() * source.dtype.bytes();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", source.dtype.name());
      entry.put("shape", Longs.asList(source.shape));
      entry.put("data_offsets", List.of(begin, end));
      json.put(source.name, entry);
      begin = end;
    }
    if (ordered.size() > SafetensorsHeader.MAX_TENSORS) {
      throw new SafetensorsException(
          "expected at most "
              + SafetensorsHeader.MAX_TENSORS
              + " tensors in a file, but was given "
              + ordered.size()
              + "; no reader here would take it");
    }
    byte[] bytes = Json.write(json).getBytes(StandardCharsets.UTF_8);
    int length = (bytes.length + 7) / 8 * 8;
    if (length > SafetensorsHeader.MAX_LENGTH) {
      throw new SafetensorsException(
          "expected a header of at most "
              + SafetensorsHeader.MAX_LENGTH
              + " bytes, but the names and the metadata need "
              + length);
    }
    byte[] padded = Arrays.copyOf(bytes, length);
    Arrays.fill(padded, bytes.length, length, (byte) ' ');
    return padded;
  }

  /** A new file beside the target, with the permissions of any new file. */
  private static Path createTemporary(Path target) throws IOException {
    for (int i = 0; ; i++) {
      Path temporary = target.resolveSibling(target.getFileName() + "." + i + ".tmp");
      try {
        return Files.createFile(temporary);
      } catch (FileAlreadyExistsException e) {
        if (i == 999) {
          throw e;
        }
      }
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static boolean isShapeOf(int length, long[] shape) {
    BigInteger product = BigInteger.ONE;
    for (long dimension : shape) {
      if (dimension < 0) {
        return false;
      }
      product = product.multiply(BigInteger.valueOf(dimension));
    }
    return product.equals(BigInteger.valueOf(length));
  }

  private static void requireText(String what, String text) {
    Objects.requireNonNull(text, () -> what + " == null");
    if (SafetensorsHeader.hasUnpairedSurrogate(text)) {
      throw new SafetensorsException(
          what + " " + SafetensorsHeader.quote(text) + " has an unpaired surrogate");
    }
  }
}
