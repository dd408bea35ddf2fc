package org.tastemaker.core.aggregate;

/**
 * The log-likelihood of judgements of some items as a function of the items' scores (log-worths).
 *
 * <p>A fit looks for the scores at which it is greatest; a network that computes the scores from
 * the items is trained on it. {@link BradleyTerry#likelihood} and {@link PlackettLuce#likelihood}
 * make them.
 */
public interface ScoreLikelihood {
  /**
   * The number of items.
   *
   * @return at least 1
   */
  int size();

  /**
   * The value and its derivatives.
   *
   * @param scores [items]
   * @param gradient [items]; receives the derivative by each score
   * @return at most 0
   */
  double evaluate(double[] scores, double[] gradient);
}
