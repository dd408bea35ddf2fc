package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Takes {@link MemoryStep}s of one batch, and holds what they remember between them. */
final class SampleMemory {
  private List<float[]> places = List.of(); // each [N, ...]
  private int length = -1;

  /** Forgets everything: the next step is the first of a run. */
  void clear() {
    places = List.of();
    length = -1;
  }

  /**
   * Takes a step.
   *
   * @param images N, among which the elements are divided
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param noise standard normal, the same size; null only where the step draws none
   * @param previous receives the next sample, the same size; may be {@code sample}
   */
  void take(
      MemoryStep step,
      int images,
      FloatBuffer output,
      FloatBuffer sample,
      @Nullable FloatBuffer noise,
      FloatBuffer previous) {
    int size = Elementwise.imageSize(images, output, "sample", sample, "previous", previous);
    int elements = images * size;
    if (length >= 0 && length != elements) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "output must hold %s elements like that of the step before, but holds %s",
              length,
              elements));
    }
    if (step.sigma() != 0 && (noise == null || noise.remaining() != elements)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "noise must hold %s elements, but holds %s",
              elements,
              noise == null ? 0 : noise.remaining()));
    }
    // 1. All as arrays, since the sample may be where the result goes.
    float[] x = array(sample, elements);
    float[] o = array(output, elements);
    float @Nullable [] z = noise == null || step.sigma() == 0 ? null : array(noise, elements);
    // 2. The clean sample, within its bound.
    float[] x0 = new float[elements];
    for (int i = 0; i < elements; i++) {
      x0[i] = (float) (step.x0().x0FromSample() * x[i] + step.x0().x0FromOutput() * o[i]);
    }
    for (int image = 0; image < images; image++) {
      step.bound().apply(x0, image * size, size);
    }
    // 3. What is remembered, and the next sample.
    List<float[]> remembered = new ArrayList<>();
    for (LinearForm form : step.remembered()) {
      remembered.add(sum(form, x, o, x0, z));
    }
    previous.put(previous.position(), sum(step.next(), x, o, x0, z));
    places = remembered;
    length = elements;
  }

  private static float[] array(FloatBuffer buffer, int elements) {
    float[] array = new float[elements];
    buffer.get(buffer.position(), array);
    return array;
  }

  private float[] sum(LinearForm form, float[] x, float[] o, float[] x0, float @Nullable [] z) {
    double[] sum = new double[x.length];
    add(sum, form.ofSample(), x);
    add(sum, form.ofOutput(), o);
    add(sum, form.ofX0(), x0);
    if (z != null) {
      add(sum, form.ofNoise(), z);
    }
    for (int place = 0; place < form.places(); place++) {
      add(sum, form.ofMemory(place), places.get(place));
    }
    float[] result = new float[x.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) sum[i];
    }
    return result;
  }

  private static void add(double[] sum, double weight, float[] tensor) {
    if (weight == 0) {
      return; // also where the tensor holds what is not a number
    }
    for (int i = 0; i < sum.length; i++) {
      sum[i] += weight * tensor[i];
    }
  }
}
