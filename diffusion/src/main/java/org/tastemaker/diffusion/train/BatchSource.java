package org.tastemaker.diffusion.train;

/**
 * Where batches come from.
 *
 * <p>A batch is a function of its number alone, so a run that goes on from a checkpoint sees the
 * batches that it would have seen: nothing of the source is saved but how far the run had come.
 * {@link EpochOrder} says which examples a batch has.
 *
 * @param <B> the batches
 */
@FunctionalInterface
public interface BatchSource<B> {
  /**
   * One batch.
   *
   * @param number from 0; with gradient accumulation an update takes several
   * @return the same for the same number
   */
  B batch(long number);
}
