package org.tastemaker.diffusion.train;

/**
 * Where batches come from.
 *
 * <p>A batch is a function of its number alone, so a resumed run sees the batches that it would
 * have seen: of the source, a checkpoint holds nothing but the number of steps done. {@link
 * EpochOrder} says which examples a batch has.
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
