package org.tastemaker.examples.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.simulated.Asking.Correction;
import org.tastemaker.feedback.agreement.RankCorrelation;

class AskingTest {
  private static final Faults NONE = new Faults(0, 0, 0, 0, 0);

  /** Eight images, from the worst to the best. */
  private static final ImageGroup EIGHT = group(i -> Image.filled(2, 2, 0.5f, 0.1f * i, 0.5f));

  /** By green, so that red makes no difference to the truth. */
  private static double truth(Image image, Prompt prompt) {
    return 10 * image.get(1, 0, 0);
  }

  private static Asking third(String way) {
    return Objects.requireNonNull(Grid.costs().get(way)).get(2);
  }

  private static ImageGroup group(IntFunction<Image> image) {
    return new ImageGroup(Prompt.of("green"), IntStream.range(0, 8).mapToObj(image).toList());
  }

  private static Asking.Answers ask(Asking asking, Faults faults, ImageGroup... groups) {
    return asking.ask(faults, AskingTest::truth, List.of(groups), Seed.of(3));
  }

  private static double correlation(Asking asking, Faults faults, ImageGroup group) {
    double[] truth = group.images().stream().mapToDouble(i -> truth(i, group.prompt())).toArray();
    return RankCorrelation.of(truth, ask(asking, faults, group).of().get(0)).spearman();
  }

  @Test
  void aFaultlessJudgeGivesTheTrueOrderHoweverItIsAsked() {
    assertThat(Grid.costs().get("listwise"))
        .allSatisfy(a -> assertThat(correlation(a, NONE, EIGHT)).isEqualTo(1));
    assertThat(correlation(Grid.RANDOM, NONE, EIGHT)).isEqualTo(1);
    assertThat(correlation(Grid.BOTH, NONE, EIGHT)).isEqualTo(1);
  }

  @Test
  void whatIsShownIsCountedAsTheProtocolsSay() {
    Asking.Answers list = ask(Asking.listwise(7), NONE, EIGHT);
    Asking.Answers random = ask(Grid.RANDOM, NONE, EIGHT);
    Asking.Answers both = ask(Grid.BOTH, NONE, EIGHT);
    Asking.Answers active = ask(third("active pairs"), NONE, EIGHT);
    Asking.Answers points = ask(third("pointwise"), NONE, EIGHT);
    Asking.Answers second = ask(Grid.ONCE.with(Correction.SECOND_JUDGE), NONE, EIGHT);

    assertThat(List.of(list.questions(), list.images())).containsExactly(7L, 56L);
    assertThat(List.of(random.questions(), random.images())).containsExactly(28L, 56L);
    assertThat(List.of(both.questions(), both.images())).containsExactly(56L, 112L);
    assertThat(List.of(active.questions(), active.images())).containsExactly(28L, 56L);
    assertThat(List.of(points.questions(), points.images())).containsExactly(56L, 56L);
    assertThat(List.of(second.questions(), second.images())).containsExactly(2L, 16L);
  }

  /**
   * The answers of both orders are opposite: one half each, so that the bias alone says nothing.
   */
  @Test
  void askingInBothOrdersTurnsABiasThatDecidesAloneIntoTies() {
    Faults side = new Faults(0, 100, 0, 0, 0);

    assertThat(ask(Grid.BOTH, side, EIGHT).of().get(0)).containsOnly(0.5);
  }

  /** The bias is the same in both logits, with the opposite sign. */
  @Test
  void softAnswersInBothOrdersTakeABiasOffExactly() {
    double[] without = ask(Grid.BOTH.asSoft(), new Faults(2, 0, 0, 0, 0), EIGHT).of().get(0);
    double[] with = ask(Grid.BOTH.asSoft(), new Faults(2, 3, 0, 0, 0), EIGHT).of().get(0);

    for (int i = 0; i < with.length; i++) {
      assertThat(with[i]).isCloseTo(without[i], within(1e-6));
    }
  }

  @Test
  void softAnswersTellApartWhatTies() {
    Faults ties = new Faults(0.5, 0, 100, 0, 0);

    assertThat(ask(Grid.RANDOM, ties, EIGHT).of().get(0)).containsOnly(0.5);
    assertThat(correlation(Grid.RANDOM.asSoft(), ties, EIGHT)).isEqualTo(1);
  }

  @Test
  void repeatsTakeNoiseOff() {
    Faults noisy = new Faults(4, 0, 0, 0, 0);
    double once = 0;
    double often = 0;
    for (int seed = 0; seed < 20; seed++) {
      for (Asking asking : List.of(Grid.ONCE, Asking.listwise(14))) {
        double[] rewards =
            asking.ask(noisy, AskingTest::truth, List.of(EIGHT), Seed.of(seed)).of().get(0);
        double[] truth = IntStream.range(0, 8).mapToDouble(i -> i).toArray();
        double found = RankCorrelation.of(truth, rewards).spearman();
        once += asking.equals(Grid.ONCE) ? found / 20 : 0;
        often += asking.equals(Grid.ONCE) ? 0 : found / 20;
      }
    }
    assertThat(often).isGreaterThan(once + 0.2);
  }

  /** The truth is the same for all images here, so that only the taste speaks. */
  @Test
  void whatRednessExplainsIsTakenOff() {
    ImageGroup reds = group(i -> Image.filled(2, 2, 0.1f * i, 0.5f, 0.5f));
    Faults taste = new Faults(0, 0, 0, 0, 10);

    double[] plain = ask(Grid.ONCE, taste, reds).of().get(0);
    double[] regressed = ask(Grid.ONCE.with(Correction.REGRESSED), taste, reds).of().get(0);

    assertThat(plain).isSorted();
    assertThat(plain[7]).isEqualTo(1);
    assertThat(Arrays.stream(regressed).max().orElseThrow())
        .isCloseTo(Arrays.stream(regressed).min().orElseThrow(), within(1e-5));
  }

  @Test
  void aSecondJudgeHalvesWhatTheTasteDoes() {
    ImageGroup both = group(i -> Image.filled(2, 2, 1 - 0.1f * i, 0.1f * i, 0.5f));
    Faults taste = new Faults(0, 0, 0, 0, 100); // prefers red to all that is true

    double[] rewards = ask(Grid.ONCE.with(Correction.SECOND_JUDGE), taste, both).of().get(0);

    assertThat(rewards).containsOnly(0.5);
  }
}
