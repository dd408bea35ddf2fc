package org.tastemaker.examples.report;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/**
 * What the judge cost.
 *
 * @param usage calls and tokens of a paid service; {@link Usage#NONE} if none was asked
 * @param money the price for a person to read, such as {@code "0.0123 USD"}, or null where no price
 *     is known
 */
public record Cost(Usage usage, @Nullable String money) {
  /** Nothing was paid for. */
  public static final Cost NONE = new Cost(Usage.NONE, null);

  public Cost {
    Objects.requireNonNull(usage, "usage == null: use Usage.NONE");
  }
}
