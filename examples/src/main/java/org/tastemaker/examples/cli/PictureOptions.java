package org.tastemaker.examples.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.SamplingOptions;
import picocli.CommandLine.Option;

/** The options that say how images are sampled. */
final class PictureOptions {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,5})x(\\d{1,5})");

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Denoising steps (default: 20 of the bundled model, otherwise 50).")
  private @Nullable Integer steps;

  @Option(
      names = "--guidance",
      paramLabel = "X",
      description = "Guidance scale, 1 for none (default: 4 of the bundled model, otherwise 7.5).")
  private @Nullable Double guidance;

  @Option(
      names = "--size",
      paramLabel = "WxH",
      description = "Width and height in pixels, such as 512x768 (default: the model's).")
  private @Nullable String size;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Images that are sampled together (default: 16 of the bundled model, or 4).")
  private @Nullable Integer batch;

  /** Made by picocli. */
  PictureOptions() {}

  /** Whether anything was given. */
  boolean isGiven() {
    return steps != null || guidance != null || size != null || batch != null;
  }

  /**
   * What was given, in place of defaults.
   *
   * @throws IllegalArgumentException if a number is out of its range
   */
  SamplingOptions in(SamplingOptions defaults) {
    SamplingOptions options = defaults;
    if (steps != null) {
      options = options.withSteps(steps);
    }
    if (guidance != null) {
      options = options.withGuidanceScale(guidance);
    }
    if (batch != null) {
      options = options.withBatchSize(batch);
    }
    if (size != null) {
      Matcher found = SIZE.matcher(size.toLowerCase(Locale.ROOT));
      if (!found.matches()) {
        throw new IllegalArgumentException(
            "--size is WIDTHxHEIGHT in pixels, such as 512x768, but was '" + size + "'");
      }
      options =
          options
              .withWidth(Integer.parseInt(found.group(1)))
              .withHeight(Integer.parseInt(found.group(2)));
    }
    return options;
  }
}
