package org.tastemaker.diffusion.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Writes pickles of protocol 2 as Python does, and as Python does not. */
final class PickleWriter {
  /** An instance of a class, made by calling it with arguments and setting its state. */
  record Instance(String module, String name, List<?> arguments, Object state) {}

  /** A name on its own, such as that of a callback. */
  record Name(String module, String name) {}

  /** A tuple; a List is a list. */
  record Tuple(List<?> values) {
    static Tuple of(Object... values) {
      return new Tuple(List.of(values));
    }
  }

  /** What stands outside. */
  record Persistent(Object id) {}

  /** Any key, such as a number or a name. */
  record Entries(List<?> keysAndValues) {}

  static final Object NONE = new Object();

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private int memo;

  static byte[] write(Object value) {
    PickleWriter writer = new PickleWriter();
    writer.code(0x80).code(2).value(value).code('.');
    return writer.out.toByteArray();
  }

  PickleWriter code(int code) {
    out.write(code);
    return this;
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  private PickleWriter int4(long value) {
    out.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt((int) value).array());
    return this;
  }

  PickleWriter global(String module, String name) {
    code('c');
    out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    return this;
  }

  private PickleWriter remember() {
    return memo < 256 ? code('q').code(memo++) : code('r').int4(memo++);
  }

  PickleWriter value(Object value) {
    if (value == NONE) {
      return code('N');
    } else if (value instanceof Boolean flag) {
      return code(flag ? 0x88 : 0x89);
    } else if (value instanceof String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      code('X').int4(utf8.length);
      out.writeBytes(utf8);
      return remember();
    } else if (value instanceof Double number) {
      code('G');
      out.writeBytes(ByteBuffer.allocate(8).putDouble(number).array());
      return this;
    } else if (value instanceof Number number) {
      return number(number.longValue());
    } else if (value instanceof Tuple tuple) {
      code('(');
      tuple.values().forEach(this::value);
      return code('t').remember();
    } else if (value instanceof List<?> list) {
      code(']').remember().code('(');
      list.forEach(this::value);
      return code('e');
    } else if (value instanceof Map<?, ?> map) {
      return entries(
          map.entrySet().stream()
              .flatMap(e -> List.of(e.getKey(), e.getValue()).stream())
              .toList());
    } else if (value instanceof Entries entries) {
      return entries(entries.keysAndValues());
    } else if (value instanceof Persistent persistent) {
      return value(persistent.id()).code('Q');
    } else if (value instanceof Name name) {
      return global(name.module(), name.name()).remember();
    } else if (value instanceof Instance instance) {
      global(instance.module(), instance.name()).remember();
      value(new Tuple(instance.arguments())).code('R').remember();
      return instance.state() == NONE ? this : value(instance.state()).code('b');
    }
    throw new IllegalArgumentException(value.toString());
  }

  private PickleWriter entries(List<?> keysAndValues) {
    code('}').remember().code('(');
    keysAndValues.forEach(this::value);
    return code('u');
  }

  private PickleWriter number(long value) {
    if (value >= 0 && value < 256) {
      return code('K').code((int) value);
    } else if (value == (int) value) {
      return code('J').int4(value);
    }
    code(0x8A).code(8);
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    return this;
  }
}
