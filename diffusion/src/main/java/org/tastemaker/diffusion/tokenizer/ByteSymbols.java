package org.tastemaker.diffusion.tokenizer;

import com.google.common.collect.ImmutableList;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The printable characters that stand for the 256 bytes in a byte-level vocabulary: a byte that is
 * a printable, visible Latin-1 character stands for itself, the others take the characters from
 * U+0100 on, in order. No symbol is white space, so merges can be written with spaces between
 * symbols.
 */
final class ByteSymbols {
  /** What the last symbol of a word ends with. */
  static final String END_OF_WORD = "</w>";

  /** The symbols in the order of a CLIP vocabulary: those that stand for themselves come first. */
  static final ImmutableList<String> IN_VOCABULARY_ORDER;

  private static final char[] SYMBOL = new char[256];
  private static final int[] BYTE = new int[256 + 68]; // 188 bytes stand for themselves

  static {
    ImmutableList.Builder<String> visible = ImmutableList.builder();
    ImmutableList.Builder<String> others = ImmutableList.builder();
    Arrays.fill(BYTE, -1);
    char next = 256;
    for (int b = 0; b < 256; b++) {
      boolean isVisible = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xFF && b != 0xAD);
      SYMBOL[b] = isVisible ? (char) b : next++;
      BYTE[SYMBOL[b]] = b;
      (isVisible ? visible : others).add(String.valueOf(SYMBOL[b]));
    }
    IN_VOCABULARY_ORDER = visible.addAll(others.build()).build();
  }

  private ByteSymbols() {}

  /** The symbols of a word: one per UTF-8 byte, the last one with {@link #END_OF_WORD}. */
  static String[] of(String word) {
    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
    String[] symbols = new String[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      symbols[i] = String.valueOf(SYMBOL[bytes[i] & 0xFF]);
    }
    if (symbols.length > 0) {
      symbols[symbols.length - 1] += END_OF_WORD;
    }
    return symbols;
  }

  /** The byte that a symbol stands for, or -1 for a character that is not a symbol. */
  static int toByte(char symbol) {
    return symbol < BYTE.length ? BYTE[symbol] : -1;
  }
}
