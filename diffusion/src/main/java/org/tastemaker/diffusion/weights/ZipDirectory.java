package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the entries of a zip file lie in it: those of a file of PyTorch are not compressed, so that
 * tensors can be read in their place. (The JDK's own reader does not say where; and it reads a
 * directory of any size.)
 *
 * <p>By the "APPNOTE.TXT" of PKWARE, version 6.3.10: the directory at the file's end (4.3.12), its
 * end record (4.3.16), the larger one of zip64 (4.3.14) and an entry's own header (4.3.7).
 */
final class ZipDirectory {
  /**
   * An entry.
   *
   * @param begin of its data in the file
   * @param size of its data as it lies there
   * @param whole its size when it is unpacked
   * @param stored whether it is not compressed
   */
  record Entry(long begin, long size, long whole, boolean stored) {}

  private static final int MOST_ENTRIES = 40_000;
  private static final int MOST_BYTES = 8 << 20;
  private static final int END = 22;
  private static final int LONGEST_COMMENT = 0xFFFF;
  private static final int HEADER = 46;
  private static final int LOCAL_HEADER = 30;
  private static final long IN_ZIP64 = 0xFFFFFFFFL;

  private final Path path;
  private final FileChannel channel;
  private final long fileSize;

  private ZipDirectory(Path path, FileChannel channel, long fileSize) {
    this.path = path;
    this.channel = channel;
    this.fileSize = fileSize;
  }

  /** The entries by name, in the directory's order. */
  static ImmutableMap<String, Entry> read(Path path, FileChannel channel) throws IOException {
    return new ZipDirectory(path, channel, channel.size()).read();
  }

  private ImmutableMap<String, Entry> read() throws IOException {
    // 1. The record at the end, or the larger one that stands before it.
    long tailStart = Math.max(0, fileSize - END - LONGEST_COMMENT);
    ByteBuffer tail = bytes(tailStart, (int) (fileSize - tailStart));
    int end = tail.limit() - END;
    while (end >= 0 && tail.getInt(end) != 0x06054B50) {
      end--;
    }
    if (end < 0) {
      throw error("its directory, which stands at the end, is not there: the file is cut short");
    }
    long count = tail.getShort(end + 10) & 0xFFFF;
    long size = tail.getInt(end + 12) & 0xFFFFFFFFL;
    long begin = tail.getInt(end + 16) & 0xFFFFFFFFL;
    int locator = end - 20;
    if (locator >= 0 && tail.getInt(locator) == 0x07064B50) {
      ByteBuffer zip64 = bytes(tail.getLong(locator + 8), 56);
      if (zip64.getInt(0) != 0x06064B50) {
        throw error("its directory is damaged");
      }
      count = zip64.getLong(32);
      size = zip64.getLong(40);
      begin = zip64.getLong(48);
    }
    if (count < 0 || count > MOST_ENTRIES || size < 0 || size > MOST_BYTES) {
      throw error(
          "its directory has "
              + Long.toUnsignedString(count)
              + " entries in "
              + Long.toUnsignedString(size)
              + " bytes, but may have at most "
              + MOST_ENTRIES
              + " in "
              + MOST_BYTES);
    }
    // 2. The entries.
    ByteBuffer directory = bytes(begin, (int) size);
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (long i = 0; i < count; i++) {
      if (directory.remaining() < HEADER || directory.getInt(directory.position()) != 0x02014B50) {
        throw error("its directory is damaged");
      }
      entry(directory, entries);
    }
    return ImmutableMap.copyOf(entries);
  }

  /** Reads an entry, and moves the directory's position behind it. */
  private void entry(ByteBuffer directory, Map<String, Entry> entries) throws IOException {
    int at = directory.position();
    int nameLength = directory.getShort(at + 28) & 0xFFFF;
    int extraLength = directory.getShort(at + 30) & 0xFFFF;
    int length = HEADER + nameLength + extraLength + (directory.getShort(at + 32) & 0xFFFF);
    if (directory.remaining() < length) {
      throw error("its directory is damaged");
    }
    byte[] name = new byte[nameLength];
    directory.get(at + HEADER, name);
    ByteBuffer extra =
        directory.slice(at + HEADER + nameLength, extraLength).order(ByteOrder.LITTLE_ENDIAN);
    directory.position(at + length);
    // Sizes that need more than four bytes stand in the extra field, in this order.
    ByteBuffer large = zip64(extra);
    long whole = value(directory.getInt(at + 24) & IN_ZIP64, large);
    long size = value(directory.getInt(at + 20) & IN_ZIP64, large);
    long header = value(directory.getInt(at + 42) & IN_ZIP64, large);
    boolean stored = directory.getShort(at + 10) == 0 && (directory.getShort(at + 8) & 1) == 0;
    String text = new String(name, StandardCharsets.UTF_8);
    if (entries.put(text, new Entry(header, size, whole, stored)) != null) {
      throw error("it has two entries " + SafetensorsHeader.quote(text));
    }
  }

  private static ByteBuffer zip64(ByteBuffer extra) {
    while (extra.remaining() >= 4) {
      int id = extra.getShort() & 0xFFFF;
      int length = Math.min(extra.getShort() & 0xFFFF, extra.remaining());
      if (id == 1) {
        return extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      }
      extra.position(extra.position() + length);
    }
    return ByteBuffer.allocate(0);
  }

  private static long value(long small, ByteBuffer large) {
    return small == IN_ZIP64 && large.remaining() >= 8 ? large.getLong() : small;
  }

  /**
   * Finds an entry's data, which its own header tells.
   *
   * @param listed as {@link #read} gives it
   */
  static Entry locate(Path path, FileChannel channel, String name, Entry listed)
      throws IOException {
    ZipDirectory zip = new ZipDirectory(path, channel, channel.size());
    ByteBuffer header = zip.bytes(listed.begin(), LOCAL_HEADER);
    if (header.getInt(0) != 0x04034B50) {
      throw zip.error("its entry " + SafetensorsHeader.quote(name) + " is damaged");
    }
    long begin =
        listed.begin()
            + LOCAL_HEADER
            + (header.getShort(26) & 0xFFFF)
            + (header.getShort(28) & 0xFFFF);
    if (listed.size() < 0 || begin > zip.fileSize || listed.size() > zip.fileSize - begin) {
      throw zip.error(
          "its entry "
              + SafetensorsHeader.quote(name)
              + " of "
              + Long.toUnsignedString(listed.size())
              + " bytes at byte "
              + begin
              + " goes on behind the file's end, "
              + zip.fileSize);
    }
    return new Entry(begin, listed.size(), listed.whole(), listed.stored());
  }

  private ByteBuffer bytes(long begin, int length) throws IOException {
    if (begin < 0 || length < 0 || begin > fileSize - length) {
      throw error("its directory points behind the file's end, " + fileSize);
    }
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    StoredElements.readFully(path, channel, begin, bytes);
    return bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  private TorchFileException error(String what) {
    return new TorchFileException(path + ": the zip file of PyTorch is not whole: " + what);
  }
}
