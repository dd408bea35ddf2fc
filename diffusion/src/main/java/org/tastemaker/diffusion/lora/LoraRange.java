package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.tastemaker.diffusion.schedule.DenoisingRange;

/**
 * Where a LoRA is meant to be active, in the header of its file: two numbers for programs, named as
 * ComfyUI's nodes are, and a sentence in the field of Stability's model specification that programs
 * show their users. No program obeys a header by itself.
 */
final class LoraRange {
  static final String START = "tastemaker.start_percent";
  static final String END = "tastemaker.end_percent";
  static final String HINT = "modelspec.usage_hint";

  private static final int LONGEST = 40;

  private LoraRange() {}

  /** Nothing for a LoRA that is active everywhere. */
  static ImmutableMap<String, String> metadata(DenoisingRange range) {
    if (range.isAll()) {
      return ImmutableMap.of();
    }
    return ImmutableMap.of(
        START,
        String.valueOf(range.start()),
        END,
        String.valueOf(range.end()),
        HINT,
        String.format(
            Locale.ROOT,
            "Use it in a part of the denoising only: start_percent %s, end_percent %s (0 is pure noise, 1 the finished image).",
            range.start(),
            range.end()));
  }

  /**
   * What a header says.
   *
   * @throws IllegalArgumentException if it says something that is no range
   */
  static DenoisingRange of(Map<String, String> metadata, Path file) {
    double start = number(metadata, START, 0, file);
    double end = number(metadata, END, 1, file);
    try {
      return new DenoisingRange(start, end);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  private static double number(Map<String, String> metadata, String key, double none, Path file) {
    String text = metadata.get(key);
    if (text == null) {
      return none;
    }
    try {
      if (text.length() <= LONGEST) {
        return Double.parseDouble(text);
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "%s: \"%s\" must be a number from 0 to 1, but is \"%.40s\"",
            file,
            key,
            text));
  }
}
