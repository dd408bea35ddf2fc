package org.tastemaker.diffusion.condition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.condition.Condition.SizeIds;

class ConditionTest {
  private static Condition of(int length, int width, float... tokens) {
    return new Condition(
        length, width, FloatBuffer.wrap(tokens), Optional.empty(), Optional.empty());
  }

  @Test
  void theTokenMeanIsOverTheTokens() {
    assertThat(of(2, 3, 1, 2, 3, 5, 6, 7).tokenMean()).containsExactly(3, 4, 5);
  }

  @Test
  void theTokensAreReadOnlyAndOfTheirShape() {
    assertThat(of(1, 2, 1, 2).tokens().isReadOnly()).isTrue();
    assertThatThrownBy(() -> of(2, 2, 1, 2, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "tokens must be [length, width], both at least 1, but length is 2, width is 2, and"
                + " there are 3 numbers");
  }

  @Test
  void thePooledVectorMayBeAPartOfTheTokens() {
    float[] tokens = {1, 2, 3, 4};
    Condition condition =
        new Condition(
            2,
            2,
            FloatBuffer.wrap(tokens),
            Optional.of(FloatBuffer.wrap(tokens, 2, 2)),
            Optional.empty());
    assertThat(condition.requirePooled()).containsExactly(3, 4);
    assertThatThrownBy(() -> of(1, 1, 1).requirePooled())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("found no end token");
  }

  @Test
  void sizeIdsAreChecked() {
    assertThat(SizeIds.whole(512, 768)).isEqualTo(new SizeIds(512, 768, 0, 0, 512, 768));
    assertThatThrownBy(() -> new SizeIds(1, 1, 0, -1, 1, 1))
        .hasMessage("cropLeft must be at least 0, but was -1");
    assertThatThrownBy(() -> SizeIds.whole(0, 1))
        .hasMessage("originalHeight must be at least 1, but was 0");
  }
}
