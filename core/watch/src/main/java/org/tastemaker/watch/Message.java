package org.tastemaker.watch;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A protocol buffer, field by field: numbers and types are those of TensorFlow's .proto files. */
final class Message {
  private interface Field {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CodedOutputStream out = CodedOutputStream.newInstance(bytes);

  Message text(int field, String value) {
    return write(to -> to.writeString(field, value));
  }

  Message bytes(int field, byte[] value) {
    return write(to -> to.writeByteArray(field, value));
  }

  Message whole(int field, long value) {
    return write(to -> to.writeInt64(field, value));
  }

  Message real(int field, double value) {
    return write(to -> to.writeDouble(field, value));
  }

  Message single(int field, float value) {
    return write(to -> to.writeFloat(field, value));
  }

  Message flag(int field, boolean value) {
    return write(to -> to.writeBool(field, value));
  }

  /** A packed list of doubles. */
  Message reals(int field, double[] values) {
    Message packed = new Message();
    for (double value : values) {
      packed.write(to -> to.writeDoubleNoTag(value));
    }
    return bytes(field, packed.toBytes());
  }

  Message message(int field, Message value) {
    return bytes(field, value.toBytes());
  }

  byte[] toBytes() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private Message write(Field field) {
    try {
      field.writeTo(out);
    } catch (IOException e) { // never, into memory
      throw new UncheckedIOException(e);
    }
    return this;
  }
}
