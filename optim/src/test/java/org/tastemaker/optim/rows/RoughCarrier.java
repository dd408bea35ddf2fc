package org.tastemaker.optim.rows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Carries rows as a cluster may on a bad day: in another order, some of them twice, and the results
 * late and in another order again.
 */
record RoughCarrier(RowWorker worker, long seed) implements RowCarrier {
  @Override
  public void carry(RowCargo cargo, Consumer<ResultRow> taker) {
    cargo.adapters().forEach(worker::take);
    Random random = new Random(seed);
    List<WorkRow> rows = new ArrayList<>(cargo.rows());
    rows.addAll(cargo.rows().subList(0, (cargo.rows().size() + 1) / 2));
    Collections.shuffle(rows, random);
    List<ResultRow> results = Collections.synchronizedList(new ArrayList<>());
    int at = 0;
    while (at < rows.size()) {
      int end = Math.min(rows.size(), at + 1 + random.nextInt(5));
      worker.run(rows.subList(at, end), 1, results::add);
      at = end;
    }
    Collections.shuffle(results, random);
    results.forEach(result -> taker.accept(RowFormat.readResult(RowFormat.write(result))));
  }
}
