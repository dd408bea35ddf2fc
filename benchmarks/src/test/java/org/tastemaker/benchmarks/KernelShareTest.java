package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class KernelShareTest {
  @Test
  void theShareOutsideKernelsIsWhatIsMissingFromTheDriversReadings() {
    assertThat(KernelShare.report(List.of(0.98, 0.96)))
        .isEqualTo("share of time outside kernels: 3.0 % (2 readings), goal under 5 %: met");
    assertThat(KernelShare.report(List.of(0.9, 0.98))).endsWith("MISSED");
  }

  @Test
  void aDriverThatDoesNotSayIsNoGoalMet() {
    double unknown = KernelShare.busy(List.of("[N/A]"));
    assertThat(unknown).isNaN();
    assertThat(KernelShare.report(List.of(0.99, unknown))).contains("not measured");
    assertThat(KernelShare.report(List.of())).contains("not measured");
  }

  @Test
  void aReadingIsAShare() {
    assertThat(KernelShare.busy(List.of(" 97 "))).isEqualTo(0.97);
  }
}
