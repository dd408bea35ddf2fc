package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DdpoRoundTest {
  private long time;

  @Test
  void eachRoundIsSampledAndTrainedAndTheFirstOneIsNotMeasured() {
    List<String> lines = new ArrayList<>();
    Arguments settings =
        DdpoRound.settings(
            "model=small",
            "images=3",
            "steps=2",
            "batch=2",
            "micro=2",
            "updates=1",
            "rounds=2",
            "engine=replay",
            "device=cpu",
            "precision=float32");
    // A clock of which each reading is one second later than the last.
    List<DdpoRound.Times> times = DdpoRound.run(settings, () -> time += 1_000_000_000, lines::add);
    assertThat(times).hasSize(2).containsOnly(new DdpoRound.Times(1, 1));
    assertThat(lines)
        .containsExactly(
            "warm-up: 2.00 s, sampling 1.00 s, training 1.00 s; 1.500 images a second",
            "round 1: 2.00 s, sampling 1.00 s, training 1.00 s; 1.500 images a second",
            "round 2: 2.00 s, sampling 1.00 s, training 1.00 s; 1.500 images a second");
  }

  @Test
  void aSettingThatThereIsNotIsRefused() {
    assertThatThrownBy(() -> DdpoRound.settings("image=3"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("images")
        .hasMessageContaining("image=3");
    assertThatThrownBy(() -> DdpoRound.settings("images=0").count("images"))
        .hasMessageContaining("images must be a whole number, at least 1, but was 0");
    assertThatThrownBy(() -> DdpoRound.settings("checkpointing=yes").flag("checkpointing"))
        .hasMessageContaining("checkpointing must be true or false, but was yes");
  }
}
