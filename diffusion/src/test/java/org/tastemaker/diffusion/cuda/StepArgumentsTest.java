package org.tastemaker.diffusion.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.StepCoefficients;

class StepArgumentsTest {
  private static StepCoefficients step(double sigma) {
    return new StepCoefficients(1.5, -.5, Double.POSITIVE_INFINITY, .9, .1, .2, sigma);
  }

  private static StepArguments complete() {
    return new StepArguments()
        .batch(2, 5000)
        .step(step(.5), Reduction.MEAN)
        .guided(5, 4096, 8192)
        .samples(1024, 1024)
        .noise(2048, 3)
        .logProbabilities(512)
        .gradient(256, 4, 8);
  }

  @Test
  void anImageIsCutIntoTiles() {
    assertThat(complete().tiles()).isEqualTo(2);
    assertThat(new StepArguments().batch(1, StepArguments.TILE).tiles()).isEqualTo(1);
    assertThat(new StepArguments().batch(1, Integer.MAX_VALUE).tiles()).isEqualTo(524288);
  }

  @Test
  void whatALaunchNeedsIsChecked() {
    StepArguments arguments = complete();
    arguments.requireSampling(4);
    arguments.requireReplay(4);
    arguments.requireGradient(4);
    assertThatThrownBy(() -> complete().noise(0, 3).requireSampling(4))
        .hasMessage("keys must be at an address that is a multiple of 8, but was at 0x0");
    assertThatThrownBy(() -> complete().samples(2, 1024).requireReplay(4))
        .hasMessage("sample must be at an address that is a multiple of 4, but was at 0x2");
    complete().samples(2, 1024).requireReplay(2);
    assertThatThrownBy(() -> complete().guided(5, 4095, 8192).requireReplay(4))
        .hasMessageStartingWith("unconditional output must be");
    assertThatThrownBy(() -> complete().gradient(256, 4, 0).requireGradient(4))
        .hasMessageStartingWith("unconditional gradient must be");
    complete().output(4).gradient(256, 4, 0).requireGradient(4);
    assertThatThrownBy(() -> complete().logProbabilities(0).requireReplay(4))
        .hasMessageStartingWith("logProbabilities must be");
  }

  @Test
  void aDeterministicStepHasNoLogProbability() {
    StepArguments arguments = complete().step(step(0), Reduction.SUM).noise(0, 0);
    arguments.logProbabilities(0).requireSampling(4);
    assertThatThrownBy(() -> arguments.logProbabilities(512).requireSampling(4))
        .hasMessageContaining("(sigma = 0)");
    assertThatThrownBy(() -> arguments.requireGradient(4)).hasMessageContaining("(sigma = 0)");
  }

  @Test
  void valuesOutOfRangeAreAnError() {
    StepArguments arguments = new StepArguments();
    assertThatThrownBy(() -> arguments.batch(0, 1))
        .hasMessageContaining("at least one image of at least one element");
    assertThatThrownBy(() -> arguments.batch(1 << 20, 1 << 30))
        .hasMessageContaining("more than one launch takes");
    assertThatThrownBy(() -> arguments.step(step(1), Reduction.MEAN))
        .hasMessage("the batch must be given first");
    assertThatThrownBy(() -> arguments.guided(2, 0, 16))
        .hasMessageContaining("guidance needs an unconditional output");
    assertThatThrownBy(() -> arguments.noise(8, -1))
        .hasMessage("stream must be at least 0, but was -1");
  }
}
