package org.tastemaker.optim.rows;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;

/**
 * Asks a judge from other machines: a {@link FeedbackOracle} like any other. A group that could not
 * be judged has a missing judgement with the reason. Not thread-safe.
 */
public final class RowOracle implements FeedbackOracle {
  private final RowDriver driver;
  private final String judge;
  private long calls;

  private RowOracle(RowDriver driver, String judge) {
    this.driver = driver;
    this.judge = judge;
  }

  /**
   * A judge.
   *
   * @param driver has the rows done, and keeps answers and money
   * @param factory the one that the workers have; only its settings are read
   * @return the judge
   */
  public static RowOracle of(RowDriver driver, OracleFactory factory) {
    return new RowOracle(Objects.requireNonNull(driver, "driver == null"), factory.hash());
  }

  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    List<WorkRow> rows = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      rows.add(new WorkRow.Judge(new WorkRow.Label("", calls, i), groups.get(i), rubric, judge));
    }
    calls++;
    List<ResultRow> results = driver.run(rows, List.of());
    List<Judgement> judgements = new ArrayList<>();
    for (ResultRow result : results) {
      judgements.add(
          result
              .judgement()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "worker "
                              + result.delivery().worker()
                              + " gave no judgement for row "
                              + result.row())));
    }
    return judgements;
  }
}
