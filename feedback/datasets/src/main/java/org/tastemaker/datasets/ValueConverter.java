package org.tastemaker.datasets;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.function.Consumer;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.jspecify.annotations.Nullable;

/** A value of a column: a String, Long, Double, Boolean, BigDecimal or bytes. */
final class ValueConverter extends PrimitiveConverter {
  private final Consumer<@Nullable Object> sink;
  private final boolean text;
  private final boolean unsigned;
  private final @Nullable DecimalLogicalTypeAnnotation decimal;

  ValueConverter(PrimitiveType type, Consumer<@Nullable Object> sink) {
    this.sink = sink;
    LogicalTypeAnnotation kind = type.getLogicalTypeAnnotation();
    this.text = kind instanceof StringLogicalTypeAnnotation;
    this.unsigned = kind instanceof IntLogicalTypeAnnotation whole && !whole.isSigned();
    this.decimal = kind instanceof DecimalLogicalTypeAnnotation own ? own : null;
  }

  @Override
  public void addBinary(Binary value) {
    if (text) {
      sink.accept(value.toStringUsingUTF8());
    } else if (decimal != null) {
      sink.accept(new BigDecimal(new BigInteger(value.getBytes()), decimal.getScale()));
    } else {
      sink.accept(value.getBytes()); // a copy: the value is a part of its page
    }
  }

  @Override
  public void addBoolean(boolean value) {
    sink.accept(value);
  }

  @Override
  public void addInt(int value) {
    addLong(unsigned ? Integer.toUnsignedLong(value) : value);
  }

  @Override
  public void addLong(long value) {
    if (decimal != null) {
      sink.accept(BigDecimal.valueOf(value, decimal.getScale()));
    } else if (unsigned && value < 0) {
      sink.accept(new BigInteger(Long.toUnsignedString(value)));
    } else {
      sink.accept(value);
    }
  }

  @Override
  public void addFloat(float value) {
    sink.accept((double) value);
  }

  @Override
  public void addDouble(double value) {
    sink.accept(value);
  }
}
