package org.tastemaker.examples.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingTest {
  @Test
  void theFirstRoundHasTheFirstGuidance() {
    assertThat(Training.nft(1e-3, 1.0, 4.0).sampling().guidanceScale()).isEqualTo(1);
    assertThat(Training.ddpo(1e-3).sampling().guidanceScale()).isEqualTo(1);
  }

  @Test
  void onlyAMethodThatDoesNotReplayTrajectoriesMayHaveSeveralGuidanceScales() {
    assertThatThrownBy(() -> new Training(Training.Method.DDPO, 1e-3, 1e-3, 4, List.of(1.0, 4.0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("only NFT may have several, but DDPO was given [1.0, 4.0]");
    assertThatThrownBy(() -> Training.nft(1e-3)).hasMessageContaining("needs one guidance scale");
  }
}
