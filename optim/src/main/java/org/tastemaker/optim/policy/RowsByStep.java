package org.tastemaker.optim.policy;

import java.nio.FloatBuffer;
import java.util.Comparator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepKernel;

/**
 * Sorts rows of different steps for a kernel that takes images of one step: in the copies the rows
 * of a step lie together, so that there is one call per step and not one per row. What the kernel
 * reads and writes is small beside the U-Net's pass, and copied once.
 *
 * <p>A kernel's result for an image does not depend on the others of its call, nor does a row's on
 * the rows beside it.
 */
final class RowsByStep {
  /** Takes a run of rows of one step, in the order of the copies. */
  private interface Call {
    void on(StepCoefficients c, int start, int end);
  }

  private final StepKernel kernel;
  private final IntFunction<StepCoefficients> coefficients; // by step
  private final Reduction reduction;
  private final double guidance;
  private final int capacity; // B
  private final int size; // C h w
  private final FloatBuffer conditional; // c, or the only output, [B, C, h, w]
  private final FloatBuffer unconditional; // u, [B, C, h, w]
  private final FloatBuffer sample; // x_t, [B, C, h, w]
  private final FloatBuffer previous; // x_{t-1}, [B, C, h, w]
  private final FloatBuffer byConditional; // gradient, [B, C, h, w]
  private final FloatBuffer byUnconditional; // [B, C, h, w]
  private int[] steps = {};
  private int[] order = {}; // copy k is row order[k]

  RowsByStep(
      StepKernel kernel,
      IntFunction<StepCoefficients> coefficients,
      SamplingOptions options,
      int capacity,
      int size) {
    this.kernel = kernel;
    this.coefficients = coefficients;
    this.reduction = options.reduction();
    this.guidance = options.guidanceScale();
    this.capacity = capacity;
    this.size = size;
    int halves = guided() ? capacity * size : 0;
    this.conditional = FloatBuffer.allocate(capacity * size);
    this.unconditional = FloatBuffer.allocate(halves);
    this.sample = FloatBuffer.allocate(capacity * size);
    this.previous = FloatBuffer.allocate(capacity * size);
    this.byConditional = FloatBuffer.allocate(capacity * size);
    this.byUnconditional = FloatBuffer.allocate(halves);
  }

  private boolean guided() {
    return guidance != 1;
  }

  /**
   * Copies rows.
   *
   * @param rowSteps each row's step
   * @param answer the U-Net's output: c, or u and then c, each [B, C, h, w]
   * @param x x_t by row, and
   * @param next x_{t-1} by row, each [C, h, w]
   */
  void set(
      int[] rowSteps,
      FloatBuffer answer,
      IntFunction<FloatBuffer> x,
      IntFunction<FloatBuffer> next) {
    steps = rowSteps;
    order =
        IntStream.range(0, rowSteps.length)
            .boxed()
            .sorted(Comparator.comparingInt(row -> rowSteps[row]))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int k = 0; k < order.length; k++) {
      int row = order[k];
      if (guided()) {
        unconditional.put(k * size, answer, row * size, size);
        conditional.put(k * size, answer, (capacity + row) * size, size);
      } else {
        conditional.put(k * size, answer, row * size, size);
      }
      FloatBuffer from = x.apply(row);
      sample.put(k * size, from, from.position(), size);
      FloatBuffer to = next.apply(row);
      previous.put(k * size, to, to.position(), size);
    }
  }

  /** The log-probability of each row's step, [rows]. */
  double[] logProbabilities() {
    double[] all = new double[order.length];
    forEachStep(
        (c, start, end) -> {
          double[] some = new double[end - start];
          kernel.logProbability(
              c,
              reduction,
              output(start, end),
              part(sample, start, end),
              part(previous, start, end),
              some);
          for (int k = start; k < end; k++) {
            all[order[k]] = some[k - start];
          }
        });
    return all;
  }

  /**
   * The gradient of {@code sum_n weights[n] log p_n} by the U-Net's output.
   *
   * @param weights by row
   * @param cotangents receives it, laid out as the answer; rows that are not used are left alone
   */
  void gradient(double[] weights, FloatBuffer cotangents) {
    forEachStep(
        (c, start, end) -> {
          double[] some = new double[end - start];
          for (int k = start; k < end; k++) {
            some[k - start] = weights[order[k]];
          }
          kernel.logProbabilityGradient(
              c,
              reduction,
              output(start, end),
              part(sample, start, end),
              part(previous, start, end),
              some,
              part(byConditional, start, end),
              guided() ? part(byUnconditional, start, end) : null);
        });
    for (int k = 0; k < order.length; k++) {
      int row = order[k];
      if (guided()) {
        cotangents.put(row * size, byUnconditional, k * size, size);
        cotangents.put((capacity + row) * size, byConditional, k * size, size);
      } else {
        cotangents.put(row * size, byConditional, k * size, size);
      }
    }
  }

  private void forEachStep(Call call) {
    int start = 0;
    while (start < order.length) {
      int step = steps[order[start]];
      int end = start + 1;
      while (end < order.length && steps[order[end]] == step) {
        end++;
      }
      call.on(coefficients.apply(step), start, end);
      start = end;
    }
  }

  private ModelOutput output(int start, int end) {
    FloatBuffer u = guided() ? part(unconditional, start, end) : null;
    return new ModelOutput(part(conditional, start, end), u, guidance);
  }

  private FloatBuffer part(FloatBuffer rows, int start, int end) {
    return rows.slice(start * size, (end - start) * size);
  }
}
