package org.tastemaker.core;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/** What a file is that is not an image of a kind that is read, by how it begins. */
final class ForeignFile {
  private static final String CONVERT = "; convert it to PNG or JPEG";
  private static final int LOOKED_AT = 256;

  /** Beginnings, each character a byte. */
  private static final Map<String, String> BEGINNINGS =
      Map.ofEntries(
          Map.entry("II*\0", "a TIFF image" + CONVERT),
          Map.entry("MM\0*", "a TIFF image" + CONVERT),
          Map.entry("II+\0", "a TIFF image" + CONVERT),
          Map.entry("\u00FF\n", "a JPEG XL image" + CONVERT),
          Map.entry("\0\0\0\fJXL ", "a JPEG XL image" + CONVERT),
          Map.entry("\0\0\0\fjP  ", "a JPEG 2000 image" + CONVERT),
          Map.entry("\u00FFO\u00FFQ", "a JPEG 2000 image" + CONVERT),
          Map.entry("8BPS", "a Photoshop file" + CONVERT),
          Map.entry("\0\0\1\0", "an icon (ICO)" + CONVERT),
          Map.entry("qoif", "a QOI image" + CONVERT),
          Map.entry("v/1\1", "an OpenEXR image" + CONVERT),
          Map.entry("%PDF", "a PDF document; export its page as PNG"),
          Map.entry("PK\3\4", "a ZIP archive; unpack it first"),
          Map.entry("\u001F\u008B", "a gzip archive; unpack it first"),
          Map.entry("7z\u00BC\u00AF", "a 7z archive; unpack it first"),
          Map.entry(
              "version https://git-lfs",
              "a pointer of Git LFS and not the image itself; fetch the images with 'git lfs"
                  + " pull'"));

  private static final String HTML =
      "an HTML page: the address gave a page, or an error, in the image's place; download the image"
          + " again";

  private ForeignFile() {}

  /** Whether bytes begin with a text, each of whose characters is a byte. */
  private static boolean begins(byte[] bytes, String text) {
    return new String(bytes, 0, Math.min(bytes.length, text.length()), StandardCharsets.ISO_8859_1)
        .equals(text);
  }

  /** The refusal of a file. */
  static IllegalArgumentException refusal(byte[] bytes) {
    return new IllegalArgumentException(
        "these "
            + bytes.length
            + " bytes are not a PNG, JPEG, GIF, BMP or WebP image"
            + (bytes.length == 0 ? ": the file is empty; copy or download it again" : what(bytes)));
  }

  private static String what(byte[] bytes) {
    for (Map.Entry<String, String> entry : BEGINNINGS.entrySet()) {
      if (begins(bytes, entry.getKey())) {
        return " but " + entry.getValue();
      }
    }
    String head =
        new String(bytes, 0, Math.min(bytes.length, LOOKED_AT), StandardCharsets.ISO_8859_1);
    if (head.startsWith("ftyp", 4)) {
      return " but " + media(head.substring(8, Math.min(12, head.length())));
    }
    if (head.chars().allMatch(c -> c == 0)) {
      return ": it begins with zeros, as a download or a copy does that was broken off; fetch it"
          + " again";
    }
    return text(head);
  }

  private static String media(String brand) {
    return switch (brand) {
      case "avif", "avis" -> "an AVIF image" + CONVERT;
      case "heic", "heix", "heim", "heis", "mif1", "msf1", "hevc" -> "a HEIC image" + CONVERT;
      default -> "a video (MP4 or one of its kin)";
    };
  }

  private static String text(String head) {
    String start = head.strip().toLowerCase(Locale.ROOT);
    if (start.startsWith("\u00EF\u00BB\u00BF")) { // a byte order mark
      start = start.substring(3).strip();
    }
    if (start.startsWith("<")) {
      if (start.startsWith("<!doctype html") || start.contains("<html")) {
        return " but " + HTML;
      }
      if (start.contains("<svg")) {
        return " but an SVG drawing; render it to PNG";
      }
      return " but XML or HTML; download the image again";
    }
    if (start.startsWith("{") || start.startsWith("[")) {
      return " but JSON: an answer or a description in the image's place; download the image again";
    }
    boolean readable = head.chars().allMatch(c -> c >= 0x20 || c == '\n' || c == '\r' || c == '\t');
    return readable && head.length() >= 8 ? " but a text" : "";
  }
}
