package org.tastemaker.reward.learned;

import java.util.Collections;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.core.aggregate.PlackettLuce;
import org.tastemaker.core.aggregate.PlackettLuce.Tail;
import org.tastemaker.core.aggregate.ScoreLikelihood;

/**
 * The Plackett-Luce loss: minus the log-likelihood of a prompt's rankings (Xia et al., "Listwise
 * approach to learning to rank", ICML 2008: ListMLE; Xia, Liu and Li, "Statistical consistency of
 * top-k ranking", NIPS 2009: its top-k form).
 *
 * <pre>
 *   L = - sum over i = 1 ... min(k, K - 1) of  ( r_i - ln sum over j = i ... K of exp r_j )
 * </pre>
 *
 * <p>with the images numbered from best to worst. A tie is averaged over its orders (see {@link
 * PlackettLuce}); a comparison with a soft label is a choice between two; images that were not
 * judged are ignored. With two images it is {@link BradleyTerryLoss}.
 */
public final class PlackettLuceLoss implements RewardLoss {
  private final Tail tail;
  private final int depth;

  private PlackettLuceLoss(Tail tail, int depth) {
    this.tail = Objects.requireNonNull(tail, "tail == null");
    this.depth = depth;
  }

  /**
   * The likelihood of whole rankings.
   *
   * @param tail the meaning of a last tier with several images
   * @return the loss
   */
  public static PlackettLuceLoss full(Tail tail) {
    return new PlackettLuceLoss(tail, Integer.MAX_VALUE);
  }

  /**
   * The likelihood of the best k of each ranking.
   *
   * @param k at least 1
   * @param tail the meaning of a last tier with several images
   * @return the loss
   */
  public static PlackettLuceLoss topK(int k, Tail tail) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, but was " + k);
    }
    return new PlackettLuceLoss(tail, k);
  }

  @Override
  public Optional<Term> of(JudgedGroup group) {
    ScoreLikelihood likelihood = PlackettLuce.likelihood(group.ballots(), tail, depth);
    int size = group.size();
    boolean certain = likelihood.evaluate(new double[size], new double[size]) == 0;
    if (certain) {
      return Optional.empty(); // there was nothing to choose from
    }
    return Optional.of(
        new Term(
            Collections.nCopies(size, group.prompt()),
            group.images(),
            BradleyTerryLoss.negative(likelihood, 1)));
  }
}
