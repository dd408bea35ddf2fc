package org.tastemaker.diffusion.train;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.tastemaker.diffusion.engine.graph.AdamStep;

/**
 * Adam with decoupled weight decay: Loshchilov and Hutter, "Decoupled Weight Decay Regularization"
 * (2019), algorithm 2, in PyTorch's form, where the decay is scaled by the learning rate.
 *
 * <pre>
 *   p = p (1 - lr wd)
 *   m = b1 m + (1 - b1) g
 *   v = b2 v + (1 - b2) g^2
 *   p = p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>updates</td><td>t</td></tr>
 * <tr><td>firstMoment, secondMoment</td><td>m, v</td></tr>
 * <tr><td>beta1, beta2, epsilon, weightDecay</td><td>b1, b2, eps, wd</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The moments are single precision, like the parameters; the arithmetic is double. An update
 * allocates nothing. Not thread-safe.
 */
public final class AdamW {

  /**
   * Hyper-parameters.
   *
   * @param beta1 decay of the mean gradient, in [0, 1)
   * @param beta2 decay of the mean squared gradient, in [0, 1)
   * @param epsilon added to the root of the mean squared gradient, at least 0
   * @param weightDecay share of a parameter that is subtracted, per unit of learning rate; at least
   *     0
   */
  @RecordBuilder
  public record Options(double beta1, double beta2, double epsilon, double weightDecay)
      implements AdamWOptionsBuilder.With {
    /** Checks every field. */
    public Options {
      requireIn(beta1 >= 0 && beta1 < 1, "beta1", "in [0, 1)", beta1);
      requireIn(beta2 >= 0 && beta2 < 1, "beta2", "in [0, 1)", beta2);
      requireIn(epsilon >= 0 && epsilon < 1, "epsilon", "in [0, 1)", epsilon);
      requireIn(
          weightDecay >= 0 && Double.isFinite(weightDecay),
          "weightDecay",
          "at least 0 and finite",
          weightDecay);
    }

    /**
     * What ddpo-pytorch trains with.
     *
     * @return betas 0.9 and 0.999, epsilon 1e-8, weight decay 1e-4
     */
    public static Options defaults() {
      return new Options(0.9, 0.999, 1e-8, 1e-4);
    }

    private static void requireIn(boolean in, String name, String range, double value) {
      if (!in) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "%s must be %s, but was %s", name, range, value));
      }
    }
  }

  private final Options options;
  private final List<FloatBuffer> firstMoments;
  private final List<FloatBuffer> secondMoments;
  private long updates;

  /**
   * An optimizer that has not done an update yet.
   *
   * @param options hyper-parameters
   * @param sizes how many elements each parameter has, in the order of the updates
   */
  public AdamW(Options options, int... sizes) {
    this.options = Objects.requireNonNull(options, "options == null");
    this.firstMoments = zeros(sizes);
    this.secondMoments = zeros(sizes);
  }

  private static List<FloatBuffer> zeros(int[] sizes) {
    return Arrays.stream(sizes).mapToObj(FloatBuffer::allocate).toList();
  }

  /**
   * Do one update, in place.
   *
   * @param rate the learning rate, at least 0
   * @param parameters read and written, sized as at construction
   * @param gradients one for each parameter, of its size
   * @throws IllegalArgumentException if a number or a size of buffers does not match, or the rate
   *     is negative or not finite; nothing has changed then
   */
  public void update(double rate, List<FloatBuffer> parameters, List<FloatBuffer> gradients) {
    if (!(rate >= 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException("rate must be at least 0 and finite, but was " + rate);
    }
    Buffers.requireSizes("parameters", firstMoments, parameters);
    Buffers.requireSizes("gradients", firstMoments, gradients);
    AdamStep step = next(1, rate);
    for (int i = 0; i < firstMoments.size(); i++) {
      update(step, parameters.get(i), gradients.get(i), firstMoments.get(i), secondMoments.get(i));
    }
  }

  /**
   * Counts an update that is made elsewhere.
   *
   * @param clip by which the gradient is scaled
   * @param rate the learning rate, at least 0
   * @return its numbers
   */
  AdamStep next(double clip, double rate) {
    updates++;
    return new AdamStep(
        clip,
        rate,
        options.beta1(),
        options.beta2(),
        options.epsilon(),
        options.weightDecay(),
        1 - Math.pow(options.beta1(), (double) updates),
        1 - Math.pow(options.beta2(), (double) updates));
  }

  private static void update(
      AdamStep numbers,
      FloatBuffer parameter,
      FloatBuffer gradient,
      FloatBuffer firstMoment,
      FloatBuffer secondMoment) {
    double keep = 1 - numbers.rate() * numbers.weightDecay();
    int atP = parameter.position();
    int atG = gradient.position();
    for (int j = 0; j < firstMoment.capacity(); j++) {
      double g = gradient.get(atG + j);
      double m = numbers.beta1() * firstMoment.get(j) + (1 - numbers.beta1()) * g;
      double v = numbers.beta2() * secondMoment.get(j) + (1 - numbers.beta2()) * g * g;
      double step =
          m / numbers.correction1() / (Math.sqrt(v / numbers.correction2()) + numbers.epsilon());
      // A gradient that has always been 0 gives 0 / 0 where epsilon is 0, and moves nothing.
      double move = m == 0 ? 0 : numbers.rate() * step;
      parameter.put(atP + j, (float) (parameter.get(atP + j) * keep - move));
      firstMoment.put(j, (float) m);
      secondMoment.put(j, (float) v);
    }
  }

  /**
   * How many updates have been done.
   *
   * @return at least 0
   */
  public long updates() {
    return updates;
  }

  /**
   * The state to save, one buffer per parameter: the running means of the gradients.
   *
   * @return views of the state itself; a checkpoint that is loaded is written into them
   */
  public List<FloatBuffer> firstMoments() {
    return firstMoments.stream().map(FloatBuffer::duplicate).toList();
  }

  /**
   * The state to save, one buffer per parameter: the running means of the squared gradients.
   *
   * @return views of the state itself; a checkpoint that is loaded is written into them
   */
  public List<FloatBuffer> secondMoments() {
    return secondMoments.stream().map(FloatBuffer::duplicate).toList();
  }

  /**
   * Resume from a checkpoint, whose moments have been written into {@link #firstMoments} and {@link
   * #secondMoments}.
   *
   * @param done how many updates had been done, at least 0
   */
  public void resume(long done) {
    if (done < 0) {
      throw new IllegalArgumentException("updates must be at least 0, but was " + done);
    }
    this.updates = done;
  }
}
