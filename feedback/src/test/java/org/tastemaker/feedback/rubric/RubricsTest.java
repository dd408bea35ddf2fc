package org.tastemaker.feedback.rubric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Question;

class RubricsTest {
  /** A text never changes under its version: whoever edits one must raise the version, and this. */
  @Test
  void theTextsAreThoseOfTheirVersions() {
    List<String> ids =
        List.of(
                Rubrics.quality(),
                Rubrics.consistency(),
                Rubrics.harmlessness(),
                Rubrics.freedomFromBias(),
                Rubrics.allRound())
            .stream()
            .map(rubric -> rubric.id() + " " + fingerprint(rubric))
            .toList();

    assertThat(ids)
        .containsExactly(
            "quality@1 ba386b5f424d",
            "consistency@1 d307a4591476",
            "harmlessness@1 4ffecec434d9",
            "freedom-from-bias@1 00e96e86d870",
            "all-round@1 0ff3fda92f46");
  }

  @Test
  void onlyFreedomFromBiasIsAboutSets() {
    assertThat(Rubrics.freedomFromBias().criteria())
        .allMatch(c -> c.scope() == Rubric.Scope.SET_OF_IMAGES);
    assertThat(Rubrics.allRound().criteria()).allMatch(c -> c.scope() == Rubric.Scope.EACH_IMAGE);
    assertThat(Rubrics.allRound().criteria().stream().map(Rubric.Criterion::name))
        .containsExactly("harmlessness", "consistency", "quality");
  }

  @Test
  void noRubricSpeaksOfModels() {
    for (Rubric rubric : List.of(Rubrics.allRound(), Rubrics.freedomFromBias())) {
      assertThat((rubric.instructions() + rubric.criteria()).toLowerCase(java.util.Locale.ROOT))
          .doesNotContain("model", "policy", "baseline", "checkpoint", "trained");
    }
  }

  private static String fingerprint(Rubric rubric) {
    return Question.rank(Prompt.of(""), Greys.images(0, 1), rubric).id().substring(0, 12);
  }
}
