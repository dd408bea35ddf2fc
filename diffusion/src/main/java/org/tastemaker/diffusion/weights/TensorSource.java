package org.tastemaker.diffusion.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A tensor that is to be written: where its elements come from, and the type that they become.
 *
 * <p>The elements are taken in row-major order from memory of one of four types; arrays of other
 * types and of other orders are brought into that form, one at a time, while the source is open.
 */
final class TensorSource {
  final String name;
  final DType dtype;
  final long[] shape;
  private final @Nullable INDArray array;
  private final float @Nullable [] data;

  private TensorSource(
      String name, DType dtype, long[] shape, @Nullable INDArray array, float @Nullable [] data) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.array = array;
    this.data = data;
  }

  static TensorSource of(String name, DType dtype, INDArray array) {
    return new TensorSource(name, dtype, array.shape().clone(), array, null);
  }

  static TensorSource of(String name, DType dtype, long[] shape, float[] data) {
    return new TensorSource(name, dtype, shape.clone(), null, data);
  }

  /** The number of elements. */
  long length() {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  /** The type of the elements where they come from. */
  DataType type() {
    return array == null ? DataType.FLOAT : array.dataType();
  }

  /** Whether there is a conversion from the source's type. */
  boolean canBeWritten() {
    return switch (dtype) {
      case F64, F32, F16, BF16 -> type().isFPType();
      case I64, I32 -> memoryType(type()) == DataType.INT64 || memoryType(type()) == DataType.INT32;
      default -> false;
    };
  }

  /** The type of the memory that elements are taken from. */
  private static DataType memoryType(DataType type) {
    return switch (type) {
      case HALF, BFLOAT16 -> DataType.FLOAT;
      case BYTE, UBYTE, SHORT, UINT16, UINT32 -> DataType.INT64;
      default -> type;
    };
  }

  /** Makes the elements readable; only for sources with elements. */
  Elements open() {
    INDArray from = array;
    if (from == null) {
      return new Elements(DataType.FLOAT, null);
    }
    if (from.wasClosed()) {
      throw new IllegalStateException(
          "tensor " + SafetensorsHeader.quote(name) + ": its array was closed before write");
    }
    DataType type = memoryType(from.dataType());
    if (from.dataType() == type && isRowMajor(from)) {
      return new Elements(type, from);
    }
    INDArray rowMajor = from.dup('c');
    if (rowMajor.dataType() == type) {
      return new Elements(type, rowMajor);
    }
    try {
      return new Elements(type, rowMajor.castTo(type));
    } finally {
      rowMajor.close();
    }
  }

  private static boolean isRowMajor(INDArray array) {
    if (array.isView() || array.offset() != 0) {
      return false;
    }
    long expected = 1;
    for (int i = array.rank() - 1; i >= 0; i--) {
      if (array.size(i) != 1 && array.stride(i) != expected) {
        return false;
      }
      expected *= array.size(i);
    }
    return true;
  }

  /** Converts runs of elements. */
  final class Elements implements AutoCloseable {
    private final DataType type;
    private final @Nullable INDArray memory;

    Elements(DataType type, @Nullable INDArray memory) {
      this.type = type;
      this.memory = memory;
    }

    /** Appends the elements {@code from} to {@code from + count - 1} in little-endian order. */
    void put(long from, int count, ByteBuffer out) {
      float[] floats = data;
      if (floats != null) {
        putFloats(from, FloatBuffer.wrap(floats, (int) from, count), out);
        return;
      }
      ByteBuffer in = bytes(from, count);
      switch (type) {
        case FLOAT -> putFloats(from, in.asFloatBuffer(), out);
        case DOUBLE -> {
          for (int i = 0; i < count; i++) {
            putFloat(from + i, in.getDouble(), out);
          }
        }
        case LONG -> {
          for (int i = 0; i < count; i++) {
            putInteger(from + i, in.getLong(), out);
          }
        }
        case INT -> {
          for (int i = 0; i < count; i++) {
            putInteger(from + i, in.getInt(), out);
          }
        }
        default -> throw new IllegalStateException("no conversion from " + type);
      }
    }

    private ByteBuffer bytes(long from, int count) {
      if (memory == null) {
        throw new IllegalStateException("no array");
      }
      long width = type.width();
      BytePointer pointer = new BytePointer(memory.data().pointer());
      return pointer
          .position(from * width)
          .limit((from + count) * width)
          .asByteBuffer()
          .order(ByteOrder.nativeOrder());
    }

    private void putFloats(long from, FloatBuffer in, ByteBuffer out) {
      int count = in.remaining();
      if (dtype == DType.F32) { // bit for bit
        out.asFloatBuffer().put(in);
        out.position(out.position() + count * Float.BYTES);
        return;
      }
      for (int i = 0; i < count; i++) {
        putFloat(from + i, in.get(), out);
      }
    }

    private void putFloat(long index, double value, ByteBuffer out) {
      boolean overflows;
      switch (dtype) {
        case F64 -> {
          out.putDouble(value);
          overflows = false;
        }
        case F32 -> {
          float single = (float) value;
          out.putFloat(single);
          overflows = Float.isInfinite(single);
        }
        case F16 -> {
          short half = HalfPrecision.floatToF16(HalfPrecision.roundToOdd(value));
          out.putShort(half);
          overflows = HalfPrecision.isInfiniteF16(half);
        }
        case BF16 -> {
          short half = HalfPrecision.floatToBf16(HalfPrecision.roundToOdd(value));
          out.putShort(half);
          overflows = HalfPrecision.isInfiniteBf16(half);
        }
        default -> throw new IllegalStateException("no conversion to " + dtype);
      }
      if (overflows && !Double.isInfinite(value)) {
        throw doesNotFit(index, value);
      }
    }

    private void putInteger(long index, long value, ByteBuffer out) {
      if (dtype == DType.I64) {
        out.putLong(value);
      } else if (value == (int) value) {
        out.putInt((int) value);
      } else {
        throw doesNotFit(index, value);
      }
    }

    private SafetensorsException doesNotFit(long index, Number value) {
      return new SafetensorsException(
          "tensor "
              + SafetensorsHeader.quote(name)
              + ": expected values that fit "
              + dtype
              + ", but element "
              + index
              + " (row-major) is "
              + value
              + "; write it in a wider type");
    }

    /** Closes what {@link #open} made. */
    @Override
    public void close() {
      if (memory != null && memory != array) {
        memory.close();
      }
    }
  }
}
