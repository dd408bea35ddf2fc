package org.tastemaker.core;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** PNG files chunk by chunk, as nobody should write them. */
final class PngChunks {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  PngChunks() {
    bytes.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
  }

  PngChunks header(int width, int height, int depth, int colours) {
    byte[] data = new byte[13];
    ByteBuffer.wrap(data).putInt(width).putInt(height).put((byte) depth).put((byte) colours);
    return chunk("IHDR", data);
  }

  PngChunks chunk(String type, byte[] data) {
    return chunk(type, data.length, data);
  }

  /** A chunk that says that it has another length. */
  PngChunks chunk(String type, int length, byte[] data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    DataOutputStream out = new DataOutputStream(bytes);
    try {
      out.writeInt(length);
      out.write(name);
      out.write(data);
      out.writeInt((int) crc.getValue());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  byte[] end() {
    return chunk("IEND", new byte[0]).bytes.toByteArray();
  }

  static byte[] zeros(int count) {
    return deflated(new byte[count]);
  }

  /** Of data that can be deflated well, or are short. */
  static byte[] deflated(byte[] data) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
    deflater.setInput(data);
    deflater.finish();
    byte[] out = new byte[data.length / 500 + 1000];
    int length = deflater.deflate(out);
    deflater.end();
    return Arrays.copyOf(out, length);
  }

  /** The same file with right checksums, as far as its chunks can be followed. */
  static byte[] withChecksums(byte[] png) {
    ByteBuffer in = ByteBuffer.wrap(png.clone());
    for (int at = 8; at + 12 <= png.length; ) {
      long length = Integer.toUnsignedLong(in.getInt(at));
      if (at + 12 + length > png.length) {
        break;
      }
      CRC32 crc = new CRC32();
      crc.update(in.array(), at + 4, (int) length + 4);
      in.putInt(at + 8 + (int) length, (int) crc.getValue());
      at += 12 + (int) length;
    }
    return in.array();
  }
}
