package org.tastemaker.optim.rows;

import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RowCarrier} carries at once.
 *
 * @param rows to be done, each once
 * @param adapters that the rows name
 * @param mayRepeat asked before a row is given to another worker because its first was lost: false
 *     where it might have been paid for and there is no money to ask again. Thread-safe
 * @param progress is told what goes out and comes back, or null
 */
public record RowCargo(
    List<WorkRow> rows,
    List<RowAdapter> adapters,
    Predicate<WorkRow> mayRepeat,
    @Nullable RowProgress progress) {
  public RowCargo {
    rows = List.copyOf(rows);
    adapters = List.copyOf(adapters);
    Objects.requireNonNull(mayRepeat, "mayRepeat == null");
  }

  /**
   * A cargo about which nobody is told.
   *
   * @param rows to be done, each once
   * @param adapters that the rows name
   * @param mayRepeat asked before a row is given to another worker
   */
  public RowCargo(List<WorkRow> rows, List<RowAdapter> adapters, Predicate<WorkRow> mayRepeat) {
    this(rows, adapters, mayRepeat, null);
  }
}
