package org.tastemaker.core;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BandedSampleModel;
import java.awt.image.ColorConvertOp;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From the colour space of a file's embedded ICC profile to sRGB, by the JDK's Little CMS. */
final class ColourProfile {
  /** Profiles of presses have up to some megabytes; those of screens and cameras some kilobytes. */
  static final int MOST_BYTES = 4 << 20;

  static final int HEADER = 128;
  private static final int SIGNATURE = 0x61637370;
  private static final int MOST = 65_535;

  /**
   * A profile that changes no colour by more than this is one of sRGB, written with its own
   * rounding: the samples are taken as they are. 2 of 255.
   */
  private static final float SAME = 2 / 255f;

  private static final int GRID = 6;
  private static final Logger LOG = LoggerFactory.getLogger(ColourProfile.class);

  private final int components;
  private final ColorConvertOp conversion;

  private ColourProfile(int components, ColorConvertOp conversion) {
    this.components = components;
    this.conversion = conversion;
  }

  /** Whether the first bytes are those of a profile of at most {@link #MOST_BYTES}. */
  static boolean begins(byte[] bytes) {
    return bytes.length >= HEADER
        && ByteBuffer.wrap(bytes).getInt(36) == SIGNATURE
        && size(bytes) >= HEADER
        && size(bytes) <= MOST_BYTES;
  }

  /** How long the profile is that begins like this. */
  static int size(byte[] bytes) {
    return ByteBuffer.wrap(bytes).getInt(0);
  }

  /**
   * The conversion of a file's samples.
   *
   * @param bytes an embedded profile; null if the file has none
   * @param components how many colours a pixel has
   * @return null if there is nothing to convert: no profile, one of sRGB, or one that cannot be
   *     used, which is logged
   */
  static @Nullable ColourProfile of(byte @Nullable [] bytes, int components) {
    if (bytes == null) {
      return null;
    }
    if (!begins(bytes) || size(bytes) > bytes.length) {
      LOG.info("ignored a damaged colour profile of {} bytes: taken as sRGB", bytes.length);
      return null;
    }
    try {
      ICC_Profile source = ICC_Profile.getInstance(bytes);
      if (source.getNumComponents() != components
          || source.getColorSpaceType() != type(components)) {
        LOG.info(
            "ignored a colour profile for {} components in an image of {}: taken as sRGB",
            source.getNumComponents(),
            components);
        return null;
      }
      ICC_Profile srgb = ICC_Profile.getInstance(ColorSpace.CS_sRGB);
      ColourProfile profile =
          new ColourProfile(components, new ColorConvertOp(new ICC_Profile[] {source, srgb}, null));
      return profile.isSrgb() ? null : profile;
    } catch (RuntimeException e) { // the JDK has several for profiles that it cannot use
      LOG.info("ignored a colour profile that cannot be used ({}): taken as sRGB", e.toString());
      return null;
    }
  }

  private static int type(int components) {
    return switch (components) {
      case 1 -> ColorSpace.TYPE_GRAY;
      case 3 -> ColorSpace.TYPE_RGB;
      default -> ColorSpace.TYPE_CMYK;
    };
  }

  /** Tries a grid of colours; fails if the profile cannot be used. */
  private boolean isSrgb() {
    int count = components == 1 ? GRID : GRID * GRID * GRID;
    float[] colours = new float[count * components];
    for (int i = 0; i < count; i++) {
      for (int c = 0, rest = i; c < components; c++, rest /= GRID) {
        colours[i * components + c] = rest % GRID / (GRID - 1f);
      }
    }
    float[] rgb = new float[3 * count];
    toSrgb(colours, count, rgb);
    for (int i = 0; i < 3 * count && components != 4; i++) {
      float before = components == 1 ? colours[i / 3] : colours[i];
      if (Math.abs(rgb[i] - before) > SAME) {
        return false;
      }
    }
    return components != 4;
  }

  /**
   * Converts pixels.
   *
   * @param colours [count, components], each in [0, 1]
   * @param count how many pixels
   * @param rgb receives [count, 3]
   */
  void toSrgb(float[] colours, int count, float[] rgb) {
    WritableRaster source = raster(count, components);
    for (int c = 0; c < components; c++) {
      int[] band = new int[count];
      for (int i = 0; i < count; i++) {
        band[i] = Math.round(colours[i * components + c] * MOST);
      }
      source.setSamples(0, 0, count, 1, c, band);
    }
    WritableRaster target = raster(count, 3);
    conversion.filter(source, target);
    for (int c = 0; c < 3; c++) {
      int[] band = target.getSamples(0, 0, count, 1, c, (int[]) null);
      for (int i = 0; i < count; i++) {
        rgb[3 * i + c] = band[i] / (float) MOST;
      }
    }
  }

  private static WritableRaster raster(int count, int bands) {
    return Raster.createWritableRaster(
        new BandedSampleModel(DataBuffer.TYPE_USHORT, count, 1, bands), null);
  }
}
