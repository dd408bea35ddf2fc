package org.tastemaker.watch;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads event files back: checksums, then fields by their numbers, nested ones on demand. */
final class ReadEvents {
  private ReadEvents() {}

  /** The fields of a message: by number, all values of it in their order. */
  record Fields(Map<Integer, List<Object>> values) {
    static Fields of(byte[] bytes) {
      Map<Integer, List<Object>> values = new TreeMap<>();
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      try {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
          Object value =
              switch (WireFormat.getTagWireType(tag)) {
                case WireFormat.WIRETYPE_VARINT -> in.readInt64();
                case WireFormat.WIRETYPE_FIXED64 -> in.readDouble();
                case WireFormat.WIRETYPE_FIXED32 -> in.readFloat();
                case WireFormat.WIRETYPE_LENGTH_DELIMITED -> in.readByteArray();
                default -> throw new IllegalStateException("wire type of " + tag);
              };
          values
              .computeIfAbsent(WireFormat.getTagFieldNumber(tag), number -> new ArrayList<>())
              .add(value);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new Fields(values);
    }

    Object one(int field) {
      List<Object> all = values.getOrDefault(field, List.of());
      if (all.size() != 1) {
        throw new IllegalStateException("field " + field + " is there " + all.size() + " times");
      }
      return all.get(0);
    }

    String text(int field) {
      return new String((byte[]) one(field), StandardCharsets.UTF_8);
    }

    Fields message(int field) {
      return of((byte[]) one(field));
    }

    List<Fields> messages(int field) {
      return values.getOrDefault(field, List.of()).stream().map(v -> of((byte[]) v)).toList();
    }

    double[] reals(int field) {
      ByteBuffer buffer = ByteBuffer.wrap((byte[]) one(field)).order(ByteOrder.LITTLE_ENDIAN);
      double[] all = new double[buffer.remaining() / Double.BYTES];
      buffer.asDoubleBuffer().get(all);
      return all;
    }
  }

  /** The events of the only event file in a folder. */
  static List<Fields> in(Path folder) {
    try (var files = Files.list(folder)) {
      Path file = files.toList().get(0);
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      List<Fields> events = new ArrayList<>();
      while (bytes.hasRemaining()) {
        byte[] length = new byte[Long.BYTES];
        bytes.get(length);
        requireEqual(bytes.getInt(), EventFile.masked(length));
        byte[] data =
            new byte
                [Math.toIntExact(ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong())];
        bytes.get(data);
        requireEqual(bytes.getInt(), EventFile.masked(data));
        events.add(Fields.of(data));
      }
      return events;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requireEqual(int found, int expected) {
    if (found != expected) {
      throw new IllegalStateException(
          "checksum " + Arrays.asList(found, expected) + " of found and expected differ");
    }
  }
}
