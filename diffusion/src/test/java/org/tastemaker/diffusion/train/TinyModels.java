package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.SchedulerConfig;

/** Models that train in milliseconds, and something to train them on. */
final class TinyModels {
  static final int TOKENS = 4;
  static final ImmutableIntArray EMPTY_PROMPT = ImmutableIntArray.of(0, 1, 1, 1);
  private static final int VOCABULARY = 12;
  private static final int TEXT = 8;

  private TinyModels() {}

  static UNet2DConditionModel unet(Seed seed) {
    return UNet2DConditionModel.random(
        new UNetConfig(
            4,
            4,
            4,
            ImmutableList.of(8, 8),
            ImmutableList.of("DownBlock2D", "CrossAttnDownBlock2D"),
            ImmutableList.of("CrossAttnUpBlock2D", "UpBlock2D"),
            ImmutableList.of(1, 1),
            ImmutableList.of(1, 1),
            ImmutableList.of(2, 2),
            TEXT,
            4,
            1e-5,
            3,
            3,
            1,
            true,
            0,
            32,
            false),
        seed);
  }

  static ClipTextModel textEncoder(Seed seed) {
    return ClipTextModel.random(
        new ClipTextConfig(
            VOCABULARY, TEXT, 16, 1, 2, TOKENS, ClipTextConfig.Activation.GELU, 1e-5, 0, 1, 1, 8),
        seed);
  }

  static AutoencoderKl vae(Seed seed) {
    return AutoencoderKl.random(
        new AutoencoderKlConfig(
            8, 3, 3, 4, ImmutableList.of(8, 8), 1, 4, true, true, true, 0.5, false),
        seed);
  }

  static DenoisingModels models(UNet2DConditionModel unet, ClipTextModel text) {
    return DenoisingModels.of(unet, text, SchedulerConfig.stableDiffusion(), EMPTY_PROMPT);
  }

  /** Always the same latents, [count, 4, side, side], each with a caption of its own. */
  static BatchSource<CaptionedLatents> latents(int count, int side) {
    float[] values = new float[count * 4 * side * side];
    Seed.of(5).gaussian(0, values);
    Samples samples = new Samples(count, 4, side, side, FloatBuffer.wrap(values));
    CaptionedLatents batch =
        new CaptionedLatents(
            samples,
            IntStream.range(0, count)
                .mapToObj(i -> ImmutableIntArray.of(0, 2 + i % (VOCABULARY - 2), 1, 1))
                .collect(ImmutableList.toImmutableList()));
    return number -> batch;
  }

  /** Latents that differ from batch to batch, [count, 4, 4, 4]. */
  static BatchSource<CaptionedLatents> changingLatents(int count) {
    return number -> {
      float[] values = new float[count * 4 * 4 * 4];
      Seed.of(6).split(number).gaussian(0, values);
      return new CaptionedLatents(
          new Samples(count, 4, 4, 4, FloatBuffer.wrap(values)),
          latents(count, 4).batch(0).captions());
    };
  }

  /** Smooth images, [count, 3, side, side], that differ from batch to batch. */
  static BatchSource<Samples> images(int count, int side) {
    return number -> {
      float[] values = new float[count * 3 * side * side];
      for (int i = 0; i < values.length; i++) {
        int x = i % side;
        int y = i / side % side;
        int channel = i / (side * side) % 3;
        values[i] = (float) Math.sin(0.4 * x + 0.7 * y * (number + 1) + channel);
      }
      return new Samples(count, 3, side, side, FloatBuffer.wrap(values));
    };
  }

  /** Remembers a run's measurements by step. */
  static final class Recorder implements RunListener {
    final Map<Long, Map<String, Double>> metrics = new TreeMap<>();

    @Override
    public void on(RunEvent event) {
      if (event instanceof RunEvent.Metrics measured) {
        metrics.put(measured.step(), measured.values());
      }
    }

    double value(long step, String name) {
      return Objects.requireNonNull(Objects.requireNonNull(metrics.get(step)).get(name));
    }

    /** The mean over some steps, both included. */
    double mean(String name, long first, long last) {
      double sum = 0;
      for (long step = first; step <= last; step++) {
        sum += value(step, name);
      }
      return sum / (last - first + 1);
    }
  }
}
