package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableDoubleArray;
import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipVisionConfig;

/** A CLIP model of two layers a tower, and batches for it. */
final class TinyClip {
  private static final int VOCABULARY = 11;
  private static final int END = 10;
  static final int SIDE = 8;

  private TinyClip() {}

  static ClipConfig config() {
    return ClipConfig.of(
        new ClipTextConfig(VOCABULARY, 8, 12, 2, 2, 5, Activation.GELU, 1e-5, 9, END, END, 8),
        new ClipVisionConfig(6, 10, 2, 2, SIDE, 4, Activation.QUICK_GELU, 1e-5, 5));
  }

  static ClipModel model(Seed seed) {
    return ClipModel.random(config(), seed);
  }

  /** Different texts of two tokens. */
  static ImmutableList<ImmutableIntArray> texts(int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> ImmutableIntArray.of(9, 1 + n % 8, 1 + n / 8, END, END))
        .collect(ImmutableList.toImmutableList());
  }

  /** Noise, another image for each. */
  static Samples images(int count, long number) {
    float[] values = new float[count * 3 * SIDE * SIDE];
    Seed.of(6).split(number).gaussian(0, values);
    return new Samples(count, 3, SIDE, SIDE, FloatBuffer.wrap(values));
  }

  /** Image n with text n; the images differ from batch to batch. */
  static BatchSource<ClipBatch> captioned(int count) {
    return number -> new ClipBatch(images(count, number), texts(count), new ContrastiveLoss());
  }

  /** A choice among the first three images, and a tie of the last two. */
  static BatchSource<ClipBatch> choices() {
    return number ->
        new ClipBatch(
            images(4, number),
            texts(2),
            new ChoiceLoss(
                List.of(
                    new ChoiceLoss.Choice(
                        0, ImmutableIntArray.of(0, 1, 2), ImmutableDoubleArray.of(0, 1, 0), 1),
                    new ChoiceLoss.Choice(
                        1, ImmutableIntArray.of(2, 3), ImmutableDoubleArray.of(0.5, 0.5), 2))));
  }
}
