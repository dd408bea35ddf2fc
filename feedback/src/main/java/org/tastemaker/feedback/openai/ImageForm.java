package org.tastemaker.feedback.openai;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;

/**
 * How images are encoded for a judge.
 *
 * @param type of file
 * @param quality of a JPEG, in [0, 1]; ignored for PNG
 * @param side pixels of the longer side after scaling; 0 leaves images unscaled
 * @param detail how closely the service looks; determines the cost of an image
 */
@RecordBuilder
public record ImageForm(Type type, double quality, int side, Detail detail)
    implements ImageFormBuilder.With {
  /** PNG, 512 pixels, looked at closely. */
  public static final ImageForm DEFAULT = new ImageForm(Type.PNG, 1, 512, Detail.HIGH);

  public ImageForm {
    Objects.requireNonNull(type, "type == null");
    Objects.requireNonNull(detail, "detail == null");
    if (!(quality >= 0 && quality <= 1)) {
      throw new IllegalArgumentException("a JPEG's quality must be in [0, 1], but was " + quality);
    }
    if (side != 0 && (side < 16 || side > 4096)) {
      throw new IllegalArgumentException(
          "the longer side of an image must be 16 to 4096 pixels, or 0 for its own size, but was "
              + side);
    }
  }

  /** A type of file. */
  public enum Type {
    /** Without loss. */
    PNG,
    /** With loss, and several times smaller for photographs. */
    JPEG
  }

  /** How closely the service looks. */
  public enum Detail {
    /** The service decides. */
    AUTO,
    /** Once, at 512 pixels: cheap. */
    LOW,
    /** In tiles or patches, up to some 2000 pixels. */
    HIGH;

    String wireName() {
      return switch (this) {
        case AUTO -> "auto";
        case LOW -> "low";
        case HIGH -> "high";
      };
    }
  }

  /**
   * A JPEG of the same size and detail.
   *
   * @param quality in [0, 1]; 0.9 is hard to tell from the original
   * @return another form
   */
  public ImageForm asJpeg(double quality) {
    return withType(Type.JPEG).withQuality(quality);
  }
}
