package org.tastemaker.datasets;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a footer, which lists them in the order of a tree. Kinds that only say how a
 * number is shown, such as dates, are left out: it stays a number.
 */
final class ParquetSchema {
  private static final int DEEPEST = 32;
  private static final int MOST = 20_000;

  private final List<SchemaElement> elements;
  private final String file;
  private int next;

  private ParquetSchema(List<SchemaElement> elements, String file) {
    this.elements = elements;
    this.file = file;
  }

  static MessageType of(List<SchemaElement> elements, String file) {
    try {
      if (elements.isEmpty() || elements.size() > MOST) {
        throw new PageException(
            file + " must have 1 to " + MOST + " columns, but has " + elements.size());
      }
      ParquetSchema schema = new ParquetSchema(elements, file);
      SchemaElement root = elements.get(schema.next++);
      return new MessageType(root.getName(), schema.children(root, 0));
    } catch (PageException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          file + " has damaged columns: copy or download it again. " + e, e);
    }
  }

  private List<Type> children(SchemaElement group, int depth) {
    int size = group.getNum_children();
    if (size <= 0 || size > elements.size() - next || depth > DEEPEST) {
      throw new PageException(
          String.format(
              Locale.ROOT,
              "%s has a group '%s' of %d columns, %d deep; there are %d in all",
              file,
              group.getName(),
              size,
              depth,
              elements.size()));
    }
    List<Type> types = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      if (next == elements.size()) {
        throw new PageException(file + " has groups of more columns than there are");
      }
      types.add(type(elements.get(next++), depth + 1));
    }
    return types;
  }

  private Type type(SchemaElement element, int depth) {
    Repetition repetition = repetition(element.getRepetition_type());
    LogicalTypeAnnotation kind = kind(element);
    if (!element.isSetType()) {
      Type[] columns = children(element, depth).toArray(new Type[0]);
      return Types.buildGroup(repetition).as(kind).addFields(columns).named(element.getName());
    }
    PrimitiveTypeName name = name(element.getType());
    // A kind that does not fit the bytes is refused by the builder.
    return Types.primitive(name, repetition)
        .length(element.getType_length())
        .as(kind)
        .named(element.getName());
  }

  /** The library's name for a kind of bytes; all but one are called the same. */
  static PrimitiveTypeName name(org.apache.parquet.format.Type type) {
    return type == org.apache.parquet.format.Type.BYTE_ARRAY
        ? PrimitiveTypeName.BINARY
        : PrimitiveTypeName.valueOf(type.name());
  }

  /** The format's name for a kind of bytes. */
  static org.apache.parquet.format.Type name(PrimitiveTypeName name) {
    return name == PrimitiveTypeName.BINARY
        ? org.apache.parquet.format.Type.BYTE_ARRAY
        : org.apache.parquet.format.Type.valueOf(name.name());
  }

  private static Repetition repetition(@Nullable FieldRepetitionType repetition) {
    return repetition == null ? Repetition.REQUIRED : Repetition.valueOf(repetition.name());
  }

  private static @Nullable LogicalTypeAnnotation kind(SchemaElement element) {
    LogicalType logical = element.getLogicalType();
    ConvertedType converted = element.getConverted_type();
    if (converted == ConvertedType.LIST || (logical != null && logical.isSetLIST())) {
      return LogicalTypeAnnotation.listType();
    }
    if (converted == ConvertedType.MAP
        || converted == ConvertedType.MAP_KEY_VALUE
        || (logical != null && logical.isSetMAP())) {
      return element.getRepetition_type() == FieldRepetitionType.REPEATED
          ? null // old writers mark the entries too
          : LogicalTypeAnnotation.mapType();
    }
    if (converted == ConvertedType.UTF8
        || converted == ConvertedType.ENUM
        || converted == ConvertedType.JSON
        || (logical != null
            && (logical.isSetSTRING() || logical.isSetENUM() || logical.isSetJSON()))) {
      return LogicalTypeAnnotation.stringType();
    }
    if (converted == ConvertedType.DECIMAL) {
      return LogicalTypeAnnotation.decimalType(element.getScale(), element.getPrecision());
    }
    if (logical != null && logical.isSetDECIMAL()) {
      return LogicalTypeAnnotation.decimalType(
          logical.getDECIMAL().getScale(), logical.getDECIMAL().getPrecision());
    }
    return unsigned(logical, converted);
  }

  private static @Nullable LogicalTypeAnnotation unsigned(
      @Nullable LogicalType logical, @Nullable ConvertedType converted) {
    if (logical != null && logical.isSetINTEGER() && !logical.getINTEGER().isIsSigned()) {
      return LogicalTypeAnnotation.intType(logical.getINTEGER().getBitWidth(), false);
    }
    if (converted == null) {
      return null;
    }
    return switch (converted) {
      case UINT_8 -> LogicalTypeAnnotation.intType(8, false);
      case UINT_16 -> LogicalTypeAnnotation.intType(16, false);
      case UINT_32 -> LogicalTypeAnnotation.intType(32, false);
      case UINT_64 -> LogicalTypeAnnotation.intType(64, false);
      default -> null;
    };
  }
}
