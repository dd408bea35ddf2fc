package org.tastemaker.diffusion.weights;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Elements of one type that lie one behind the other in a file, in little-endian order.
 *
 * @param path of the file, for messages
 * @param channel open
 * @param dtype of the elements
 * @param position of the first one's first byte
 */
record StoredElements(Path path, FileChannel channel, DType dtype, long position) {
  /** One read: a multiple of every element size, small enough to stay in the processor's cache. */
  static final int CHUNK = 1 << 20;

  /** The most dimensions an ND4J array has. */
  static final int MAX_RANK = 32;

  /** Whether an array of a type can be read of elements of another. */
  static boolean converts(DType dtype, DataType type) {
    boolean widens = dtype.isFloat() && (type == DataType.FLOAT || type == DataType.DOUBLE);
    return widens || type == dtype.arrayType() || type == dtype.storedType();
  }

  /**
   * The elements in an array of row-major order.
   *
   * @param shape of at most 32 dimensions
   * @param type to which these elements convert
   * @return to be closed by the caller
   */
  INDArray array(long[] shape, DataType type) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    if (length == 0) {
      return Nd4j.create(type, shape);
    }
    INDArray array = Nd4j.createUninitialized(type, shape, 'c');
    try {
      long bytes = length * type.width();
      for (long from = 0; from < bytes; from += CHUNK) {
        int size = (int) Math.min(CHUNK, bytes - from);
        read(from / type.width(), memory(array, from, size), type);
      }
      return array;
    } catch (IOException e) {
      array.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      array.close();
      throw e;
    }
  }

  /**
   * Reads elements from {@code first} on until {@code out} is full, as {@code type}.
   *
   * @param out direct, in the machine's byte order, a whole number of elements
   */
  void read(long first, ByteBuffer out, DataType type) throws IOException {
    long begin = position + first * dtype.bytes();
    boolean littleEndian = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    if (type == dtype.storedType() && littleEndian) {
      readFully(path, channel, begin, out);
      return;
    }
    int count = out.remaining() / type.width();
    // On the heap, where it is collected at once; memory outside would add up over many tensors.
    ByteBuffer raw = ByteBuffer.allocate(count * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    readFully(path, channel, begin, raw);
    raw.flip();
    if (type == DataType.FLOAT) {
      FloatBuffer floats = out.asFloatBuffer();
      for (int i = 0; i < count; i++) {
        floats.put(i, (float) element(raw, i, dtype));
      }
    } else if (type == DataType.DOUBLE) {
      DoubleBuffer doubles = out.asDoubleBuffer();
      for (int i = 0; i < count; i++) {
        doubles.put(i, element(raw, i, dtype));
      }
    } else {
      throw new SafetensorsException(path + ": integers need a little-endian machine");
    }
  }

  private static double element(ByteBuffer raw, int i, DType dtype) {
    return switch (dtype) {
      case F64 -> raw.getDouble(i * 8);
      case F32 -> raw.getFloat(i * 4);
      case F16 -> HalfPrecision.f16ToFloat(raw.getShort(i * 2));
      case BF16 -> HalfPrecision.bf16ToFloat(raw.getShort(i * 2));
      default -> throw new IllegalArgumentException(dtype + " is not a floating-point type");
    };
  }

  /** Part of the memory behind an array that was just made. */
  static ByteBuffer memory(INDArray array, long from, int size) {
    BytePointer bytes = new BytePointer(array.data().pointer());
    return bytes.position(from).limit(from + size).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  static void readFully(Path path, FileChannel channel, long position, ByteBuffer out)
      throws IOException {
    while (out.hasRemaining()) {
      int read = channel.read(out, position);
      if (read < 0) {
        throw new EOFException(
            path + ": ended at byte " + position + " while it was read; was it cut short?");
      }
      position += read;
    }
  }
}
