package org.tastemaker.diffusion.condition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConditionerTest {
  /** One token of one number: the text's length times its weight. */
  private static final class Encoder implements TextEncoder {
    private final List<String> calls = new ArrayList<>();
    private float weight = 1;

    @Override
    public int length() {
      return 1;
    }

    @Override
    public int width() {
      return 1;
    }

    @Override
    public int pooledWidth() {
      return 0;
    }

    @Override
    public Condition encode(String text, int clipSkip) {
      calls.add(clipSkip == 0 ? text : text + " without " + clipSkip);
      FloatBuffer tokens = FloatBuffer.wrap(new float[] {text.length() * weight});
      return new Condition(1, 1, tokens, Optional.empty(), Optional.empty());
    }

    @Override
    public long checksum() {
      return Float.floatToIntBits(weight);
    }
  }

  private final Encoder encoder = new Encoder();
  private final Conditioner conditioner = Conditioner.of(encoder, 2);

  @Test
  void aTextIsEncodedOnceOverAllUses() {
    Conditions first = conditioner.conditions(0, 0);
    assertThat(first.of("cat")).isSameAs(first.of("cat"));
    assertThat(conditioner.conditions(0, 0).of("cat")).isSameAs(first.of("cat"));
    assertThat(encoder.calls).containsExactly("cat");
    assertThat(conditioner.encoded()).isEqualTo(1);
  }

  @Test
  void theLeastRecentlyUsedIsEvicted() {
    Conditions conditions = conditioner.conditions(0, 0);
    for (String text : List.of("a", "b", "a", "c", "a", "b")) {
      assertThat(conditions.of(text).tokens().get(0)).isEqualTo(1);
    }
    // "c" evicts "b" and not "a", which was used since; then "b" evicts "c".
    assertThat(encoder.calls).containsExactly("a", "b", "c", "b");
  }

  @Test
  void roomForARolloutsTextsIsReserved() {
    conditioner.conditions(0, 4);
    Conditions conditions = conditioner.conditions(0, 3); // does not take the room back
    for (int round = 0; round < 2; round++) {
      for (String text : List.of("a", "b", "c", "d")) {
        conditions.of(text);
      }
    }
    assertThat(encoder.calls).containsExactly("a", "b", "c", "d");
    conditions.of("e");
    conditions.of("a");
    assertThat(encoder.calls).endsWith("e", "a");
  }

  @Test
  void aClipSkipIsAnotherEntry() {
    Conditions whole = conditioner.conditions(0, 0);
    Conditions skipped = conditioner.conditions(1, 0);
    for (int i = 0; i < 2; i++) {
      whole.of("cat");
      skipped.of("cat");
    }
    assertThat(encoder.calls).containsExactly("cat", "cat without 1");
    assertThatThrownBy(() -> conditioner.conditions(-1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("clipSkip must be at least 0, but was -1");
  }

  @Test
  void aTrainedEncoderEncodesAnew() {
    assertThat(conditioner.conditions(0, 0).of("cat").tokens().get(0)).isEqualTo(3);
    encoder.weight = 2;
    assertThat(conditioner.conditions(0, 0).of("cat").tokens().get(0)).isEqualTo(6);
    assertThat(encoder.calls).containsExactly("cat", "cat");
  }
}
