package org.tastemaker.watch;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.tastemaker.core.run.PrivateFiles;

/**
 * A file of records as TensorFlow writes them: length, its checksum, data, their checksum, all
 * little-endian, the checksums CRC-32C and masked.
 *
 * <p>Not thread-safe.
 */
final class EventFile implements AutoCloseable {
  private static final int MASK = 0xa282ead8;

  private final Path path;
  private final OutputStream out;

  /**
   * Begins a file.
   *
   * @param path must not be there yet
   */
  EventFile(Path path) {
    this.path = path;
    try {
      this.out =
          new BufferedOutputStream(
              Channels.newOutputStream(
                  PrivateFiles.open(
                      path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot begin " + path + ": " + e.getMessage(), e);
    }
  }

  /** Appends a record, and hands it to the operating system, so that a viewer sees it at once. */
  void append(byte[] data) {
    byte[] length = little(Long.BYTES).putLong(data.length).array();
    try {
      out.write(length);
      out.write(little(Integer.BYTES).putInt(masked(length)).array());
      out.write(data);
      out.write(little(Integer.BYTES).putInt(masked(data)).array());
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + path + ": " + e.getMessage(), e);
    }
  }

  /** The checksum, rotated and moved, so that a checksum of data with checksums in them is none. */
  static int masked(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    int value = (int) crc.getValue();
    return ((value >>> 15) | (value << 17)) + MASK;
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + path + ": " + e.getMessage(), e);
    }
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
