package org.tastemaker.datasets;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A part of a file as a stream. Several read the same file, each at its own place. */
final class ChannelPart extends InputStream {
  private final FileChannel channel;
  private long position;
  private long left;

  ChannelPart(FileChannel channel, long position, long length) {
    if (position < 0 || length < 0) {
      throw new PageException(
          "a column begins at byte " + position + " and has " + length + " bytes");
    }
    this.channel = channel;
    this.position = position;
    this.left = length;
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) {
    if (length == 0) {
      return 0;
    }
    if (left == 0) {
      return -1;
    }
    try {
      ByteBuffer into = ByteBuffer.wrap(bytes, offset, (int) Math.min(length, left));
      int found = channel.read(into, position);
      if (found > 0) {
        position += found;
        left -= found;
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read at byte " + position + ": " + e, e);
    }
  }
}
