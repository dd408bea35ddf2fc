package org.tastemaker.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.common.primitives.ImmutableDoubleArray;
import com.google.common.primitives.ImmutableIntArray;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.diffusion.train.ChoiceLoss.Choice;
import org.tastemaker.reward.learned.JudgedGroup;

class HpsFormTest {
  private static JudgedGroup group(int size, List<Ranking> rankings, List<Preference> pairs) {
    return JudgedGroup.compared(
        Prompt.of("a red cat"),
        IntStream.range(0, size).mapToObj(i -> ToyClip.image(8, 8, i)).toList(),
        new Ballots(size, rankings, pairs));
  }

  private static Choice choice(double weight, int[] images, double... shares) {
    return new Choice(
        0, ImmutableIntArray.copyOf(images), ImmutableDoubleArray.copyOf(shares), weight);
  }

  @Test
  void bestOfARankingIsAChoiceAmongAll() {
    assertThat(HpsForm.BEST.of(group(3, List.of(Ranking.of(2, 0, 1)), List.of())))
        .containsExactly(choice(1, new int[] {2, 0, 1}, 1, 0, 0));
  }

  @Test
  void imagesThatTieForTheFirstPlaceShareTheChoice() {
    Ranking tied = Ranking.ofTiers(3, List.of(List.of(0, 2), List.of(1)));
    assertThat(HpsForm.BEST.of(group(3, List.of(tied), List.of())))
        .containsExactly(choice(1, new int[] {0, 2, 1}, 0.5, 0.5, 0));
  }

  @Test
  void imagesThatWereNotJudgedWereNotToChooseFrom() {
    Ranking partial = Ranking.ofTiers(4, List.of(List.of(3), List.of(1)));
    assertThat(HpsForm.BEST.of(group(4, List.of(partial), List.of())))
        .containsExactly(choice(1, new int[] {3, 1}, 1, 0));
    assertThat(HpsForm.PAIRS.of(group(4, List.of(partial), List.of())))
        .containsExactly(choice(1, new int[] {1, 3}, 0, 1));
  }

  @Test
  void judgeWhoFoundAllEqualChoseNothing() {
    Ranking equal = Ranking.ofTiers(2, List.of(List.of(0, 1)));
    assertThat(HpsForm.BEST.of(group(2, List.of(equal), List.of()))).isEmpty();
    assertThat(HpsForm.PAIRS.of(group(2, List.of(equal), List.of())))
        .containsExactly(choice(1, new int[] {0, 1}, 0.5, 0.5));
  }

  @Test
  void pairsOfAPromptHaveTheWeightOfOneChoice() {
    List<Choice> pairs = HpsForm.PAIRS.of(group(3, List.of(Ranking.of(2, 0, 1)), List.of()));
    assertThat(pairs)
        .containsExactly(
            choice(1.0 / 3, new int[] {0, 1}, 1, 0),
            choice(1.0 / 3, new int[] {0, 2}, 0, 1),
            choice(1.0 / 3, new int[] {1, 2}, 0, 1));
    assertThat(pairs.stream().mapToDouble(Choice::weight).sum()).isCloseTo(1, within(1e-12));
  }

  @Test
  void softLabelsStaySoft() {
    JudgedGroup soft = group(2, List.of(), List.of(new Preference(1, 0, 0.75)));
    for (HpsForm form : HpsForm.values()) {
      assertThat(form.of(soft)).containsExactly(choice(1, new int[] {1, 0}, 0.75, 0.25));
    }
  }

  @Test
  void nothingIsLearnedFromNoJudgement() {
    for (HpsForm form : HpsForm.values()) {
      assertThat(form.of(group(3, List.of(Ranking.none(3)), List.of()))).isEmpty();
    }
  }
}
