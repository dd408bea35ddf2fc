package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SpeedGuardTest {
  @Test
  void aRatioIsThatOfMedians() {
    Map<String, Double> ratios =
        SpeedGuard.ratios(
            Map.of("product", List.of(100L, 90L, 9000L), "forward", List.of(60L, 50L, 1L)));
    assertThat(ratios).containsExactly(Map.entry("forward against a product of 2048", 2.0));
  }

  @Test
  void aFallOfMoreThanFifteenPercentFails() {
    Map<String, Double> committed = Map.of("forward", 2.0);
    assertThat(RatioGuard.judge(Map.of("forward", 1.69), committed).failed()).isTrue();
    assertThat(RatioGuard.judge(Map.of("forward", 1.71), committed).failed()).isFalse();
  }

  @Test
  void whatWasNotMeasuredFails() {
    assertThat(RatioGuard.judge(Map.of(), Map.of("round", 1.0)).failed()).isTrue();
  }

  @Test
  void noTimesAreRefused() {
    assertThatThrownBy(() -> SpeedGuard.median(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("nothing was timed");
  }
}
