package org.tastemaker.core;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The segments of a JPEG, checked before it is decoded: the size in its header, the length of each
 * segment, the number of scans, and that there are enough data for the pixels that are promised.
 * Comments and thumbnails are left out. Of Exif only the orientation is taken, and a colour profile
 * is kept beside the pixels.
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
  private static final int APP1 = 0xE1;
  private static final int APP2 = 0xE2;
  private static final int APP14 = 0xEE;
  private static final int APP15 = 0xEF;
  private static final int COMMENT = 0xFE;
  private static final byte[] JFIF = ascii("JFIF\0");
  private static final byte[] EXIF = ascii("Exif\0\0");
  private static final byte[] PROFILE = ascii("ICC_PROFILE\0");
  private static final byte[] ADOBE = ascii("Adobe");

  /** Version 1.1, no density, no thumbnail: a decoder only looks whether it is there. */
  private static final byte[] PLAIN_APP0 = {
    (byte) 0xFF, (byte) 0xE0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
  };

  private final byte[] bytes;
  private final ByteArrayOutputStream out;
  private final ByteArrayOutputStream profile = new ByteArrayOutputStream();
  private int at = 2;
  private int scans;
  private boolean jfif;
  private boolean ended;

  int width;
  int height;
  boolean progressive;

  /** The names of its colours, as many as it has; empty until the size is known. */
  byte[] components = {};

  /** What Adobe's marker says of the colours; -1 if there is no such marker. */
  int adobe = -1;

  int orientation = Orientation.PLAIN;

  private JpegFile(byte[] bytes) {
    this.bytes = bytes;
    this.out = new ByteArrayOutputStream(bytes.length);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  static boolean is(byte[] bytes) {
    return bytes.length >= 3
        && bytes[0] == (byte) 0xFF
        && bytes[1] == (byte) 0xD8
        && bytes[2] == (byte) 0xFF;
  }

  /** The file's parts, when all is as it should be. */
  static JpegFile checked(byte[] bytes, long mostPixels) {
    JpegFile file = new JpegFile(bytes);
    file.segments(mostPixels);
    return file;
  }

  private void segments(long mostPixels) {
    out.write(bytes, 0, 2);
    while (!ended && at + 1 < bytes.length) {
      if (bytes[at] != (byte) 0xFF) {
        throw damaged("no marker at byte " + at);
      }
      int marker = bytes[at + 1] & 0xFF;
      if (marker == 0xFF) { // filling
        at++;
      } else if (marker == EOI) {
        ended = true;
      } else if (marker == 1 || (marker >= 0xD0 && marker < 0xD8)) {
        at += 2;
      } else {
        segment(marker, mostPixels);
      }
    }
    if (components.length == 0 || scans == 0) {
      throw damaged("it ends before its pixels");
    }
    if (!ended && progressive) {
      throw damaged("it is cut off: it ends without the marker of its end");
    }
    // Without the marker of the end there may be all pixels: the decoder says if some are missing.
    out.write(0xFF);
    out.write(EOI);
  }

  private void segment(int marker, long mostPixels) {
    int length = at + 3 < bytes.length ? number(at + 2) : 0;
    if (length < 2 || length > bytes.length - at - 2) {
      throw damaged("a segment of " + length + " bytes at byte " + at);
    }
    if (marker >= SOF0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
      size(marker, length, mostPixels);
    }
    int end = at + 2 + length;
    if (marker == SOS) {
      if (components.length == 0 || ++scans > MOST_SCANS) {
        throw damaged(
            components.length == 0
                ? "a scan before the size"
                : "more than " + MOST_SCANS + " scans");
      }
      end = endOfScan(end);
    }
    if (marker >= APP0 && marker <= APP15) {
      application(marker, length, end);
    } else if (marker != COMMENT) {
      out.write(bytes, at, end - at);
    }
    at = end;
  }

  private void application(int marker, int length, int end) {
    int content = at + 4;
    if (marker == APP0 && length >= 16 && begins(JFIF, content, end) && !jfif) {
      jfif = true;
      out.write(PLAIN_APP0, 0, PLAIN_APP0.length);
    } else if (marker == APP1 && begins(EXIF, content, end)) {
      int block = content + EXIF.length;
      orientation = Orientation.of(bytes, block, end - block);
    } else if (marker == APP2 && begins(PROFILE, content, end)) {
      int part = content + PROFILE.length + 2; // behind its number and how many there are
      if (part < end && profile.size() + end - part <= ColourProfile.MOST_BYTES) {
        profile.write(bytes, part, end - part);
      }
    } else if (marker == APP14 && length >= 14 && begins(ADOBE, content, end)) {
      adobe = bytes[content + 11] & 0xFF;
      out.write(bytes, at, end - at);
    }
  }

  private boolean begins(byte[] words, int from, int end) {
    return end - from >= words.length
        && Arrays.equals(bytes, from, from + words.length, words, 0, words.length);
  }

  private void size(int marker, int length, long mostPixels) {
    if (marker > SOF2) {
      throw damaged(
          "it is coded in a way that is not supported (arithmetic, lossless or hierarchical);"
              + " convert it to a baseline or progressive JPEG, or to PNG");
    }
    if (components.length > 0 || length < 8) {
      throw damaged("a header that is too short, or a second one");
    }
    if (bytes[at + 4] != 8) {
      throw damaged(
          "it has "
              + bytes[at + 4]
              + " bits per sample, but only 8 are supported; convert it to PNG");
    }
    height = number(at + 5);
    width = number(at + 7);
    int count = bytes[at + 9] & 0xFF;
    if ((count != 1 && count != 3 && count != 4) || length < 8 + 3 * count) {
      throw damaged(count + " components per pixel: expected 1, 3 or 4");
    }
    ImageBounds.requirePixels("JPEG", width, height, mostPixels);
    ImageBounds.requireRoom("JPEG", bytes, width, height, MOST_EXPANSION);
    progressive = marker == SOF2;
    components = new byte[count];
    for (int i = 0; i < count; i++) {
      components[i] = bytes[at + 10 + 3 * i];
    }
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

  /** The file without what does not decide its samples. */
  byte[] plain() {
    return out.toByteArray();
  }

  byte @Nullable [] profile() {
    return profile.size() == 0 ? null : profile.toByteArray();
  }

  /**
   * Whether the samples are luminance and two differences of colours, by libjpeg's rules: a JFIF
   * file's are, Adobe's marker says so or not, and without either the components' names tell.
   */
  boolean ycc() {
    if (components.length == 1) {
      return false;
    }
    if (components.length == 4) {
      return adobe == 2;
    }
    if (jfif) {
      return true;
    }
    if (adobe >= 0) {
      return adobe != 0;
    }
    return !Arrays.equals(components, ascii("RGB"));
  }

  IllegalArgumentException damaged(String why) {
    return ImageBounds.damaged("JPEG", bytes, why);
  }
}
