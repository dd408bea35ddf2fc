package org.tastemaker.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;

class QuestionTest {
  private static final Prompt PROMPT = Prompt.of("a green heart");
  private static final List<Image> THREE = Greys.images(0.1, 0.2, 0.3);

  @Test
  void theIdentityChangesWithEverythingThatAJudgeIsShown() {
    Question question = Question.rank(PROMPT, THREE, Greys.RUBRIC);
    List<Question> others =
        List.of(
            question,
            Question.rank(Prompt.of("a red heart"), THREE, Greys.RUBRIC),
            Question.rank(PROMPT, Greys.images(0.2, 0.1, 0.3), Greys.RUBRIC),
            Question.rank(PROMPT, THREE, Rubric.of("brightness", "2", "Brighter is better.")),
            Question.rank(PROMPT, THREE, Rubric.of("brightness", "1", "Darker is better.")),
            Question.best(1, PROMPT, THREE, Greys.RUBRIC),
            Question.best(2, PROMPT, THREE, Greys.RUBRIC),
            Question.score(new Question.Scale(1, 5), PROMPT, THREE, Greys.RUBRIC),
            Question.score(new Question.Scale(1, 10), PROMPT, THREE, Greys.RUBRIC),
            question.withSample(1));

    Set<String> ids = new HashSet<>();
    others.forEach(other -> ids.add(other.id()));

    assertThat(ids).hasSameSizeAs(others);
  }

  @Test
  void theIdentityIsTheSameHoweverTheQuestionCameAbout() {
    Question question = Question.rank(PROMPT, THREE, Greys.RUBRIC);

    assertThat(question.withShown(List.of(5, 3, 4)).again("no JSON").id()).isEqualTo(question.id());
  }

  @Test
  void wordsDoNotRunIntoEachOther() {
    Question one = Question.rank(Prompt.of("ab"), THREE, Rubric.of("c", "1", "d"));
    Question other = Question.rank(Prompt.of("a"), THREE, Rubric.of("bc", "1", "d"));

    assertThat(one.id()).isNotEqualTo(other.id());
  }

  @Test
  void anOrderOfPositionsBecomesOneOfItems() {
    Question question = Question.rank(PROMPT, THREE, Greys.RUBRIC).withShown(List.of(4, 0, 2));

    Ranking items = question.undo(Ranking.ofTiers(3, List.of(List.of(1), List.of(0, 2))), 5);

    assertThat(items).isEqualTo(Ranking.ofTiers(5, List.of(List.of(0), List.of(2, 4))));
  }

  @Test
  void identicalImagesAreSeen() {
    assertThat(Question.pair(PROMPT, Greys.grey(0.5), Greys.grey(0.5), Greys.RUBRIC))
        .matches(Question::hasIdenticalImages);
    assertThat(Question.pair(PROMPT, Greys.grey(0.5), Greys.grey(0.6), Greys.RUBRIC))
        .matches(question -> !question.hasIdenticalImages());
  }

  @Test
  void eachFurtherAttemptTellsWhatWasWrong() {
    Question question = Question.rank(PROMPT, THREE, Greys.RUBRIC);

    assertThat(question.attempt()).isEqualTo(new Question.Attempt(0, ""));
    assertThat(question.again("no JSON").attempt()).isEqualTo(new Question.Attempt(1, "no JSON"));
    assertThat(question.again("no JSON").again("no label").attempt())
        .isEqualTo(new Question.Attempt(2, "no label"));
    assertThatThrownBy(() -> question.again(""))
        .hasMessageContaining("each further one has one, but attempt 1 had none");
    assertThatThrownBy(() -> new Question.Attempt(0, "no JSON"))
        .hasMessageContaining("the first attempt has no complaint")
        .hasMessageContaining("attempt 0 had 'no JSON'");
    assertThatThrownBy(() -> new Question.Attempt(-1, "no JSON"))
        .hasMessage("number must be at least 0, but was -1");
  }

  @Test
  void tooFewImagesAreNamed() {
    assertThatThrownBy(() -> Question.rank(PROMPT, Greys.images(0.5), Greys.RUBRIC))
        .hasMessageContaining("RANK needs at least 2 images, but was given 1")
        .hasMessageContaining("scored, not compared");
    assertThatThrownBy(
            () -> Question.score(new Question.Scale(1, 5), PROMPT, List.of(), Greys.RUBRIC))
        .hasMessageContaining("at least 1 image, but was given 0");
    assertThatThrownBy(
            () ->
                new Question(
                    Question.Kind.PAIR,
                    PROMPT,
                    THREE,
                    Greys.RUBRIC,
                    0,
                    null,
                    0,
                    List.of(0, 1, 2),
                    Question.Attempt.FIRST))
        .hasMessageContaining("exactly 2 images, but was given 3");
  }

  @Test
  void impossibleNumbersAreNamed() {
    assertThatThrownBy(() -> Question.best(3, PROMPT, THREE, Greys.RUBRIC))
        .hasMessageContaining("1 to 2 of 3, but was 3");
    assertThatThrownBy(() -> new Question.Scale(5, 5)).hasMessageContaining("5 to 5");
    assertThatThrownBy(() -> Question.rank(PROMPT, THREE, Greys.RUBRIC).withShown(List.of(0, 0, 1)))
        .hasMessageContaining("[0, 0, 1]");
    assertThatThrownBy(() -> Question.rank(PROMPT, THREE, Greys.RUBRIC).withSample(-1))
        .hasMessageContaining("-1");
  }
}
