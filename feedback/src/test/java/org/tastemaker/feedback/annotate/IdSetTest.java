package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

class IdSetTest {
  @Property(tries = 100)
  void holdsWhatASetHolds(
      @ForAll @Size(max = 300) List<@LongRange(min = -40, max = 40) Long> keys) {
    IdSet ids = new IdSet();
    Set<String> expected = new HashSet<>();

    for (long key : keys) {
      String id = String.format("%016x%016x", key, key % 3);
      assertThat(ids.add(id)).isEqualTo(expected.add(id));
    }

    assertThat(ids.size()).isEqualTo(expected.size());
  }

  @Test
  void growsFarBeyondItsFirstSize() {
    IdSet ids = new IdSet();
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 20_000; i++) {
        String id =
            String.format("%016x%016x", Seed.of(i).split(0).key(), Seed.of(i).split(1).key());
        assertThat(ids.add(id)).isEqualTo(round == 0);
      }
    }
    assertThat(ids.size()).isEqualTo(20_000);
  }

  @Test
  void somethingElseIsNamed() {
    assertThatThrownBy(() -> new IdSet().add("abc")).hasMessageContaining("'abc'");
  }
}
