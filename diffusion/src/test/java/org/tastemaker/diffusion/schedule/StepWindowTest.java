package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class StepWindowTest {
  private static SamplingRun ddim(double eta, int steps) {
    return DdimScheduler.of(
            SchedulerConfig.stableDiffusion(),
            new DdimScheduler.Options(eta, DdimScheduler.FinalStep.DDPO))
        .begin(steps);
  }

  @Test
  void aRunInsideOfAWindowHasItsOwnStepsThereAndTheOthersElsewhere() {
    SamplingRun noisy = ddim(1, 5);
    SamplingRun ode = ddim(0, 5);
    SamplingRun mixed = noisy.inside(StepWindow.of(1, 2), ode);
    for (int i = 0; i < 5; i++) {
      SamplingRun expected = i == 1 || i == 2 ? noisy : ode;
      assertThat(mixed.steps().get(i)).isEqualTo(expected.steps().get(i));
      assertThat(mixed.steps().get(i).rule().sigma() > 0).isEqualTo(i == 1 || i == 2);
    }
    assertThat(noisy.inside(StepWindow.ALL, ode).steps()).isEqualTo(noisy.steps());
    assertThat(noisy.inside(StepWindow.of(4, 9), ode).steps().get(4).rule().sigma()).isPositive();
  }

  @Test
  void runsOfOtherTimestepsAreNotMixed() {
    assertThatThrownBy(() -> ddim(1, 5).inside(StepWindow.of(1, 2), ddim(0, 6)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two runs with other timesteps cannot be one");
  }

  @Test
  void aWindowBehindTheLastStepIsAnError() {
    assertThatThrownBy(() -> ddim(1, 5).inside(StepWindow.of(5, 2), ddim(0, 5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the run has steps 0 to 4, of which none is in the window");
  }

  @Test
  void aWindowHasAtLeastOneStep() {
    assertThatThrownBy(() -> new StepWindow(-1, 2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> StepWindow.of(3, 0))
        .hasMessageContaining("holds at least one step, but was from 3 to before 3");
    assertThat(StepWindow.of(3, 2)).hasToString("steps 3 to 4");
    assertThat(StepWindow.ALL).hasToString("all steps");
    assertThat(StepWindow.of(3, 2).contains(2)).isFalse();
    assertThat(StepWindow.of(3, 2).contains(4)).isTrue();
    assertThat(StepWindow.of(3, 2).contains(5)).isFalse();
  }
}
