package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class EmaTest {
  private static List<FloatBuffer> weights(float... values) {
    return List.of(FloatBuffer.wrap(values));
  }

  @Test
  void withoutWarmUpTheAverageKeepsItsShare() {
    Ema ema = new Ema(new Ema.Options(.75, false), weights(4, 0));
    ema.update(weights(0, 8));
    assertThat(ema.averages()).isEqualTo(weights(3, 2));
    ema.update(weights(0, 2));
    assertThat(ema.averages()).isEqualTo(weights(2.25f, 2));
  }

  @Test
  void theWarmUpIsThatOfDiffusers() {
    Ema ema = new Ema(new Ema.Options(.5, true), weights(1));
    assertThat(ema.decay(0)).isZero();
    assertThat(ema.decay(1)).isCloseTo(2 / 11., within(1e-15));
    assertThat(ema.decay(2)).isCloseTo(3 / 12., within(1e-15));
    assertThat(ema.decay(100)).isEqualTo(.5);
    ema.update(weights(11));
    assertThat(ema.averages()).isEqualTo(weights(11));
    ema.update(weights(0));
    assertThat(ema.averages().get(0).get(0)).isCloseTo(2, within(1e-6f));
    assertThat(ema.updates()).isEqualTo(2);
  }

  @Test
  void swappingTwiceChangesNothing() {
    Ema ema = new Ema(Ema.Options.defaults(), weights(1, 2));
    List<FloatBuffer> live = weights(5, 6);
    ema.swap(live);
    assertThat(live).isEqualTo(weights(1, 2));
    assertThat(ema.averages()).isEqualTo(weights(5, 6));
    ema.swap(live);
    assertThat(live).isEqualTo(weights(5, 6));
    assertThat(ema.averages()).isEqualTo(weights(1, 2));
  }

  @Test
  void aResumedAverageHasItsPlaceInTheWarmUp() {
    Ema ema = new Ema(Ema.Options.defaults(), weights(0));
    ema.resume(1);
    ema.update(weights(11));
    assertThat(ema.averages().get(0).get(0)).isCloseTo(9, within(1e-6f));
  }

  @Test
  void badArgumentsAreErrors() {
    assertThatThrownBy(() -> new Ema.Options(1.5, true))
        .hasMessage("decay must be in [0, 1], but was 1.5");
    Ema ema = new Ema(Ema.Options.defaults(), weights(0));
    assertThatThrownBy(() -> ema.update(weights(1, 2)))
        .hasMessage("parameters[0] must hold 1 elements, but holds 2");
    assertThatThrownBy(() -> ema.resume(-1)).hasMessage("updates must be at least 0, but was -1");
  }
}
