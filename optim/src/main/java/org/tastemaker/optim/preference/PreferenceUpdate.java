package org.tastemaker.optim.preference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * The updates of one step: takes the loss of each row, and makes each update unless the guard
 * leaves it out.
 */
final class PreferenceUpdate {
  private static final Logger LOG = LoggerFactory.getLogger(PreferenceUpdate.class);

  private final DiffusionPolicy policy;
  private final SpikeGuard guard;
  private final long step;
  private final UpdateDiagnostics diagnostics;
  private final List<Row> rows = new ArrayList<>();
  private int made;
  private int skipped;
  private String latestReason = "";

  private record Row(int image, double loss, double inside, Map<String, Double> others) {}

  PreferenceUpdate(DiffusionPolicy policy, SpikeGuard guard, long step) {
    this.policy = policy;
    this.guard = guard;
    this.step = step;
    this.diagnostics = new UpdateDiagnostics(step, policy);
  }

  /**
   * Notes a pair, or an image.
   *
   * @param image of the row
   * @param loss of it
   * @param inside the argument of its sigmoid: above 0 where the policy agrees
   * @param others whose means are reported
   */
  void row(int image, double loss, double inside, Map<String, Double> others) {
    rows.add(new Row(image, loss, inside, others));
  }

  /** Does the update with the gradient that was added, or leaves it out and discards it. */
  void finish() {
    double n = rows.size();
    double loss = rows.stream().mapToDouble(Row::loss).sum() / n;
    double inside = rows.stream().mapToDouble(row -> Math.abs(row.inside())).sum() / n;
    boolean finite = Double.isFinite(loss) && Double.isFinite(inside);
    Optional<String> spike =
        finite ? guard.examine("step " + step, loss, inside) : Optional.empty();
    if (spike.isPresent()) {
      LOG.warn("step {}: an update is left out: {}", step, spike.get());
      latestReason = spike.get();
      skipped++;
      policy.begin();
    } else {
      for (Row row : rows) { // which throws where a number is not finite
        diagnostics.loss(row.image(), row.loss());
        diagnostics.mean("insideTerm", row.image(), row.inside());
        diagnostics.mean("implicitAccuracy", row.image(), row.inside() > 0 ? 1 : 0);
        row.others().forEach((name, value) -> diagnostics.mean(name, row.image(), value));
      }
      diagnostics.updated(policy.update());
      made++;
    }
    rows.clear();
  }

  /** Of the updates that were made. */
  UpdateDiagnostics diagnostics() {
    return diagnostics;
  }

  /** What was measured, with the number of updates that were left out. */
  Map<String, Double> metrics() {
    Map<String, Double> metrics = new TreeMap<>(diagnostics.metrics());
    metrics.put("skippedUpdates", (double) skipped);
    return metrics;
  }

  /** Why the model is as it was, if no update was made. */
  Optional<String> reasonToSkip() {
    return made > 0
        ? Optional.empty()
        : Optional.of("every update was left out as a spike: " + latestReason);
  }
}
