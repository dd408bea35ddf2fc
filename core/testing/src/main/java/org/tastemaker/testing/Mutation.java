package org.tastemaker.testing;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Damages a file as an attacker or a bad disk does: bits, bytes, lengths and numbers are changed,
 * parts are cut out, repeated or moved, and pieces that parsers fear are put in. What comes out is
 * a function of the seed alone, so that a seed in a message is enough to see a failure again.
 */
public final class Mutation {
  /** Pieces that parsers fear. */
  private static final List<String> PIECES =
      List.of(
          "2147483647",
          "-1",
          "0",
          "9223372036854775807",
          "18446744073709551615",
          "1e999",
          "1E-1000000000",
          "NaN",
          "null",
          "true",
          "\"\"",
          "[]",
          "{}",
          "[",
          "{",
          "]",
          "}",
          "\"",
          "\\u0000",
          "\\ud800",
          "\u202E",
          "\\",
          "/../",
          ",",
          ":",
          "\n",
          "\r\n",
          " ");

  private static final int[] BYTES = {0, 1, 0x7F, 0x80, 0xFF};

  private Mutation() {}

  /**
   * A damaged copy.
   *
   * @param file what to damage
   * @param seed of the damage
   * @return another array, mostly of similar length
   */
  public static byte[] of(byte[] file, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] bytes = file.clone();
    int changes = 1 + (random.nextInt(4) == 0 ? random.nextInt(8) : 0);
    for (int i = 0; i < changes; i++) {
      bytes = change(bytes, random);
    }
    return bytes;
  }

  private static byte[] change(byte[] bytes, SplittableRandom random) {
    if (bytes.length == 0) {
      return insert(bytes, 0, piece(random));
    }
    int at = random.nextInt(bytes.length);
    int length = Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 4 : 200));
    switch (random.nextInt(9)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) BYTES[random.nextInt(BYTES.length)];
      case 2 -> Arrays.fill(bytes, at, at + length, (byte) random.nextInt(256));
      case 3 -> {
        return Arrays.copyOf(bytes, at);
      }
      case 4 -> {
        return cut(bytes, at, length);
      }
      case 5 -> {
        return insert(
            bytes, random.nextInt(bytes.length), Arrays.copyOfRange(bytes, at, at + length));
      }
      case 6 -> {
        return insert(bytes, at, piece(random));
      }
      case 7 -> {
        return insert(cut(bytes, at, digits(bytes, at)), at, piece(random));
      }
      default -> {
        byte[] many = piece(random);
        int times = 1 + random.nextInt(random.nextInt(20) == 0 ? 50_000 : 50);
        byte[] run = new byte[many.length * times];
        for (int i = 0; i < run.length; i++) {
          run[i] = many[i % many.length];
        }
        return insert(bytes, at, run);
      }
    }
    return bytes;
  }

  private static byte[] piece(SplittableRandom random) {
    return PIECES.get(random.nextInt(PIECES.size())).getBytes(StandardCharsets.UTF_8);
  }

  /** How many digits stand from a place on, at least one byte. */
  private static int digits(byte[] bytes, int at) {
    int end = at;
    while (end < bytes.length && bytes[end] >= '0' && bytes[end] <= '9') {
      end++;
    }
    return Math.max(1, end - at);
  }

  private static byte[] cut(byte[] bytes, int at, int length) {
    byte[] rest = new byte[bytes.length - length];
    System.arraycopy(bytes, 0, rest, 0, at);
    System.arraycopy(bytes, at + length, rest, at, rest.length - at);
    return rest;
  }

  private static byte[] insert(byte[] bytes, int at, byte[] piece) {
    byte[] longer = new byte[bytes.length + piece.length];
    System.arraycopy(bytes, 0, longer, 0, at);
    System.arraycopy(piece, 0, longer, at, piece.length);
    System.arraycopy(bytes, at, longer, at + piece.length, bytes.length - at);
    return longer;
  }
}
