package org.tastemaker.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Objects;

/**
 * A file among the test resources, and what the reference libraries read from it; both written by
 * {@code scripts/image_fixtures.py}.
 *
 * @param name of the file
 * @param width in pixels
 * @param height in pixels
 * @param channels 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
 * @param maxval what stands for 1
 * @param samples rows from the top, channels last
 */
record ReferenceImage(
    String name, int width, int height, int channels, int maxval, List<Integer> samples) {
  static List<ReferenceImage> all() {
    return new String(bytes("expected.txt"), StandardCharsets.US_ASCII)
        .lines()
        .map(ReferenceImage::of)
        .toList();
  }

  static List<ReferenceImage> matching(String pattern) {
    List<ReferenceImage> found = all().stream().filter(e -> e.name.matches(pattern)).toList();
    if (found.isEmpty()) {
      throw new AssertionError("no reference images of " + pattern);
    }
    return found;
  }

  private static ReferenceImage of(String line) {
    String[] words = line.split(" ", -1);
    int maxval = Integer.parseInt(words[4]);
    byte[] bytes = Base64.getDecoder().decode(words[5]);
    int each = maxval > 255 ? 2 : 1;
    Integer[] samples = new Integer[bytes.length / each];
    for (int i = 0; i < samples.length; i++) {
      int high = bytes[i * each] & 0xFF;
      samples[i] = each == 1 ? high : high << 8 | (bytes[2 * i + 1] & 0xFF);
    }
    return new ReferenceImage(
        words[0],
        Integer.parseInt(words[1]),
        Integer.parseInt(words[2]),
        Integer.parseInt(words[3]),
        maxval,
        List.of(samples));
  }

  byte[] file() {
    return bytes(name);
  }

  static byte[] bytes(String name) {
    try (InputStream in = ReferenceImage.class.getResourceAsStream("/images/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The expected value, laid on white. */
  double value(int channel, int y, int x) {
    int at = (y * width + x) * channels;
    double alpha = channels % 2 == 0 ? samples.get(at + channels - 1) / (double) maxval : 1;
    return alpha * samples.get(at + (channels < 3 ? 0 : channel)) / maxval + 1 - alpha;
  }

  /** The largest difference of any value, of 255. */
  double distance(Image image) {
    if (image.width() != width || image.height() != height) {
      throw new AssertionError(name + ": expected " + width + " x " + height + ", was " + image);
    }
    double largest = 0;
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          largest = Math.max(largest, Math.abs(image.get(c, y, x) - value(c, y, x)));
        }
      }
    }
    return 255 * largest;
  }

  @Override
  public String toString() {
    return name;
  }
}
