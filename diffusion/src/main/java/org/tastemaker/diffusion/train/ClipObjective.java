package org.tastemaker.diffusion.train;

/**
 * What a {@link ClipTrainer} minimizes: a function of the logits of a batch's images and texts,
 * with its gradient in closed form, outside of any graph.
 *
 * <pre>
 *   l_mn = exp(s) cos(I_m, T_n)        M images, N texts
 * </pre>
 */
public interface ClipObjective {
  /**
   * Checks that a batch has what is compared.
   *
   * @param images M
   * @param texts N
   * @throws IllegalArgumentException if it has not
   */
  void check(int images, int texts);

  /**
   * Computes the loss and its gradient.
   *
   * @param logits l, [M][N]
   * @param gradient dL/dl, [M][N], all 0; receives it
   * @return L
   */
  double evaluate(double[][] logits, double[][] gradient);
}
