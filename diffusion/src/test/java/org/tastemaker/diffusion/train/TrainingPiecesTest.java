package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.train.OptimizerOptions.Decay;
import org.tastemaker.diffusion.train.OptimizerOptions.Rate;

/** Batches, their order, and the options that all trainers share. */
class TrainingPiecesTest {
  @Test
  void anEpochHasEveryExampleOnce() {
    EpochOrder order = new EpochOrder(6, Seed.of(1));
    TreeSet<Integer> seen = new TreeSet<>();
    for (long number = 3; number < 6; number++) { // the second epoch
      seen.addAll(order.batch(number, 2).asList());
    }
    assertThat(seen).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void aBatchIsTheSameWhateverWasAskedForBefore() {
    EpochOrder order = new EpochOrder(5, Seed.of(1));
    ImmutableIntArray first = order.batch(0, 3);
    ImmutableIntArray across = order.batch(1, 3); // from the first epoch into the second
    assertThat(order.batch(0, 3)).isEqualTo(first);
    assertThat(new EpochOrder(5, Seed.of(1)).batch(1, 3)).isEqualTo(across);
    assertThat(new EpochOrder(5, Seed.of(2)).batch(0, 5)).isNotEqualTo(order.batch(0, 5));
    assertThat(order.batch(1, 5)).isNotEqualTo(order.batch(0, 5));
  }

  @Test
  void anOrderNeedsExamplesAndABatchASize() {
    assertThatThrownBy(() -> new EpochOrder(0, Seed.of(1)))
        .hasMessage("examples must be at least 1, but was 0");
    assertThatThrownBy(() -> new EpochOrder(1, Seed.of(1)).batch(-1, 0))
        .hasMessage("number must be at least 0 and size at least 1, but were -1 and 0");
  }

  @Test
  void samplesHaveAsManyValuesAsTheirShape() {
    assertThatThrownBy(() -> new Samples(2, 3, 4, 5, FloatBuffer.allocate(119)))
        .hasMessage("2 samples of 3 x 4 x 5 must have 120 values, but had 119");
    assertThatThrownBy(() -> new Samples(0, 3, 4, 5, FloatBuffer.allocate(0)))
        .hasMessageStartingWith("count, channels, height and width must be at least 1");
  }

  @Test
  void samplesBeginAtTheBuffersPosition() {
    FloatBuffer buffer = FloatBuffer.wrap(new float[] {1, 2, 3}).position(1);
    Samples samples = new Samples(1, 2, 1, 1, buffer);
    buffer.position(0);
    assertThat(samples.values().get(0)).isEqualTo(2);
    assertThat(samples.size()).isEqualTo(2);
  }

  @Test
  void everyLatentHasACaptionOfOneLength() {
    Samples two = new Samples(2, 1, 1, 1, FloatBuffer.allocate(2));
    ImmutableIntArray ids = ImmutableIntArray.of(1, 2);
    assertThatThrownBy(() -> new CaptionedLatents(two, ImmutableList.of(ids)))
        .hasMessage("each of the 2 latents needs a caption, but there were 1");
    assertThatThrownBy(
            () -> new CaptionedLatents(two, ImmutableList.of(ids, ImmutableIntArray.of(1))))
        .hasMessage("captions must be padded to one length above 0, but had 2 and 1 ids");
  }

  @Test
  void optimizerSettingsOutOfRangeAreErrors() {
    Rate rate = new Rate(Decay.CONSTANT, 1e-3, 0);
    AdamW.Options adamW = AdamW.Options.defaults();
    assertThatThrownBy(() -> new OptimizerOptions(0, 1, rate, adamW, 1, Optional.empty()))
        .hasMessage("steps must be at least 1, but was 0");
    assertThatThrownBy(() -> new OptimizerOptions(1, 0, rate, adamW, 1, Optional.empty()))
        .hasMessage("accumulation must be at least 1, but was 0");
    assertThatThrownBy(() -> new OptimizerOptions(1, 1, rate, adamW, 0, Optional.empty()))
        .hasMessage("maxGradientNorm must be above 0, but was 0.0");
    assertThatThrownBy(() -> new Rate(Decay.CONSTANT, 0, 0))
        .hasMessage("peak must be above 0 and finite, but was 0.0");
    assertThatThrownBy(() -> new Rate(Decay.CONSTANT, 1, -1))
        .hasMessage("warmUp must be at least 0, but was -1");
    assertThatThrownBy(() -> OptimizerOptions.defaults(5).withRate(new Rate(Decay.LINEAR, 1e-3, 5)))
        .hasMessage("total must be above warmUp, 5, but was 5");
    assertThatThrownBy(() -> new Checkpointing(0, (step, writer) -> Path.of("x")))
        .hasMessage("every must be at least 1, but was 0");
  }
}
