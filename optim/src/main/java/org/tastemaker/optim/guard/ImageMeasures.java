package org.tastemaker.optim.guard;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.core.Rollout;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * What images are like, whatever they show: the numbers that ran away in the runs whose pictures
 * were ruined while their reward rose.
 *
 * <table class="striped">
 * <caption>The numbers, each a mean over the images</caption>
 * <thead><tr><th>name</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>darkPixels</td><td>share of pixels whose luma is below 0.1</td></tr>
 * <tr><td>saturatedPixels</td><td>share of pixels whose largest channel is above 0.2 and whose
 *     smallest is below a tenth of it</td></tr>
 * <tr><td>edgeDensity</td><td>share of pixels whose luma differs by more than 0.1 from the next one
 *     to the right or below</td></tr>
 * <tr><td>colourEntropy</td><td>bits of the histogram of colours, 8 levels a channel, at most
 *     9</td></tr>
 * <tr><td>brightness</td><td>mean luma</td></tr>
 * <tr><td>diversity</td><td>root mean square difference of two images of a prompt, as small
 *     pictures of 16 x 16; left out where no prompt has two</td></tr>
 * <tr><td>latentNorm</td><td>root mean square of the elements of what is decoded</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Luma is 0.299 R + 0.587 G + 0.114 B. Of a large image at most 256 rows and columns are looked
 * at, evenly spaced, so that it costs little beside the sampling.
 */
final class ImageMeasures {
  private static final int MOST = 256;
  private static final int LEVELS = 8;
  private static final int SMALL = 16;
  private static final double DARK = 0.1;
  private static final double EDGE = 0.1;

  private ImageMeasures() {}

  static Map<Signal, Double> of(Rollout rollout) {
    Map<Signal, Double> all = new EnumMap<>(Signal.class);
    int n = rollout.size();
    for (Image image : rollout.images()) {
      of(image).forEach((signal, value) -> all.merge(signal, value / n, Double::sum));
    }
    diversity(rollout).ifPresent(value -> all.put(Signal.DIVERSITY, value));
    latentNorm(rollout.latents()).ifPresent(value -> all.put(Signal.LATENT_NORM, value));
    return all;
  }

  /** The numbers of one image by itself. */
  static Map<Signal, Double> of(Image image) {
    float[] rgb = image.toFloats(); // [channels, height, width]
    int rowStep = (image.height() + MOST - 1) / MOST;
    int columnStep = (image.width() + MOST - 1) / MOST;
    int[] histogram = new int[LEVELS * LEVELS * LEVELS];
    int pixels = 0;
    int dark = 0;
    int saturated = 0;
    int edges = 0;
    double sum = 0;
    for (int y = 0; y < image.height(); y += rowStep) {
      for (int x = 0; x < image.width(); x += columnStep) {
        int at = y * image.width() + x;
        float r = channel(rgb, image, 0, at);
        float g = channel(rgb, image, 1, at);
        float b = channel(rgb, image, 2, at);
        float most = Math.max(r, Math.max(g, b));
        float least = Math.min(r, Math.min(g, b));
        double luma = luma(r, g, b);
        pixels++;
        sum += luma;
        dark += luma < DARK ? 1 : 0;
        saturated += most > 0.2 && least < 0.1 * most ? 1 : 0;
        boolean edge =
            (x + columnStep < image.width()
                    && Math.abs(luma - luma(rgb, image, at + columnStep)) > EDGE)
                || (y + rowStep < image.height()
                    && Math.abs(luma - luma(rgb, image, at + rowStep * image.width())) > EDGE);
        edges += edge ? 1 : 0;
        histogram[(level(r) * LEVELS + level(g)) * LEVELS + level(b)]++;
      }
    }
    Map<Signal, Double> all = new EnumMap<>(Signal.class);
    all.put(Signal.DARK_PIXELS, (double) dark / pixels);
    all.put(Signal.SATURATED_PIXELS, (double) saturated / pixels);
    all.put(Signal.EDGE_DENSITY, (double) edges / pixels);
    all.put(Signal.COLOUR_ENTROPY, entropy(histogram, pixels));
    all.put(Signal.BRIGHTNESS, sum / pixels);
    return all;
  }

  private static float channel(float[] rgb, Image image, int channel, int at) {
    return rgb[(image.channels() == 1 ? 0 : channel) * image.height() * image.width() + at];
  }

  private static double luma(float[] rgb, Image image, int at) {
    return luma(channel(rgb, image, 0, at), channel(rgb, image, 1, at), channel(rgb, image, 2, at));
  }

  private static double luma(float r, float g, float b) {
    return 0.299 * r + 0.587 * g + 0.114 * b;
  }

  private static int level(float value) {
    return Math.max(0, Math.min(LEVELS - 1, (int) (value * LEVELS)));
  }

  private static double entropy(int[] histogram, int pixels) {
    double bits = 0;
    for (int count : histogram) {
      if (count > 0) {
        double p = (double) count / pixels;
        bits -= p * Math.log(p) / Math.log(2);
      }
    }
    return bits;
  }

  /** The mean over all pairs of images of one prompt. */
  private static OptionalDouble diversity(Rollout rollout) {
    double sum = 0;
    int pairs = 0;
    for (List<Integer> group : rollout.groupIndices()) {
      List<float[]> small = group.stream().map(i -> small(rollout.images().get(i))).toList();
      for (int i = 0; i < small.size(); i++) {
        for (int j = 0; j < i; j++) {
          sum += distance(small.get(i), small.get(j));
          pairs++;
        }
      }
    }
    return pairs == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / pairs);
  }

  /** An image's means over a grid of 16 x 16 parts, or fewer where it has fewer pixels. */
  private static float[] small(Image image) {
    float[] values = image.toFloats();
    int size = SMALL * SMALL;
    float[] means = new float[image.channels() * size];
    int[] counts = new int[means.length];
    int at = 0;
    for (int c = 0; c < image.channels(); c++) {
      for (int y = 0; y < image.height(); y++) {
        for (int x = 0; x < image.width(); x++) {
          int cell = c * size + y * SMALL / image.height() * SMALL + x * SMALL / image.width();
          means[cell] += values[at++];
          counts[cell]++;
        }
      }
    }
    int filled = 0;
    for (int i = 0; i < means.length; i++) {
      if (counts[i] > 0) {
        means[filled++] = means[i] / counts[i];
      }
    }
    return Arrays.copyOf(means, filled);
  }

  private static double distance(float[] a, float[] b) {
    if (a.length != b.length) {
      return 0; // of another size: nothing to compare
    }
    double squares = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = a[i] - b[i];
      squares += difference * difference;
    }
    return Math.sqrt(squares / a.length);
  }

  /** Of latents [T+1, N, C, H, W], the last; a sampler may keep them in another type or order. */
  private static OptionalDouble latentNorm(INDArray latents) {
    if (latents.dataType() != DataType.FLOAT || latents.ordering() != 'c' || latents.isView()) {
      return OptionalDouble.empty();
    }
    FloatBuffer all = FloatBuffers.of(latents);
    int length = all.limit() / (int) latents.size(0);
    double squares = 0;
    for (int i = all.limit() - length; i < all.limit(); i++) {
      double x = all.get(i);
      squares += x * x;
    }
    return OptionalDouble.of(Math.sqrt(squares / length));
  }
}
