package org.tastemaker.diffusion.weights;

import org.nd4j.linalg.api.buffer.DataType;

/** A type of a tensor's elements, named as in the header of a safetensors file. */
public enum DType {
  /** IEEE 754 double precision. */
  F64(8, DataType.DOUBLE),
  /** IEEE 754 single precision. */
  F32(4, DataType.FLOAT),
  /** IEEE 754 half precision: 5 exponent bits, 10 mantissa bits. Arrays hold it as FLOAT. */
  F16(2, DataType.FLOAT),
  /** The upper half of a single: 8 exponent bits, 7 mantissa bits. Arrays hold it as FLOAT. */
  BF16(2, DataType.FLOAT),
  /** 64-bit signed integer. */
  I64(8, DataType.INT64),
  /** 32-bit signed integer. */
  I32(4, DataType.INT32),
  /** 16-bit signed integer. */
  I16(2, DataType.INT16),
  /** 8-bit signed integer. */
  I8(1, DataType.INT8),
  /** 64-bit unsigned integer. */
  U64(8, DataType.UINT64),
  /** 32-bit unsigned integer. */
  U32(4, DataType.UINT32),
  /** 16-bit unsigned integer. */
  U16(2, DataType.UINT16),
  /** 8-bit unsigned integer. */
  U8(1, DataType.UINT8),
  /** One byte, 0 or 1. */
  BOOL(1, DataType.BOOL);

  private final int bytes;
  private final DataType arrayType;

  DType(int bytes, DataType arrayType) {
    this.bytes = bytes;
    this.arrayType = arrayType;
  }

  /**
   * The size of one element.
   *
   * @return 1, 2, 4 or 8 bytes
   */
  public int bytes() {
    return bytes;
  }

  /**
   * The type of the ND4J array that {@link SafetensorsFile#array(String)} gives for this type.
   *
   * @return a type that holds every value of this type exactly
   */
  public DataType arrayType() {
    return arrayType;
  }

  /**
   * The type of an ND4J array of elements as they are: HALF for F16 and BFLOAT16 for BF16, and for
   * the others {@link #arrayType}.
   *
   * @return a type whose elements are as wide as these
   */
  public DataType storedType() {
    return switch (this) {
      case F16 -> DataType.FLOAT16;
      case BF16 -> DataType.BFLOAT16;
      default -> arrayType;
    };
  }

  /**
   * Whether the elements are floating-point numbers.
   *
   * @return true for F64, F32, F16 and BF16
   */
  public boolean isFloat() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }
}
