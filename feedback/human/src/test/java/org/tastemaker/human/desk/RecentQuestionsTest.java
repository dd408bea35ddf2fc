package org.tastemaker.human.desk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;

class RecentQuestionsTest {
  private static final int OF_ONE = 2 * 3 * 8 * 8 * Float.BYTES;

  private static DeskQuestion question(int number) {
    Image image = Image.filled(8, 8, number / 1000f, 0, 0);
    return new DeskQuestion(
        "q" + number,
        new ImageGroup(Prompt.of("prompt"), List.of(image, Image.filled(8, 8, 1, 1, 1))),
        "look");
  }

  @Test
  void theLatestThatFitAreKeptHoweverManyThereWere() {
    RecentQuestions recent = new RecentQuestions(3 * OF_ONE);

    for (int i = 0; i < 500; i++) {
      recent.put(question(i));
      assertThat(recent.bytes()).isLessThanOrEqualTo(3 * OF_ONE);
    }

    assertThat(recent.get("q496")).isNull();
    assertThat(List.of("q497", "q498", "q499")).allMatch(id -> recent.get(id) != null);
  }

  @Test
  void theSameQuestionCountsOnceAndIsTheLatestAgain() {
    RecentQuestions recent = new RecentQuestions(2 * OF_ONE);
    recent.put(question(1));
    recent.put(question(2));
    recent.put(question(1));
    assertThat(recent.bytes()).isEqualTo(2 * OF_ONE);

    recent.put(question(3));

    assertThat(recent.get("q2")).isNull();
    assertThat(recent.get("q1")).isNotNull();
  }

  @Test
  void oneThatDoesNotFitIsKeptAlone() {
    RecentQuestions recent = new RecentQuestions(1);

    recent.put(question(1));
    recent.put(question(2));

    assertThat(recent.get("q1")).isNull();
    assertThat(recent.get("q2")).isNotNull();
  }
}
