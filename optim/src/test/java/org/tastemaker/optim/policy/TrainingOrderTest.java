package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.TrainingOrder.Row;

class TrainingOrderTest {
  private static final int[] IMAGES = {0, 2, 3, 5, 7, 8, 11}; // some have no reward
  private static final double[] ADVANTAGES = {0.0, 0.2, 0.3, 0.5, 0.7, 0.8, 1.1};

  private static List<List<Row>> rows(int steps, double fraction, int updates, Seed seed) {
    return TrainingOrder.rows(
        IMAGES, ADVANTAGES, IntStream.range(0, steps).toArray(), fraction, updates, seed);
  }

  private static List<Integer> stepsOf(int image, List<List<Row>> updates) {
    return updates.stream()
        .flatMap(List::stream)
        .filter(row -> row.image() == image)
        .map(Row::step)
        .toList();
  }

  private static List<Integer> imagesOf(List<List<Row>> updates) {
    return updates.stream().flatMap(List::stream).map(Row::image).distinct().toList();
  }

  @ParameterizedTest
  @CsvSource({"50, 1, 50", "50, 0.5, 25", "20, 0.99, 19", "3, 0.4, 1", "3, 0.01, 1"})
  void everyImageHasItsShareOfDifferentSteps(int steps, double fraction, int used) {
    List<List<Row>> updates = rows(steps, fraction, 3, Seed.of(1));
    assertThat(imagesOf(updates)).containsExactlyInAnyOrder(0, 2, 3, 5, 7, 8, 11);
    for (int image : IMAGES) {
      assertThat(stepsOf(image, updates))
          .hasSize(used)
          .doesNotHaveDuplicates()
          .allMatch(step -> step >= 0 && step < steps);
    }
  }

  @Test
  void everyImageIsInOneUpdateAloneWithItsAdvantage() {
    List<List<Row>> updates = rows(10, 0.5, 3, Seed.of(1));
    assertThat(updates.stream().map(update -> imagesOf(List.of(update)).size()))
        .containsExactly(2, 2, 3);
    assertThat(updates.stream().flatMap(update -> imagesOf(List.of(update)).stream()))
        .doesNotHaveDuplicates();
    assertThat(updates.stream().flatMap(List::stream))
        .allSatisfy(row -> assertThat(row.advantage()).isEqualTo(row.image() / 10.0));
  }

  @Test
  void withFewerImagesThanUpdatesThereIsOneForEach() {
    assertThat(rows(10, 1, 20, Seed.of(1))).hasSize(IMAGES.length).allMatch(u -> u.size() == 10);
  }

  @Test
  void theStepsOfAnImageComeInAnOrderOfItsOwn() {
    List<List<Row>> updates = rows(50, 1, 1, Seed.of(1));
    assertThat(IntStream.of(IMAGES).mapToObj(image -> stepsOf(image, updates)))
        .doesNotHaveDuplicates()
        .doesNotContain(IntStream.range(0, 50).boxed().toList());
  }

  @Test
  void anotherEpochHasOtherOrdersAndTheSameOneTheSame() {
    List<List<Row>> first = rows(50, 0.5, 2, Seed.of(1).split(0));
    List<List<Row>> second = rows(50, 0.5, 2, Seed.of(1).split(1));
    assertThat(imagesOf(second)).isNotEqualTo(imagesOf(first));
    for (int image : IMAGES) {
      assertThat(stepsOf(image, second)).isNotEqualTo(stepsOf(image, first));
    }
    assertThat(rows(50, 0.5, 2, Seed.of(1).split(0))).isEqualTo(first);
  }

  @Test
  void anImagesStepsDoNotDependOnWhichOthersHaveAReward() {
    List<List<Row>> alone =
        TrainingOrder.rows(
            new int[] {5},
            new double[] {0.5},
            IntStream.range(0, 50).toArray(),
            0.5,
            1,
            Seed.of(1));
    assertThat(stepsOf(5, rows(50, 0.5, 1, Seed.of(1)))).isEqualTo(stepsOf(5, alone));
  }
}
