package org.tastemaker.feedback.openai;

import java.util.List;

/**
 * Estimates the tokens of an image, for rate limits and budget. Real usage is in each answer; for
 * some models, measurements disagree with the published formulas.
 *
 * <p>Two families. <b>Tiles</b>: low detail is a base; high detail fits the image into 2048 x 2048,
 * scales its shorter side down to 768, and adds a number for each tile of 512 x 512.
 * <b>Patches</b>: one for each 32 x 32, at most 1536 (the image is scaled down to fit), times a
 * factor.
 */
sealed interface ImageTokens {
  /** Tokens of one image of so many pixels, at least 1 each. */
  long count(int width, int height, ImageForm.Detail detail);

  /** The formula for a model; for an unknown one the larger of two common ones. */
  static ImageTokens forModel(String model) {
    for (Known known : Known.BY_PREFIX) {
      if (model.startsWith(known.prefix)) {
        return known.formula;
      }
    }
    return new Larger(new Tiles(85, 170), new Patches(1.62));
  }

  /** By tiles. */
  record Tiles(int base, int perTile) implements ImageTokens {
    @Override
    public long count(int width, int height, ImageForm.Detail detail) {
      if (detail == ImageForm.Detail.LOW) {
        return base;
      }
      double fit = Math.min(1, 2048.0 / Math.max(width, height));
      double shorter = Math.min(width, height) * fit;
      double scale = fit * Math.min(1, 768 / shorter);
      long tiles = tiles(width * scale) * tiles(height * scale);
      return base + tiles * perTile;
    }

    /** A side that is a whole number of tiles up to rounding is not one more. */
    private static long tiles(double side) {
      return Math.max(1, (long) Math.ceil(side / 512 - 1e-9));
    }
  }

  /** By patches. The detail makes no difference. */
  record Patches(double factor) implements ImageTokens {
    private static final int SIDE = 32;
    private static final int MOST = 1536;

    @Override
    public long count(int width, int height, ImageForm.Detail detail) {
      long patches = ceilPatches(width) * ceilPatches(height);
      if (patches > MOST) {
        double r = Math.sqrt((double) SIDE * SIDE * MOST / ((double) width * height));
        double w = width * r / SIDE;
        double h = height * r / SIDE;
        r *= Math.min(Math.floor(w) / w, Math.floor(h) / h);
        patches = ceilPatches(width * r) * ceilPatches(height * r);
      }
      return (long) Math.ceil(patches * factor);
    }

    private static long ceilPatches(double side) {
      return Math.max(1, (long) Math.ceil(side / SIDE - 1e-9));
    }
  }

  /** The larger of two. */
  record Larger(ImageTokens one, ImageTokens other) implements ImageTokens {
    @Override
    public long count(int width, int height, ImageForm.Detail detail) {
      return Math.max(one.count(width, height, detail), other.count(width, height, detail));
    }
  }

  /** A family of models and its formula; longer prefixes first. */
  record Known(String prefix, ImageTokens formula) {
    private static final List<Known> BY_PREFIX =
        List.of(
            new Known("gpt-4o-mini", new Tiles(2833, 5667)),
            new Known("gpt-4o", new Tiles(85, 170)),
            new Known("gpt-4.1-mini", new Patches(1.62)),
            new Known("gpt-4.1-nano", new Patches(2.46)),
            new Known("gpt-4.1", new Larger(new Tiles(85, 170), new Patches(1))),
            new Known("gpt-4-turbo", new Tiles(85, 170)),
            new Known("gpt-5-mini", new Patches(1.62)),
            new Known("gpt-5-nano", new Patches(2.46)),
            new Known("o4-mini", new Patches(1.72)),
            new Known("o1", new Tiles(75, 150)),
            new Known("o3", new Tiles(75, 150)));
  }
}
