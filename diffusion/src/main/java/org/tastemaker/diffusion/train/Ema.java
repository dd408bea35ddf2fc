package org.tastemaker.diffusion.train;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Objects;

/**
 * The exponential moving average of the weights, which samples better than the weights themselves:
 * {@code average = decay * average + (1 - decay) * weights} after each update.
 *
 * <p>With the warm-up of diffusers' {@code EMAModel}, the decay of the n-th update (from 0) is
 * {@code min(decay, (1 + n) / (10 + n))}, and 0 for the first, so that the random start is soon
 * forgotten. Not thread-safe.
 */
public final class Ema {

  /**
   * Hyper-parameters.
   *
   * @param decay how much of the average is kept, in [0, 1]; 0.9999 is usual for long runs
   * @param warmUp whether the first updates keep less
   */
  @RecordBuilder
  public record Options(double decay, boolean warmUp) implements EmaOptionsBuilder.With {
    /** Checks every field. */
    public Options {
      if (!(decay >= 0 && decay <= 1)) {
        throw new IllegalArgumentException("decay must be in [0, 1], but was " + decay);
      }
    }

    /**
     * What diffusers' training scripts use.
     *
     * @return decay 0.9999 with warm-up
     */
    public static Options defaults() {
      return new Options(0.9999, true);
    }
  }

  private final Options options;
  private final List<FloatBuffer> averages;
  private long updates;

  /**
   * An average that begins at given weights.
   *
   * @param options hyper-parameters
   * @param parameters the weights; copied
   */
  public Ema(Options options, List<FloatBuffer> parameters) {
    this.options = Objects.requireNonNull(options, "options == null");
    this.averages =
        parameters.stream()
            .map(p -> FloatBuffer.allocate(p.remaining()).put(p.duplicate()).flip())
            .toList();
  }

  /**
   * The decay of an update.
   *
   * @param update how many came before it
   * @return in [0, 1]
   */
  double decay(long update) {
    if (!options.warmUp()) {
      return options.decay();
    }
    return update == 0
        ? 0
        : Math.min(options.decay(), (double) (1 + update) / (double) (10 + update));
  }

  /**
   * Take the weights after an update into the average. Nothing is allocated.
   *
   * @param parameters the weights, sized as at construction
   */
  public void update(List<FloatBuffer> parameters) {
    Buffers.requireSizes("parameters", averages, parameters);
    double share = nextShare();
    for (int i = 0; i < averages.size(); i++) {
      FloatBuffer average = averages.get(i);
      FloatBuffer parameter = parameters.get(i);
      int at = parameter.position();
      for (int j = 0; j < average.capacity(); j++) {
        double a = average.get(j);
        average.put(j, (float) (a - share * (a - parameter.get(at + j))));
      }
    }
  }

  /**
   * Counts an update of the average that is made elsewhere.
   *
   * @return by how much of their difference the average goes towards the weights, in [0, 1]
   */
  double nextShare() {
    return 1 - decay(updates++);
  }

  /**
   * Exchange the average and the weights: before sampling, and again after it to continue training.
   *
   * @param parameters the weights, sized as at construction; written in place
   */
  public void swap(List<FloatBuffer> parameters) {
    Buffers.requireSizes("parameters", averages, parameters);
    for (int i = 0; i < averages.size(); i++) {
      FloatBuffer average = averages.get(i);
      FloatBuffer parameter = parameters.get(i);
      int at = parameter.position();
      for (int j = 0; j < average.capacity(); j++) {
        float kept = average.get(j);
        average.put(j, parameter.get(at + j));
        parameter.put(at + j, kept);
      }
    }
  }

  /**
   * The average, one buffer a parameter.
   *
   * @return views of the average itself; a checkpoint that is loaded is written into them
   */
  public List<FloatBuffer> averages() {
    return averages.stream().map(FloatBuffer::duplicate).toList();
  }

  /**
   * How many updates the average has seen.
   *
   * @return at least 0
   */
  public long updates() {
    return updates;
  }

  /**
   * Resume from a checkpoint, whose average has been written into {@link #averages}.
   *
   * @param done how many updates it had seen, at least 0
   */
  public void resume(long done) {
    if (done < 0) {
      throw new IllegalArgumentException("updates must be at least 0, but was " + done);
    }
    this.updates = done;
  }
}
