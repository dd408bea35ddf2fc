package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.files.BoundedFiles;

/**
 * An open safetensors file. Opening reads and checks the header; a tensor's data is read when it is
 * asked for.
 *
 * <pre>{@code
 * try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
 *   INDArray weight = file.array("conv_in.weight"); // [16, 4, 3, 3], FLOAT; the caller closes it
 * }
 * }</pre>
 *
 * <p>A header may have 8 MiB and 20,000 tensors; a file beyond that is rejected before its header
 * is read, or when the tensors have been counted.
 *
 * <p>The methods that read may be called from several threads. They throw {@link
 * SafetensorsException} where the file has no such tensor or its type does not fit, and {@link
 * UncheckedIOException} where reading fails.
 */
public final class SafetensorsFile implements TensorFile {
  private static final int CHUNK = StoredElements.CHUNK;

  private final Path path;
  private final FileChannel channel;
  private final SafetensorsHeader header;

  private SafetensorsFile(Path path, FileChannel channel, SafetensorsHeader header) {
    this.path = path;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a file and checks its header.
   *
   * @param path the file
   * @return the open file; to be closed by the caller
   * @throws SafetensorsException if it is not a valid safetensors file, or beyond the bounds
   * @throws org.tastemaker.core.files.UnsafeFileException if it is a folder, a pipe or a device
   * @throws UncheckedIOException if it cannot be read
   */
  public static SafetensorsFile open(Path path) {
    Objects.requireNonNull(path, "path == null");
    BoundedFiles.requireSize(path, Long.MAX_VALUE); // opening a pipe would never end
    try {
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      try {
        long size = channel.size();
        ByteBuffer first = ByteBuffer.allocate((int) Math.min(8, size));
        StoredElements.readFully(path, channel, 0, first);
        int length = SafetensorsHeader.length(path.toString(), first.flip(), size);
        byte[] json = new byte[length];
        StoredElements.readFully(path, channel, 8, ByteBuffer.wrap(json));
        SafetensorsHeader header = SafetensorsHeader.parse(path.toString(), json, size);
        return new SafetensorsFile(path, channel, header);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path path() {
    return path;
  }

  /**
   * The header's free text.
   *
   * @return by key; empty when the file has none
   */
  @Override
  public ImmutableMap<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public ImmutableSet<String> names() {
    return header.tensors().keySet();
  }

  /**
   * A tensor's type, shape and place.
   *
   * @param name one of {@link #names()}
   * @return its entry in the header
   * @throws SafetensorsException if the file has no tensor of that name
   */
  public TensorInfo info(String name) {
    Objects.requireNonNull(name, "name == null");
    TensorInfo info = header.tensors().get(name);
    if (info == null) {
      throw new SafetensorsException(
          path
              + ": no tensor "
              + SafetensorsHeader.quote(name)
              + "; the file has "
              + names().size()
              + " tensors"
              + (names().isEmpty()
                  ? ""
                  : ", the first is " + SafetensorsHeader.quote(names().iterator().next())));
    }
    return info;
  }

  @Override
  public ImmutableLongArray shape(String name) {
    return info(name).shape();
  }

  @Override
  public DType dtype(String name) {
    return info(name).dtype();
  }

  /**
   * A tensor as an ND4J array, in the type that holds its values exactly: FLOAT for F32, F16 and
   * BF16, DOUBLE for F64, and ND4J's integer types and BOOL for the others.
   *
   * @param name one of {@link #names()}
   * @return a new array of the tensor's shape in row-major ('c') order; to be closed by the caller
   */
  public INDArray array(String name) {
    return array(name, info(name).dtype().arrayType());
  }

  /**
   * A tensor as an ND4J array of a given type.
   *
   * @param name one of {@link #names()}
   * @param type the tensor's own type as in {@link #array(String)}, or FLOAT or DOUBLE for any
   *     floating-point tensor; F64 as FLOAT is rounded to the nearest
   * @return a new array of the tensor's shape in row-major ('c') order; to be closed by the caller
   */
  @Override
  public INDArray array(String name, DataType type) {
    TensorInfo info = info(name);
    Objects.requireNonNull(type, "type == null");
    if (!StoredElements.converts(info.dtype(), type)) {
      throw new SafetensorsException(
          where(info)
              + "expected to be read as "
              + info.dtype().arrayType()
              + (info.dtype().isFloat() ? ", FLOAT or DOUBLE" : "")
              + ", but was asked for as "
              + type);
    }
    if (info.shape().length() > StoredElements.MAX_RANK) {
      throw new SafetensorsException(
          where(info)
              + "expected at most "
              + StoredElements.MAX_RANK
              + " dimensions for an ND4J array, but it has "
              + info.shape().length());
    }
    return elements(info).array(info.shape().toArray(), type);
  }

  /**
   * A floating-point tensor's elements in row-major order.
   *
   * @param name one of {@link #names()}; F32, F16, BF16, or F64, which is rounded to the nearest
   * @return a new array of all elements
   * @throws SafetensorsException also if the tensor has more elements than a Java array can
   */
  public float[] floats(String name) {
    TensorInfo info = info(name);
    if (info.length() > Integer.MAX_VALUE - 8) {
      throw new SafetensorsException(
          where(info)
              + "expected at most "
              + (Integer.MAX_VALUE - 8)
              + " elements for a Java array, but it has "
              + info.length()
              + "; read it with array(name)");
    }
    requireFloat(info);
    float[] values = new float[(int) info.length()];
    readFloats(name, FloatBuffer.wrap(values));
    return values;
  }

  /**
   * Reads a floating-point tensor's elements in row-major order.
   *
   * @param name one of {@link #names()}; F32, F16, BF16, or F64, which is rounded to the nearest
   * @param out receives all elements from its position on; the position moves past them
   * @throws SafetensorsException also if the buffer is too small
   */
  public void readFloats(String name, FloatBuffer out) {
    TensorInfo info = info(name);
    requireFloat(info);
    if (info.length() > out.remaining()) {
      throw new SafetensorsException(
          where(info)
              + "expected a buffer with room for "
              + info.length()
              + " elements, but it has room for "
              + out.remaining());
    }
    StoredElements elements = elements(info);
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.nativeOrder());
    try {
      for (long from = 0; from < info.length(); from += CHUNK / Float.BYTES) {
        int count = (int) Math.min(CHUNK / Float.BYTES, info.length() - from);
        elements.read(from, chunk.clear().limit(count * Float.BYTES), DataType.FLOAT);
        out.put(chunk.rewind().asFloatBuffer());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The digest of the whole file, read from its beginning to its end.
   *
   * @return the SHA-256 in 64 lower-case hexadecimal digits
   */
  public String sha256() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
      for (long position = 0; channel.read(chunk.clear(), position) >= 0; ) {
        position += chunk.position();
        digest.update(chunk.flip());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Closes the file. Arrays that were read from it stay. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A tensor's elements. */
  private StoredElements elements(TensorInfo info) {
    return new StoredElements(path, channel, info.dtype(), header.dataStart() + info.begin());
  }

  private void requireFloat(TensorInfo info) {
    if (!info.dtype().isFloat()) {
      throw new SafetensorsException(
          where(info)
              + "expected a floating-point type, but it has "
              + info.dtype()
              + "; read it with array(name)");
    }
  }

  private String where(TensorInfo info) {
    return path + ": tensor " + SafetensorsHeader.quote(info.name()) + ": ";
  }
}
