package org.tastemaker.diffusion.engine.graph;

/**
 * One update by Adam with decoupled weight decay, in numbers: Loshchilov and Hutter, "Decoupled
 * Weight Decay Regularization" (2019), algorithm 2, in PyTorch's form.
 *
 * <pre>
 *   g = clip g                                  rounded to float
 *   m = b1 m + (1 - b1) g
 *   v = b2 v + (1 - b2) g^2
 *   p = p (1 - lr wd) - lr (m / c1) / (sqrt(v / c2) + eps)
 * </pre>
 *
 * <p>Gradients, moments and parameters are float32, the arithmetic between them is double, and a
 * parameter whose m is 0 only decays.
 *
 * @param clip by which the gradient is scaled, in (0, 1]; at 1 it is not rounded
 * @param rate lr, the learning rate, at least 0
 * @param beta1 b1, in [0, 1)
 * @param beta2 b2, in [0, 1)
 * @param epsilon eps, at least 0
 * @param weightDecay wd, at least 0
 * @param correction1 {@code c1 = 1 - b1^t} of the update t, from 1
 * @param correction2 {@code c2 = 1 - b2^t}
 */
public record AdamStep(
    double clip,
    double rate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    double correction1,
    double correction2) {}
