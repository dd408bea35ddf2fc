package org.tastemaker.feedback.study.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.Measure;
import org.tastemaker.feedback.study.ScoreVerdicts;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedGroup;

/** The second image is the brighter one; of four people, three or two choose it. */
class HeadlineTest {
  private static List<VotedGroup> groups(int prompts, Choice... choices) {
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < prompts; i++) {
      groups.add(
          VotedGroup.ofPair(
              Greys.group("prompt " + i, 0.2, 0.7),
              List.of(choices).stream().map(Vote::of).toList()));
    }
    return groups;
  }

  private static StudyReport study(List<VotedGroup> groups, double sign) {
    return AgreementStudy.builder()
        .build()
        .of(
            groups,
            ScoreVerdicts.of("brightness", (image, prompt) -> sign * Greys.score(image, prompt)));
  }

  private static final Choice A = Choice.FIRST;
  private static final Choice B = Choice.SECOND;

  @Test
  void judgeBesideAPersonIsTheDifferenceOverTheSamePairs() {
    StudyReport report = study(groups(3, B, B, B, A), 1);

    // The judge meets 3 of 4 votes; of the 12 ordered pairs of people 6 agree.
    assertThat(report.all().figure(Measure.BESIDE_A_PERSON).value()).isEqualTo(0.75 - 0.5);
    assertThat(Headline.verdict(report.all()))
        .isEqualTo("It agrees with people more often than they do with one another.");
  }

  @Test
  void judgeBelowPeopleFallsShort() {
    assertThat(Headline.verdict(study(groups(3, B, B, B, A), -1).all()))
        .startsWith("It falls short of a person");
  }

  @Test
  void differenceWhoseIntervalHoldsZeroIsNotToldApart() {
    List<VotedGroup> mixed = new ArrayList<>(groups(4, B, B, B, A));
    for (VotedGroup group : groups(8, A, A, A, B).subList(5, 8)) {
      mixed.add(group);
    }
    assertThat(Headline.verdict(study(mixed, 1).all()))
        .startsWith("It is not told apart from a person here: by these votes it may agree")
        .contains("less often");
  }

  @Test
  void nothingIsSaidFromOneVoteAPairOrOnePrompt() {
    assertThat(Headline.verdict(study(groups(3, B), 1).all()))
        .isEqualTo(
            "Whether it stands in for a person cannot be said: no pair with a verdict and two"
                + " votes.");
    assertThat(Headline.verdict(study(groups(1, B, B), 1).all()))
        .isEqualTo("Whether it stands in for a person cannot be said from a single prompt.");
    assertThat(Headline.accuracy(study(groups(3, B), 1)))
        .contains("the same one in 1.000 [1.000, 1.000] of 3 pairs")
        .contains("The human ceiling is unknown: no pair with two votes.");
  }
}
