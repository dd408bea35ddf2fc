package org.tastemaker.examples.ideas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;

/** The ranking oracle of a search is ChatGPT or a person, through the same port. */
class SearchJudgesTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(printed, true, UTF_8);

  @Test
  void theSearchOfALatentAsksChatGptOverHttp() throws IOException {
    try (LoopbackServer server = RankImages.playChatGpt();
        ChatGptOracle chatGpt =
            ChatGptOracle.builder()
                .model("mock")
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .build()) {
      OptimiseLatent.Result result = OptimiseLatent.search(chatGpt, 2, 4, folder, out);

      // A round asks about the probes and about the steps.
      assertThat(server.answers()).isGreaterThanOrEqualTo(4);
      assertThat(result.after()).isGreaterThanOrEqualTo(result.before()); // the judge never errs
    }
  }

  @Test
  void theSearchOfALatentAsksAPerson() throws IOException {
    AskPerson person = person("1 2 3\n2\n\n"); // the best probes; the second step; then nothing

    OptimiseLatent.search(person, 2, 4, folder, out);

    assertThat(folder.resolve("question.png")).exists();
    assertThat(printed.toString(UTF_8))
        .contains("which of the 6 images", "round  1", "moved", "there is no answer");
  }

  @Test
  void aPersonsNumbersAreTheRankingAndAMistakeIsAskedAgain() {
    ImageGroup group = new ImageGroup(Prompt.of("bus"), List.of(grey(0), grey(1), grey(0.5f)));

    Judgement judgement =
        person("3 3\nfour\n0\n3, 1\n").rank(List.of(group), Rubrics.quality()).get(0);

    assertThat(judgement.ranking()).isEqualTo(Ranking.topK(3, 2, 0));
    assertThat(Splitter.on("not a list of numbers").splitToList(printed.toString(UTF_8)))
        .hasSize(4);
  }

  @Test
  void aSkippedQuestionIsAMissingJudgement() {
    ImageGroup group = new ImageGroup(Prompt.of("bus"), List.of(grey(0), grey(1)));

    assertThat(person("\n").rank(List.of(group), Rubrics.quality()).get(0).missingReason())
        .isEqualTo("skipped");
  }

  private AskPerson person(String typed) {
    return new AskPerson(
        new BufferedReader(new StringReader(typed)), out, folder.resolve("question.png"));
  }

  private static Image grey(float value) {
    return Image.filled(4, 4, value, value, value);
  }
}
