package org.tastemaker.datasets;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.Util;
import org.tastemaker.core.files.MissingPath;

/** The end of a file: what is in it and where. */
final class ParquetFooter {
  static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  private static final String ENCRYPTED = "PARE";
  private static final int LARGEST = 64 << 20;
  private static final int TAIL = 8; // the footer's length and the magic

  private ParquetFooter() {}

  static FileChannel open(Path file) {
    MissingPath.require(file);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          file + " is no regular file; a folder of shards is ParquetRecords.shards(folder)");
    }
    try {
      return FileChannel.open(file, StandardOpenOption.READ);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e, e);
    }
  }

  static FileMetaData read(FileChannel channel, Path file) {
    try {
      long size = channel.size();
      if (size < MAGIC.length + TAIL || !magic(bytes(channel, 0, MAGIC.length)).equals("PAR1")) {
        throw new IllegalArgumentException(
            file + " is no file of Parquet: it has " + size + " bytes and must begin with PAR1");
      }
      ByteBuffer tail = bytes(channel, size - TAIL, TAIL).order(ByteOrder.LITTLE_ENDIAN);
      int length = tail.getInt();
      String end = magic(tail);
      if (end.equals(ENCRYPTED)) {
        throw new IllegalArgumentException(file + " is encrypted, which is not read here");
      }
      if (!end.equals("PAR1") || length <= 0 || length > size - TAIL - MAGIC.length) {
        throw new IllegalArgumentException(
            file + " does not end as Parquet does: is it cut short? Copy or download it again");
      }
      if (length > LARGEST) {
        throw new IllegalArgumentException(
            file + " has a footer of " + length + " bytes, more than " + LARGEST);
      }
      return parse(bytes(channel, size - TAIL - length, length).array(), file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e, e);
    }
  }

  private static FileMetaData parse(byte[] footer, Path file) {
    try {
      return Util.readFileMetaData(new ByteArrayInputStream(footer), footer.length);
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException(
          file + " has a damaged footer: copy or download it again. " + e, e);
    }
  }

  private static String magic(ByteBuffer at) {
    byte[] magic = new byte[MAGIC.length];
    at.get(magic);
    return new String(magic, StandardCharsets.US_ASCII);
  }

  /** Bytes of a file, which must be there. */
  static ByteBuffer bytes(FileChannel channel, long position, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new EOFException("the file ends at byte " + (position + buffer.position()));
      }
    }
    return buffer.flip();
  }
}
