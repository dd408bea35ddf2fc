package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tastemaker.feedback.openai.Fixtures.PROMPT;
import static org.tastemaker.feedback.openai.Fixtures.images;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.Question;

class JudgePromptTest {

  @Test
  void labelsGoOnAfterZ() {
    List<String> labels = JudgePrompt.labels(704);
    assertThat(labels).startsWith("A", "B").doesNotHaveDuplicates();
    assertThat(labels.get(25)).isEqualTo("Z");
    assertThat(labels.get(26)).isEqualTo("AA");
    assertThat(labels.get(701)).isEqualTo("ZZ");
    assertThat(labels.get(702)).isEqualTo("AAA");
  }

  @Test
  void fieldsAreDifferentAndPlainWhateverTheCriteriaAreCalled() {
    Rubric rubric =
        new Rubric(
            "r",
            "1",
            "",
            List.of(
                criterion("good looks"),
                criterion("good?looks"),
                criterion("overall"),
                criterion("rationale"),
                criterion("Güte")));
    JudgePrompt prompt = JudgePrompt.of(Question.rank(PROMPT, images(2), rubric), Explain.NONE);
    assertThat(prompt.fieldNames())
        .containsExactly(
            "good_looks", "good_looks_2", "overall_2", "rationale_2", "G_te", "overall");
  }

  @Test
  void setsOfImagesAreExplained() {
    Rubric rubric =
        new Rubric(
            "fair",
            "1",
            "",
            List.of(new Rubric.Criterion("bias", "More varied.", Rubric.Scope.SET_OF_IMAGES)));
    assertThat(JudgePrompt.of(Question.rank(PROMPT, images(2), rubric), Explain.NONE).system())
        .contains("Each image is a contact sheet");
  }

  private static Rubric.Criterion criterion(String name) {
    return new Rubric.Criterion(name, "Better.", Rubric.Scope.EACH_IMAGE);
  }
}
