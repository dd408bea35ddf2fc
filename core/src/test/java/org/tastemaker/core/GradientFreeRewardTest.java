package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.DifferentiableReward.Batch;
import org.tastemaker.core.DifferentiableReward.Input;

class GradientFreeRewardTest {
  private static final Prompt CAT = Prompt.of("cat");

  /** An image's first number plus a hundred times its last. */
  private record Ends(Input input) implements DifferentiableReward {
    @Override
    public double[] score(Batch batch, @Nullable FloatBuffer gradient) {
      assertThat(gradient).isNull();
      int size = batch.size();
      return IntStream.range(0, batch.prompts().size())
          .mapToDouble(
              n -> batch.values().get(n * size) + 100 * batch.values().get((n + 1) * size - 1))
          .toArray();
    }
  }

  /** Ten images: more than are scored at once. */
  private static Rollout rollout() {
    List<Image> images =
        IntStream.range(0, 10).mapToObj(i -> Image.filled(2, 1, i / 16f, 0, 0.5f)).toList();
    INDArray latents = Nd4j.zeros(DataType.FLOAT, 3, 10, 4, 1, 2);
    for (int i = 0; i < 10; i++) {
      latents.putScalar(new int[] {2, i, 0, 0, 0}, i);
      latents.putScalar(new int[] {2, i, 3, 0, 1}, 2);
      latents.putScalar(new int[] {1, i, 0, 0, 0}, 77); // not the last ones
    }
    return new Rollout(
        Collections.nCopies(10, CAT),
        Seed.of(1).splits(10),
        images,
        latents,
        Nd4j.zeros(2, 10),
        List.of(9, 1));
  }

  @Test
  void imagesAreScoredAsTheyAre() {
    try (Rollout rollout = rollout()) {
      Rewards rewards = GradientFreeReward.of(new Ends(Input.IMAGES)).score(rollout, List.of());
      for (int i = 0; i < 10; i++) {
        assertThat(rewards.get(i)).hasValue(i / 16.0 + 50);
      }
    }
  }

  @Test
  void latentsAreTheLastOnes() {
    try (Rollout rollout = rollout()) {
      Rewards rewards = GradientFreeReward.of(new Ends(Input.LATENTS)).score(rollout, List.of());
      for (int i = 0; i < 10; i++) {
        assertThat(rewards.get(i)).hasValue(i + 200);
      }
    }
  }

  @Test
  void aBatchThatIsNotWholeIsRefused() {
    assertThatThrownBy(() -> new Batch(List.of(CAT), FloatBuffer.allocate(11), 3, 2, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a batch must hold numbers for at least one prompt, but there were 1 of 3 x 2 x 2 (12),"
                + " and 11 numbers");
    assertThatThrownBy(() -> new Batch(List.of(), FloatBuffer.allocate(0), 3, 2, 2))
        .hasMessageContaining("at least one prompt");
  }
}
