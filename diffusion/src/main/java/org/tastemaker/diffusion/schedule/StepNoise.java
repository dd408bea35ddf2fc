package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;

/**
 * The noise of a step as the seeds that it is drawn from, so that a kernel may draw it where it is
 * used.
 *
 * @param seeds of each image, [N]
 * @param stream of the seeds to draw, at least 0: {@link Seed#gaussian}
 */
public record StepNoise(List<Seed> seeds, int stream) {
  public StepNoise {
    seeds = List.copyOf(seeds);
    if (stream < 0) {
      throw new IllegalArgumentException("stream must be at least 0, but was " + stream);
    }
  }

  /**
   * Draws the noise.
   *
   * @param out receives the noise of one image after the other, [N, ...]; its elements must be a
   *     whole number for each seed
   */
  public void fill(FloatBuffer out) {
    int images = seeds.size();
    if (images == 0 || out.remaining() % images != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s elements are not a whole number for each of %s seeds",
              out.remaining(),
              images));
    }
    int size = out.remaining() / images;
    int at = out.position();
    IntStream range = IntStream.range(0, images);
    (size >= 1024 && images > 1 ? range.parallel() : range)
        .forEach(
            i -> {
              float[] one = new float[size];
              seeds.get(i).gaussian(stream, one);
              out.put(at + i * size, one);
            });
  }
}
