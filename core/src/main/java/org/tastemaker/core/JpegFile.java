package org.tastemaker.core;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The segments of a JPEG, checked before it is decoded: the size in its header, the length of each
 * segment, the number of scans, and that there are enough data for the pixels that are promised.
 * Comments, thumbnails, Exif and colour profiles are left out: they do not decide the pixels here.
 */
final class JpegFile {
  /** Of a progressive image; each costs as much time as a whole one. */
  private static final int MOST_SCANS = 100;

  /** A block of 64 pixels takes at least a bit in the first scan. */
  private static final long MOST_EXPANSION = 1024;

  private static final int SOF0 = 0xC0;
  private static final int SOF2 = 0xC2;
  private static final int EOI = 0xD9;
  private static final int SOS = 0xDA;
  private static final int APP0 = 0xE0;
  private static final int APP14 = 0xEE;
  private static final int APP15 = 0xEF;
  private static final int COMMENT = 0xFE;
  private static final byte[] JFIF = "JFIF\0".getBytes(StandardCharsets.US_ASCII);

  /** Version 1.1, no density, no thumbnail: a decoder only looks whether it is there. */
  private static final byte[] PLAIN_APP0 = {
    (byte) 0xFF, (byte) 0xE0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
  };

  private final byte[] bytes;
  private final ByteArrayOutputStream out;
  private int at = 2;
  private int scans;
  private boolean sized;

  private JpegFile(byte[] bytes) {
    this.bytes = bytes;
    this.out = new ByteArrayOutputStream(bytes.length);
  }

  static boolean is(byte[] bytes) {
    return bytes.length >= 3
        && bytes[0] == (byte) 0xFF
        && bytes[1] == (byte) 0xD8
        && bytes[2] == (byte) 0xFF;
  }

  /** The file without what does not decide its pixels. */
  static byte[] checked(byte[] bytes, long mostPixels) {
    return new JpegFile(bytes).run(mostPixels);
  }

  private byte[] run(long mostPixels) {
    out.write(bytes, 0, 2);
    while (at + 1 < bytes.length) {
      if (bytes[at] != (byte) 0xFF) {
        throw ImageBounds.damaged("JPEG", bytes, "no marker at byte " + at);
      }
      int marker = bytes[at + 1] & 0xFF;
      if (marker == 0xFF) { // filling
        at++;
      } else if (marker == EOI) {
        out.write(bytes, at, 2);
        break;
      } else if (marker == 1 || (marker >= 0xD0 && marker < 0xD8)) {
        at += 2;
      } else {
        segment(marker, mostPixels);
      }
    }
    if (!sized || scans == 0) {
      throw ImageBounds.damaged("JPEG", bytes, "it ends before its pixels");
    }
    return out.toByteArray();
  }

  private void segment(int marker, long mostPixels) {
    int length = at + 3 < bytes.length ? number(at + 2) : 0;
    if (length < 2 || length > bytes.length - at - 2) {
      throw ImageBounds.damaged("JPEG", bytes, "a segment of " + length + " bytes at byte " + at);
    }
    if (marker >= SOF0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
      size(marker, length, mostPixels);
    }
    int end = at + 2 + length;
    if (marker == SOS) {
      if (!sized || ++scans > MOST_SCANS) {
        throw ImageBounds.damaged(
            "JPEG", bytes, sized ? "more than " + MOST_SCANS + " scans" : "a scan before the size");
      }
      end = endOfScan(end);
    }
    boolean jfif = length >= 16 && Arrays.equals(bytes, at + 4, at + 9, JFIF, 0, JFIF.length);
    if (marker == APP0 && jfif) {
      out.write(PLAIN_APP0, 0, PLAIN_APP0.length);
    } else if (marker == APP14 || !(marker == COMMENT || (marker >= APP0 && marker <= APP15))) {
      out.write(bytes, at, end - at);
    }
    at = end;
  }

  private void size(int marker, int length, long mostPixels) {
    if (marker > SOF2 || sized || length < 9) {
      throw ImageBounds.damaged("JPEG", bytes, "a header of an unknown kind, or a second one");
    }
    long height = number(at + 5);
    long width = number(at + 7);
    ImageBounds.requirePixels("JPEG", width, height, mostPixels);
    ImageBounds.requireRoom("JPEG", bytes, width, height, MOST_EXPANSION);
    sized = true;
  }

  /** The next marker that does not belong to the scan's data. */
  private int endOfScan(int begin) {
    int i = begin;
    while (i + 1 < bytes.length) {
      int next = bytes[i + 1] & 0xFF;
      if (bytes[i] == (byte) 0xFF && next != 0 && !(next >= 0xD0 && next < 0xD8)) {
        return i;
      }
      i++;
    }
    return bytes.length;
  }

  private int number(int index) {
    return (bytes[index] & 0xFF) << 8 | (bytes[index + 1] & 0xFF);
  }
}
