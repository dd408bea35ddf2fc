package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.reward.Rollouts;

class PreferenceSetTest {
  private static final Image A = Rollouts.grey(0.1f);
  private static final Image B = Rollouts.grey(0.2f);
  private static final Image C = Rollouts.grey(0.3f);
  private static final Prompt CAT = Prompt.of("cat");

  @Test
  void missingJudgementsAreLeftOut() {
    PreferenceSet set =
        PreferenceSet.of(
            List.of(
                new ImageGroup(CAT, List.of(A, B)),
                new ImageGroup(Prompt.of("dog"), List.of(A, B))),
            List.of(
                Judgement.missing(2, "refused", "judge", Usage.NONE),
                Judgement.of(Ranking.of(1, 0), "judge")));

    assertThat(set.groups()).extracting(g -> g.prompt().text()).containsExactly("dog");
  }

  @Test
  void softLabelsAreTakenWhereTheyWereRecordedAndTheLossFollowsThem() {
    List<ImageGroup> groups =
        List.of(
            new ImageGroup(CAT, List.of(A, B)), new ImageGroup(Prompt.of("dog"), List.of(A, B)));
    List<Judgement> judgements =
        List.of(
            Judgement.of(Ranking.of(0, 1), "judge")
                .withProvenance(Map.of("preferences", "0,1,0.7")),
            Judgement.of(Ranking.of(0, 1), "judge"));
    PreferenceSet soft = PreferenceSet.ofSoft(groups, judgements);

    assertThat(soft.groups().get(0).ballots().preferences())
        .containsExactly(new Preference(0, 1, 0.7));
    assertThat(soft.groups().get(1).ballots().preferences())
        .containsExactly(new Preference(0, 1, 1));
    // scores that differ by ln(7/3) are the best for 7 of 10, and not for a certain win
    double[] gradient = new double[2];
    double loss =
        new BradleyTerryLoss()
            .of(soft.groups().get(0))
            .orElseThrow()
            .value()
            .evaluate(new double[] {Math.log(7.0 / 3), 0}, gradient);
    assertThat(loss).isCloseTo(-0.7 * Math.log(0.7) - 0.3 * Math.log(0.3), within(1e-12));
    assertThat(gradient[0]).isCloseTo(0, within(1e-12));
  }

  @Test
  void groupsOfOnePromptAreJoinedOverTheirImages() {
    PreferenceSet set =
        PreferenceSet.of(
            List.of(
                JudgedGroup.compared(
                    CAT, List.of(A, B), Ballots.ofRankings(List.of(Ranking.of(1, 0)))),
                JudgedGroup.compared(
                    CAT.withNegativeText("blurry"),
                    List.of(C, B),
                    Ballots.ofPreferences(2, List.of(new Preference(0, 1, 0.8))))));

    assertThat(set.size()).isEqualTo(1);
    JudgedGroup joined = set.groups().get(0);
    assertThat(joined.images()).containsExactly(A, B, C);
    assertThat(joined.ballots().rankings())
        .containsExactly(Ranking.ofTiers(3, List.of(List.of(1), List.of(0))));
    assertThat(joined.ballots().preferences()).containsExactly(new Preference(2, 1, 0.8));
    assertThat(joined.labels()).isEmpty();
  }

  @Test
  void labelsOfJoinedGroupsStandBesideTheirImages() {
    PreferenceSet set =
        PreferenceSet.of(
            List.of(
                JudgedGroup.labelled(
                    CAT, List.of(A, B), List.of(OptionalDouble.of(3), OptionalDouble.empty())),
                JudgedGroup.labelled(CAT, List.of(C), List.of(OptionalDouble.of(8)))));

    assertThat(set.goodFrom(5).groups().get(0).labels())
        .containsExactly(OptionalDouble.of(0), OptionalDouble.empty(), OptionalDouble.of(1));
  }

  @Test
  void scoresOfJudgementsAreLabels() {
    PreferenceSet set =
        PreferenceSet.of(
            List.of(new ImageGroup(CAT, List.of(A, B))),
            List.of(
                Judgement.ofScores(List.of(OptionalDouble.of(1), OptionalDouble.of(0)), "judge")));

    assertThat(set.groups().get(0).labels())
        .containsExactly(OptionalDouble.of(1), OptionalDouble.of(0));
    assertThat(set.groups().get(0).ballots().rankings()).containsExactly(Ranking.of(0, 1));
  }

  @Property(tries = 100)
  void aSplitHasEachPromptOnceAndNoPartIsEmpty(
      @ForAll @IntRange(min = 3, max = 40) int prompts, @ForAll long key) {
    List<PreferenceSet> parts =
        prompts(prompts).split(new double[] {0.65, 0.15, 0.2}, Seed.of(key));

    Set<String> seen = new HashSet<>();
    int sum = 0;
    for (PreferenceSet part : parts) {
      assertThat(part.size()).isPositive();
      sum += part.size();
      part.groups().forEach(g -> seen.add(g.prompt().text()));
    }
    assertThat(sum).isEqualTo(prompts);
    assertThat(seen).hasSize(prompts);
    assertThat(parts.get(2).size()).isBetween((int) (0.2 * prompts) - 1, (int) (0.2 * prompts) + 1);
  }

  @Test
  void badInputIsSaid() {
    assertThatThrownBy(() -> prompts(2).split(new double[] {0.5, 0.3, 0.2}, Seed.of(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "2 prompts cannot be split into 3 parts of at least one prompt each; judge more"
                + " prompts");
    assertThatThrownBy(() -> prompts(2).split(new double[] {0.5, 0.6}, Seed.of(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the shares of a split must each be above 0 and sum to 1, but were [0.5, 0.6]");
    assertThatThrownBy(() -> PreferenceSet.of(List.of(new ImageGroup(CAT, List.of(A))), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there must be a judgement for each of the 1 groups, but there were 0");
    assertThatThrownBy(
            () ->
                JudgedGroup.compared(
                    CAT, List.of(A), Ballots.ofRankings(List.of(Ranking.of(0, 1)))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a judged group has at least one image, ballots about its images, and a label for each"
                + " or none, but that of prompt 'cat' has 1 images, ballots about 2 and 0 labels");
    assertThatThrownBy(
            () ->
                PreferenceSet.of(
                    List.of(
                        JudgedGroup.compared(
                            CAT, List.of(A, A), Ballots.ofRankings(List.of(Ranking.of(0, 1)))),
                        JudgedGroup.compared(
                            CAT, List.of(B), Ballots.ofRankings(List.of(Ranking.of(0)))))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "prompt 'cat' was judged in several groups, one of which holds the same image twice;"
                + " leave one out");
    assertThatThrownBy(() -> prompts(1).goodFrom(Double.NaN))
        .hasMessage("threshold must be finite, but was NaN");
  }

  @Test
  void aPerturbationReplacesOneWordAtATimeByOthersOfItsKind() {
    PromptPerturbation perturbation =
        PromptPerturbation.replacing(
            List.of(List.of("one", "two"), List.of("blue", "dark blue", "red")));

    assertThat(perturbation.of(Prompt.of("Two dark blue cats, none scared")))
        .extracting(Prompt::text)
        .containsExactly(
            "one dark blue cats, none scared",
            "Two blue cats, none scared",
            "Two red cats, none scared");
    assertThat(perturbation.of(CAT)).isEmpty();
    assertThat(
            PromptPerturbation.countsColoursAndBackgrounds().of(Prompt.of("two cats on the moon")))
        .hasSize(5 + 7);
    assertThatThrownBy(() -> PromptPerturbation.replacing(List.of(List.of("red"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a kind needs at least two words, none of them blank, but found [red]");
  }

  private static PreferenceSet prompts(int count) {
    List<JudgedGroup> groups = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      groups.add(
          JudgedGroup.compared(
              Prompt.of("prompt " + i),
              List.of(A, B),
              Ballots.ofRankings(List.of(Ranking.of(0, 1)))));
    }
    return PreferenceSet.of(groups);
  }
}
