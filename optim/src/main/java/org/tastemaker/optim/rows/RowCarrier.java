package org.tastemaker.optim.rows;

import java.util.function.Consumer;

/**
 * Carries rows to workers and their results back: threads of this process, other processes over
 * HTTP, or a cluster. It knows nothing of what is in a row.
 */
@FunctionalInterface
public interface RowCarrier {
  /**
   * Has rows done.
   *
   * @param cargo the rows, and what they need
   * @param taker receives results, from any thread, in any order, and each at least once, as soon
   *     as it has come. A row that must not be repeated may stay without one
   * @throws RuntimeException if rows could not be done; results that have come count
   */
  void carry(RowCargo cargo, Consumer<ResultRow> taker);
}
