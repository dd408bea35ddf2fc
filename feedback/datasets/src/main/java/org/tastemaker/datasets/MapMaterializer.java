package org.tastemaker.datasets;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.jspecify.annotations.Nullable;

/** Records as maps, lists and values. */
final class MapMaterializer extends RecordMaterializer<Map<String, @Nullable Object>> {
  private final Group root;
  private Map<String, @Nullable Object> record = new HashMap<>();

  MapMaterializer(MessageType schema) {
    this.root = new Group(schema, value -> record = asMap(value));
  }

  @Override
  public Map<String, @Nullable Object> getCurrentRecord() {
    return record;
  }

  @Override
  public GroupConverter getRootConverter() {
    return root;
  }

  @SuppressWarnings("unchecked") // what a Group gives
  private static Map<String, @Nullable Object> asMap(@Nullable Object value) {
    return (Map<String, @Nullable Object>) Objects.requireNonNull(value);
  }

  private static Converter of(Type type, Consumer<@Nullable Object> sink) {
    if (type.isPrimitive()) {
      return new ValueConverter(type.asPrimitiveType(), sink);
    }
    GroupType group = type.asGroupType();
    boolean one = group.getFieldCount() == 1 && group.getType(0).isRepetition(Repetition.REPEATED);
    if (one && group.getLogicalTypeAnnotation() instanceof ListLogicalTypeAnnotation) {
      return new Listing(group, sink);
    }
    if (one && group.getLogicalTypeAnnotation() instanceof MapLogicalTypeAnnotation) {
      return new Mapping(group, sink);
    }
    return new Group(group, sink);
  }

  /** A group: a value for each name, null where there is none. */
  private static final class Group extends GroupConverter {
    private final GroupType type;
    private final Consumer<@Nullable Object> sink;
    private final List<Converter> children = new ArrayList<>();
    private Map<String, @Nullable Object> current = new LinkedHashMap<>();

    Group(GroupType type, Consumer<@Nullable Object> sink) {
      this.type = type;
      this.sink = sink;
      for (Type field : type.getFields()) {
        String name = field.getName();
        children.add(
            of(
                field,
                field.isRepetition(Repetition.REPEATED)
                    ? value -> append(name, value)
                    : value -> current.put(name, value)));
      }
    }

    @SuppressWarnings("unchecked") // start() has put it there
    private void append(String name, @Nullable Object value) {
      ((List<@Nullable Object>) Objects.requireNonNull(current.get(name))).add(value);
    }

    @Override
    public Converter getConverter(int index) {
      return children.get(index);
    }

    @Override
    public void start() {
      current = new LinkedHashMap<>();
      for (Type field : type.getFields()) {
        current.put(
            field.getName(), field.isRepetition(Repetition.REPEATED) ? new ArrayList<>() : null);
      }
    }

    @Override
    public void end() {
      sink.accept(current);
    }
  }

  /** A list, of each of the forms that the format's rules for old files name. */
  private static final class Listing extends GroupConverter {
    private final Consumer<@Nullable Object> sink;
    private final Converter element;
    private List<@Nullable Object> current = new ArrayList<>();

    Listing(GroupType list, Consumer<@Nullable Object> sink) {
      this.sink = sink;
      Type repeated = list.getType(0);
      Consumer<@Nullable Object> add = value -> current.add(value);
      this.element =
          isElement(repeated, list.getName())
              ? of(repeated, add)
              : new Wrapped(repeated.asGroupType(), add);
    }

    private static boolean isElement(Type repeated, String list) {
      return repeated.isPrimitive()
          || repeated.asGroupType().getFieldCount() != 1
          || repeated.asGroupType().getType(0).isRepetition(Repetition.REPEATED)
          || repeated.getName().equals("array")
          || repeated.getName().equals(list + "_tuple");
    }

    @Override
    public Converter getConverter(int index) {
      return element;
    }

    @Override
    public void start() {
      current = new ArrayList<>();
    }

    @Override
    public void end() {
      sink.accept(current);
    }
  }

  /** An element in a group of its own, which may be null. */
  private static final class Wrapped extends GroupConverter {
    private final Consumer<@Nullable Object> sink;
    private final Converter child;
    private @Nullable Object element;

    Wrapped(GroupType type, Consumer<@Nullable Object> sink) {
      this.sink = sink;
      this.child = of(type.getType(0), value -> element = value);
    }

    @Override
    public Converter getConverter(int index) {
      return child;
    }

    @Override
    public void start() {
      element = null;
    }

    @Override
    public void end() {
      sink.accept(element);
    }
  }

  /** A map; its keys become texts. */
  private static final class Mapping extends GroupConverter {
    private final Consumer<@Nullable Object> sink;
    private final Group entry;
    private Map<String, @Nullable Object> current = new LinkedHashMap<>();

    Mapping(GroupType map, Consumer<@Nullable Object> sink) {
      this.sink = sink;
      GroupType type = map.getType(0).asGroupType();
      String key = type.getFieldName(0);
      String value = type.getFieldCount() > 1 ? type.getFieldName(1) : key;
      this.entry =
          new Group(
              type,
              found -> current.put(String.valueOf(asMap(found).get(key)), asMap(found).get(value)));
    }

    @Override
    public Converter getConverter(int index) {
      return entry;
    }

    @Override
    public void start() {
      current = new LinkedHashMap<>();
    }

    @Override
    public void end() {
      sink.accept(current);
    }
  }
}
