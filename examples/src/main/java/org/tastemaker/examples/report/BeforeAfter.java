package org.tastemaker.examples.report;

import java.util.Objects;
import org.tastemaker.core.Image;

/**
 * What one prompt and one seed gave, before and after.
 *
 * @param prompt the prompt's text
 * @param seed the {@link org.tastemaker.core.Seed#key} from which both images can be made again
 * @param before the image before
 * @param after the image after
 * @param labelBefore what a judge sees in it; may be empty
 * @param labelAfter what a judge sees in it; may be empty
 */
public record BeforeAfter(
    String prompt, long seed, Image before, Image after, String labelBefore, String labelAfter) {
  public BeforeAfter {
    Objects.requireNonNull(prompt, "prompt == null");
    Objects.requireNonNull(before, "before == null");
    Objects.requireNonNull(after, "after == null");
    Objects.requireNonNull(labelBefore, "labelBefore == null: use \"\" for none");
    Objects.requireNonNull(labelAfter, "labelAfter == null: use \"\" for none");
  }
}
