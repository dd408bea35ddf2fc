package org.tastemaker.core;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The pixels of a PNG, by the specification (third edition): inflated and unfiltered row by row, in
 * each colour type and bit depth, in one pass or interlaced in seven. The samples are those in the
 * file, divided by the largest that its depth allows. (The JDK's decoder treats grey as linear
 * light.)
 */
final class PngPixels {
  /** The first column, the first row, and the steps to the next, of each pass of Adam7. */
  private static final int[][] ADAM7 = {
    {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
  };

  private static final int[][] ALL = {{0, 0, 1, 1}};

  private final PngFile file;
  private final Inflater inflater;
  private int next; // chunk of data; -1 if there are no more

  private PngPixels(PngFile file, Inflater inflater) {
    this.file = file;
    this.inflater = inflater;
    this.next = file.nextData(PngFile.FIRST);
  }

  static Canvas decode(PngFile file) {
    Layout layout = layout(file);
    Canvas canvas =
        new Canvas(
            file.width,
            file.height,
            file.orientation,
            ColourProfile.of(file.profile, layout.colours));
    Inflater inflater = new Inflater();
    try {
      new PngPixels(file, inflater).draw(canvas, layout);
    } finally {
      inflater.end();
    }
    return canvas;
  }

  private static Layout layout(PngFile file) {
    boolean alpha = file.colourType >= 4 || file.transparent != null;
    boolean grey = file.colourType == 0 || file.colourType == 4;
    if (grey) {
      return alpha ? Layout.GREY_ALPHA : Layout.GREY;
    }
    return alpha ? Layout.RGB_ALPHA : Layout.RGB;
  }

  private void draw(Canvas canvas, Layout layout) {
    int[] raw = new int[file.width * file.samples()];
    float[] samples = new float[file.width * layout.samples()];
    for (int[] pass : file.interlaced ? ADAM7 : ALL) {
      int count = (file.width - pass[0] + pass[2] - 1) / pass[2];
      if (count <= 0) {
        continue;
      }
      byte[] above = new byte[(count * file.samples() * file.depth + 7) / 8];
      byte[] row = new byte[above.length];
      byte[] filter = new byte[1];
      for (int y = pass[1]; y < file.height; y += pass[3]) {
        fill(filter, y);
        fill(row, y);
        unfilter(filter[0], row, above, Math.max(1, file.samples() * file.depth / 8));
        unpack(row, raw, count * file.samples());
        convert(raw, count, samples);
        canvas.draw(y, pass[0], pass[2], count, samples, layout);
        byte[] swapped = above;
        above = row;
        row = swapped;
      }
    }
  }

  /** The next inflated bytes, from as many chunks as it takes. */
  private void fill(byte[] target, int y) {
    int at = 0;
    try {
      while (at < target.length) {
        if (inflater.needsInput() && next >= 0) {
          inflater.setInput(file.bytes, next + 8, file.length(next));
          next = file.nextData(file.after(next));
        }
        int got = inflater.inflate(target, at, target.length - at);
        at += got;
        boolean more = inflater.needsInput() && next >= 0;
        if (got == 0 && !more) {
          throw file.damaged("its data end at row " + y + " of " + file.height);
        }
      }
    } catch (DataFormatException e) {
      throw file.damaged("its data at row " + y + " cannot be inflated: " + e.getMessage());
    }
  }

  private void unfilter(byte filter, byte[] row, byte[] above, int bpp) {
    for (int i = 0; i < row.length; i++) {
      int left = i < bpp ? 0 : row[i - bpp] & 0xFF;
      int up = above[i] & 0xFF;
      int corner = i < bpp ? 0 : above[i - bpp] & 0xFF;
      int guess =
          switch (filter) {
            case 0 -> 0;
            case 1 -> left;
            case 2 -> up;
            case 3 -> (left + up) / 2;
            case 4 -> paeth(left, up, corner);
            default -> throw file.damaged("an unknown filter, " + filter);
          };
      row[i] += (byte) guess;
    }
  }

  private static int paeth(int left, int up, int corner) {
    int guess = left + up - corner;
    int toLeft = Math.abs(guess - left);
    int toUp = Math.abs(guess - up);
    int toCorner = Math.abs(guess - corner);
    if (toLeft <= toUp && toLeft <= toCorner) {
      return left;
    }
    return toUp <= toCorner ? up : corner;
  }

  private void unpack(byte[] row, int[] raw, int count) {
    int depth = file.depth;
    for (int i = 0; i < count; i++) {
      raw[i] =
          switch (depth) {
            case 8 -> row[i] & 0xFF;
            case 16 -> (row[2 * i] & 0xFF) << 8 | (row[2 * i + 1] & 0xFF);
            default -> {
              int bit = i * depth;
              yield (row[bit >> 3] & 0xFF) >> (8 - depth - (bit & 7)) & ((1 << depth) - 1);
            }
          };
    }
  }

  private void convert(int[] raw, int count, float[] samples) {
    byte[] transparent = file.transparent;
    if (file.colourType == 3) {
      entries(raw, count, samples, transparent);
      return;
    }
    float most = (1 << file.depth) - 1;
    int each = file.samples();
    if (transparent == null || file.colourType >= 4) {
      for (int i = 0; i < count * each; i++) {
        samples[i] = raw[i] / most;
      }
      return;
    }
    int[] key = key(transparent, each);
    for (int i = 0; i < count; i++) {
      boolean same = true;
      for (int c = 0; c < each; c++) {
        int value = raw[i * each + c];
        same &= value == key[c];
        samples[i * (each + 1) + c] = value / most;
      }
      samples[i * (each + 1) + each] = same ? 0 : 1;
    }
  }

  /** The one colour that is transparent. */
  private int[] key(byte[] transparent, int each) {
    if (transparent.length < 2 * each) {
      throw file.damaged("a tRNS chunk of " + transparent.length + " bytes");
    }
    int[] key = new int[each];
    for (int c = 0; c < each; c++) {
      int value = (transparent[2 * c] & 0xFF) << 8 | (transparent[2 * c + 1] & 0xFF);
      key[c] = value & ((1 << file.depth) - 1);
    }
    return key;
  }

  private void entries(int[] raw, int count, float[] samples, byte @Nullable [] transparent) {
    byte[] palette = file.palette;
    int each = transparent == null ? 3 : 4;
    Arrays.fill(samples, 0, count * each, 1);
    for (int i = 0; i < count; i++) {
      int entry = raw[i];
      if (3 * entry + 3 > palette.length) {
        throw file.damaged("a pixel of colour " + entry + " of a palette of " + palette.length / 3);
      }
      for (int c = 0; c < 3; c++) {
        samples[i * each + c] = (palette[3 * entry + c] & 0xFF) / 255f;
      }
      if (transparent != null && entry < transparent.length) {
        samples[i * each + 3] = (transparent[entry] & 0xFF) / 255f;
      }
    }
  }
}
