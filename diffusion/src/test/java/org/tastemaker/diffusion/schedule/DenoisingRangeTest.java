package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DenoisingRangeTest {
  private static SamplingRun run(int steps) {
    return Schedulers.of(SchedulerConfig.stableDiffusion().as(SchedulerKind.DDIM)).begin(steps);
  }

  @ParameterizedTest
  @CsvSource({"5, 3", "10, 6", "20, 12", "50, 30", "500, 300"})
  void theSameShareOfTheStepsBelongsToItWhateverTheirNumber(int steps, int inside) {
    assertThat(DenoisingRange.until(0.6).steps(run(steps), 1000))
        .isEqualTo(new StepWindow(0, inside));
    assertThat(new DenoisingRange(0.6, 1).steps(run(steps), 1000))
        .isEqualTo(new StepWindow(inside, steps));
  }

  @ParameterizedTest
  @EnumSource(SchedulerKind.class)
  void allOfItHoldsEveryStepOfEverySampler(SchedulerKind kind) {
    SamplingRun run = Schedulers.of(SchedulerConfig.stableDiffusion().as(kind)).begin(10);
    assertThat(DenoisingRange.ALL.steps(run, 1000))
        .isEqualTo(new StepWindow(0, run.steps().size()));
    StepWindow half = DenoisingRange.until(0.5).steps(run, 1000);
    assertThat(half.first()).isZero();
    for (int i = 0; i < run.steps().size(); i++) {
      assertThat(half.contains(i)).isEqualTo(run.steps().get(i).timestep() > 500);
    }
  }

  @Test
  void neighbouringRangesShareNoStep() {
    DenoisingRange early = DenoisingRange.until(0.3);
    DenoisingRange late = new DenoisingRange(0.3, 1);
    for (int t = 0; t < 1000; t++) {
      assertThat(early.contains(t, 1000)).isNotEqualTo(late.contains(t, 1000));
    }
  }

  @Test
  void aRangeWithoutAStepIsAnError() {
    assertThatThrownBy(() -> new DenoisingRange(0.5, 0.55).steps(run(2), 1000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "none of the 2 denoising steps is in the range [0.5, 0.55): sample with more steps, or"
                + " widen it");
  }

  @ParameterizedTest
  @CsvSource({"-0.1, 1", "0, 1.1", "0.5, 0.5", "0.6, 0.5", "NaN, 1", "0, NaN"})
  void aRangeIsWithinTheWayAndNotEmpty(double start, double end) {
    assertThatThrownBy(() -> new DenoisingRange(start, end))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a range of denoising is 0 <= start < end <= 1");
  }
}
