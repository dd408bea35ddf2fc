package org.tastemaker.feedback.annotate;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import org.tastemaker.core.files.BoundedFiles;

/**
 * Reads a text that a person has written, by whatever editor: UTF-8, or what a byte-order mark
 * says, or UTF-16 without a mark where it can be nothing else. Bytes of another encoding are not
 * guessed: a wrong guess would be a wrong prompt, for good.
 */
final class PromptText {
  private static final int MOST_BYTES = 1 << 20;
  private static final Charset UTF_32LE = Charset.forName("UTF-32LE");
  private static final Charset UTF_32BE = Charset.forName("UTF-32BE");
  private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");

  private PromptText() {}

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException if it is empty, or not a text of a known encoding
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  static String read(Path file) {
    String text = decode(BoundedFiles.read(file, MOST_BYTES)).strip();
    if (text.isEmpty()) {
      throw new IllegalArgumentException("it is empty: write the prompt into it");
    }
    return text;
  }

  /** The text of bytes, without a byte-order mark. */
  static String decode(byte[] bytes) {
    if (begins(bytes, 0xEF, 0xBB, 0xBF)) {
      return strictly(bytes, 3, StandardCharsets.UTF_8);
    } else if (begins(bytes, 0xFF, 0xFE, 0, 0)) { // also begins like UTF-16
      return strictly(bytes, 4, UTF_32LE);
    } else if (begins(bytes, 0, 0, 0xFE, 0xFF)) {
      return strictly(bytes, 4, UTF_32BE);
    } else if (begins(bytes, 0xFF, 0xFE)) {
      return strictly(bytes, 2, StandardCharsets.UTF_16LE);
    } else if (begins(bytes, 0xFE, 0xFF)) {
      return strictly(bytes, 2, StandardCharsets.UTF_16BE);
    } else if (hasZero(bytes, 0) || hasZero(bytes, 1)) {
      return unmarked(bytes);
    }
    return strictly(bytes, 0, StandardCharsets.UTF_8);
  }

  /** No text has zeros, but for Latin letters in UTF-16: then each second byte is one. */
  private static String unmarked(byte[] bytes) {
    if (bytes.length % 2 == 0 && allZero(bytes, 1) && !hasZero(bytes, 0)) {
      return strictly(bytes, 0, StandardCharsets.UTF_16LE);
    } else if (bytes.length % 2 == 0 && allZero(bytes, 0) && !hasZero(bytes, 1)) {
      return strictly(bytes, 0, StandardCharsets.UTF_16BE);
    }
    throw new IllegalArgumentException(
        "it is not a text but has bytes of zero; if it is UTF-16 without a mark, save it as UTF-8");
  }

  private static String strictly(byte[] bytes, int from, Charset charset) {
    ByteBuffer in = ByteBuffer.wrap(bytes, from, bytes.length - from);
    try {
      return charset.newDecoder().decode(in).toString();
    } catch (CharacterCodingException e) {
      int place = in.position();
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "it is not %s: byte 0x%02X at position %d; save it as UTF-8%s",
              charset.name(),
              place < bytes.length ? bytes[place] & 0xFF : 0,
              place,
              charset.equals(StandardCharsets.UTF_8)
                  ? " (if it is to read '"
                      + shortened(new String(bytes, WINDOWS_1252).strip())
                      + "', by: iconv -f WINDOWS-1252 -t UTF-8)"
                  : ""),
          e);
    }
  }

  private static String shortened(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  private static boolean begins(byte[] bytes, int... mark) {
    for (int i = 0; i < mark.length; i++) {
      if (bytes.length <= i || (bytes[i] & 0xFF) != mark[i]) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasZero(byte[] bytes, int from) {
    for (int i = from; i < bytes.length; i += 2) {
      if (bytes[i] == 0) {
        return true;
      }
    }
    return false;
  }

  private static boolean allZero(byte[] bytes, int from) {
    for (int i = from; i < bytes.length; i += 2) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
