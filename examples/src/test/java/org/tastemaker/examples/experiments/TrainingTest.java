package org.tastemaker.examples.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TrainingTest {
  @Test
  void roundsHaveTheirGuidanceInTurn() {
    Training training = Training.of(1e-3, 1.0, 1.0, 4.0);

    assertThat(LongStream.rangeClosed(1, 7).mapToObj(training::sampling))
        .extracting(options -> options.guidanceScale())
        .containsExactly(1.0, 1.0, 4.0, 1.0, 1.0, 4.0, 1.0);
  }

  @Test
  void aTrainingNeedsAGuidanceScale() {
    assertThatThrownBy(() -> Training.of(1e-3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a training needs at least one guidance scale");
  }
}
