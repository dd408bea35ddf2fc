package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SeedTest {
  @Test
  void philoxGivesThePublishedTestVectors() {
    // Random123's known answers for philox4x32 with 10 rounds.
    assertThat(Seed.philox(0, 0, 0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(Seed.philox(-1L, -1, -1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    assertThat(Seed.philox(0x299f31d0a4093822L, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @Test
  void gaussianIsBoxMullerOfTheDocumentedWords() {
    int[] words = Seed.philox(7, 0, 3, 0, 0);
    double u = (words[0] >>> 8) * 0x1p-24 + 0x1p-25;
    double v = (words[1] >>> 8) * 0x1p-24;

    float[] out = new float[2];
    Seed.of(7).gaussian(3, out);

    assertThat(out[0]).isEqualTo((float) (Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v)));
    assertThat(out[1]).isEqualTo((float) (Math.sqrt(-2 * Math.log(u)) * Math.sin(2 * Math.PI * v)));
  }

  @Property
  void anElementDoesNotDependOnHowManyAreDrawn(
      @ForAll long key, @ForAll @IntRange(min = 0, max = 33) int length) {
    float[] whole = new float[40];
    float[] part = new float[length];
    Seed.of(key).gaussian(1, whole);
    Seed.of(key).gaussian(1, part);

    assertThat(part).containsExactly(Arrays.copyOf(whole, length));
  }

  @Test
  void gaussianHasTheMomentsOfTheNormalDistribution() {
    float[] out = new float[1_000_000];
    Seed.of(1).gaussian(0, out);

    double mean = 0;
    double square = 0;
    double fourth = 0;
    for (float x : out) {
      mean += x / 1e6;
      square += x * x / 1e6;
      fourth += Math.pow(x, 4) / 1e6;
    }
    // Five standard errors of each moment at n = 1e6: 1, sqrt(2) and sqrt(96) over 1000.
    assertThat(mean).isCloseTo(0, within(5e-3));
    assertThat(square).isCloseTo(1, within(7.1e-3));
    assertThat(fourth).isCloseTo(3, within(4.9e-2));
  }

  @Test
  void streamsAndChildrenAreDifferentAndUncorrelated() {
    Seed seed = Seed.of(5);
    float[][] draws = new float[4][10_000];
    seed.gaussian(0, draws[0]);
    seed.gaussian(1, draws[1]);
    seed.split(0).gaussian(0, draws[2]);
    seed.split(1).gaussian(0, draws[3]);

    for (int a = 0; a < 4; a++) {
      for (int b = a + 1; b < 4; b++) {
        double product = 0;
        for (int i = 0; i < 10_000; i++) {
          product += draws[a][i] * draws[b][i];
        }
        // The mean product of independent normals has standard error 1/sqrt(n) = 0.01: five of
        // them.
        assertThat(product / 10_000).isCloseTo(0, within(0.05));
      }
    }
  }

  @Test
  void childrenOfOneSeedAndOfItsNeighboursAreAllDifferent() {
    Set<Long> keys = new HashSet<>();
    for (long parent = 0; parent < 100; parent++) {
      for (long child = 0; child < 100; child++) {
        keys.add(Seed.of(parent).split(child).key());
      }
      keys.add(Seed.of(parent).split("shuffle").key());
      keys.add(Seed.of(parent).split("").key());
    }
    assertThat(keys).hasSize(10_200);
  }

  @Test
  void splitsAreTheChildrenInOrder() {
    Seed seed = Seed.of(3);
    assertThat(seed.splits(3)).containsExactly(seed.split(0), seed.split(1), seed.split(2));
    assertThat(seed.splits(0)).isEmpty();
    assertThatThrownBy(() -> seed.splits(-1)).hasMessage("count must be at least 0, but was -1");
  }

  @Test
  void theGeneratorStartsAtTheBeginningEachTime() {
    RandomGenerator one = Seed.of(9).generator();
    RandomGenerator two = Seed.of(9).generator();
    for (int i = 0; i < 100; i++) {
      assertThat(one.nextLong()).isEqualTo(two.nextLong());
    }
  }

  @Test
  void theGeneratorIsUniform() {
    RandomGenerator generator = Seed.of(11).generator();
    int[] counts = new int[10];
    for (int i = 0; i < 100_000; i++) {
      counts[generator.nextInt(10)]++;
    }
    // Binomial standard deviation sqrt(1e5 * 0.1 * 0.9) = 95: five of them.
    for (int count : counts) {
      assertThat(count).isBetween(10_000 - 475, 10_000 + 475);
    }
  }

  @Test
  void gaussianRefusesANegativeStreamAndARangeOutsideTheArray() {
    assertThatThrownBy(() -> Seed.of(0).gaussian(-1, new float[1]))
        .hasMessage("stream must be at least 0, but was -1");
    assertThatThrownBy(() -> Seed.of(0).gaussian(0, new float[4], 2, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }
}
