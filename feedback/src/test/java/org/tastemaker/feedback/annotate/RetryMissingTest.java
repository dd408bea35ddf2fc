package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunEvent;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.cache.AnswerCache;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.server.LoopbackServer;

/** A missing judgement is not missing for good. */
class RetryMissingTest {
  @TempDir Path folder;

  /** Refuses the prompts of odd numbers, until it is told not to. */
  private static final class Moody {
    private final AtomicBoolean refuses = new AtomicBoolean(true);
    private final List<String> asked = new ArrayList<>();

    private Judge judge() {
      MockJudge mock = MockJudge.of(Greys::score);
      return question -> {
        synchronized (asked) {
          asked.add(question.prompt().text());
        }
        if (refuses.get() && isOdd(question.prompt())) {
          throw new FeedbackException.Refused("I do not like " + question.prompt().text());
        }
        return mock.ask(question);
      };
    }

    private static boolean isOdd(Prompt prompt) {
      return Integer.parseInt(prompt.text().replaceAll("\\D", "")) % 2 == 1;
    }
  }

  private AnnotationJob.Builder job(Judge judge) {
    return Jobs.job(folder.resolve("d.jsonl"), judge);
  }

  @Test
  void aSecondRunSkipsThemAndSaysHowManyWhyAndHowToAskAgain() {
    Moody moody = new Moody();
    job(moody.judge()).build().run(Jobs.groups(6));
    int asked = moody.asked.size();
    List<RunEvent> events = new ArrayList<>();

    JobReport second = job(moody.judge()).listener(events::add).build().run(Jobs.groups(6));

    assertThat(moody.asked).hasSize(asked);
    assertThat(second.alreadyThere()).isEqualTo(6);
    assertThat(second.missingThere()).isEqualTo(3);
    assertThat(second.isNothingJudged()).isFalse();
    assertThat(second.words())
        .isEqualTo(
            "0 groups were judged, 6 were there already. Missing since an earlier run: 3 because: 2"
                + " of 2 questions have no answer: the judge refused to answer: I do not like prompt"
                + " \u2014 number 1");
    assertThat(events)
        .filteredOn(RunEvent.Notice.class::isInstance)
        .singleElement()
        .asString()
        .contains("3 groups in", "have no judgement: 3 because", "I do not like", "retryMissing()");
  }

  @Test
  void theyAreAskedAgainAndTheNewerLineCounts() {
    Moody moody = new Moody();
    job(moody.judge()).build().run(Jobs.groups(6));
    moody.refuses.set(false);
    moody.asked.clear();

    JobReport again = job(moody.judge()).retryMissing().build().run(Jobs.groups(6));

    assertThat(again.judged()).isEqualTo(3);
    assertThat(again.alreadyThere()).isEqualTo(3);
    assertThat(again.missingThere()).isZero();
    assertThat(moody.asked).hasSize(6).allMatch(text -> Moody.isOdd(Prompt.of(text)));
    List<AnnotatedGroup> all = PreferenceDataset.readAll(folder.resolve("d.jsonl"));
    assertThat(all).hasSize(6).noneMatch(group -> group.judgement().isMissing());
    PreferenceDataset.Contents contents =
        PreferenceDataset.read(folder.resolve("d.jsonl"), group -> {});
    assertThat(contents.judgements()).isEqualTo(6);
    assertThat(contents.missing()).isZero();
    assertThat(contents.repeated()).isEqualTo(3);
    assertThat(job(moody.judge()).retryMissing().build().run(Jobs.groups(6)).alreadyThere())
        .isEqualTo(6);
  }

  @Test
  void whatIsRefusedAgainIsMissingStillAndCanBeAskedAThirdTime() {
    Moody moody = new Moody();
    job(moody.judge()).build().run(Jobs.groups(4));

    JobReport again = job(moody.judge()).retryMissing().build().run(Jobs.groups(4));

    assertThat(again.judged()).isZero();
    assertThat(again.missing()).isEqualTo(2);
    assertThat(PreferenceDataset.read(folder.resolve("d.jsonl"), group -> {}).missing())
        .isEqualTo(2);
    moody.refuses.set(false);
    assertThat(job(moody.judge()).retryMissing().build().run(Jobs.groups(4)).judged()).isEqualTo(2);
  }

  @Test
  void refusalsInTheCacheAreNotRepeatedAndVerdictsAre() {
    Moody moody = new Moody();
    Path answers = folder.resolve("answers");
    job(AnswerCache.of(moody.judge(), "s", answers)).build().run(Jobs.groups(4));
    moody.refuses.set(false);
    moody.asked.clear();
    AnswerCache cache = AnswerCache.of(moody.judge(), "s", answers);
    // Another dataset of the same groups: without a retry the cache repeats the refusals.
    JobReport other = Jobs.job(folder.resolve("e.jsonl"), cache).build().run(Jobs.groups(4));
    assertThat(other.missing()).isEqualTo(2);
    assertThat(moody.asked).isEmpty();

    JobReport again = job(cache).retryMissing().build().run(Jobs.groups(4));

    assertThat(again.judged()).isEqualTo(2);
    assertThat(moody.asked).hasSize(4); // two questions about each of the two groups
    assertThat(cache.counts().misses()).isEqualTo(4);
    moody.asked.clear();
    JobReport third =
        Jobs.job(folder.resolve("e.jsonl"), cache).retryMissing().build().run(Jobs.groups(4));
    assertThat(third.judged()).as("by the answers that were bought above").isEqualTo(2);
    assertThat(moody.asked).isEmpty();
  }

  @Test
  void theLedgerCountsTheCallsOfTheRetry() throws Exception {
    MockJudge mock = MockJudge.of(Greys::score);
    AtomicBoolean refuses = new AtomicBoolean(true);
    List<ImageGroup> groups = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      groups.add(
          new ImageGroup(
              Prompt.of("number " + i),
              List.of(Image.filled(8, 8, 0, 0, 0), Image.filled(8, 8, 1, i / 3f, 1))));
    }
    Path dataset = folder.resolve("d.jsonl");
    Files.createDirectories(folder.resolve("answers"));
    try (LoopbackServer server =
            LoopbackServer.builder(
                    question -> {
                      if (refuses.get() && !question.prompt().text().contains("0")) {
                        throw new FeedbackException.Refused("not now");
                      }
                      return mock.ask(question);
                    })
                .start();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model("gpt-4.1-mini")
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .cache(folder.resolve("answers"))
                .build()) {
      AnnotationJob.Builder job = AnnotationJob.builder(dataset, oracle, Greys.RUBRIC);
      JobReport first = job.build().run(groups);
      assertThat(first.judged()).isEqualTo(1);
      assertThat(first.missing()).isEqualTo(2);
      long paid = server.requests();
      assertThat(oracle.ledger().totals().usage().requests()).isEqualTo(paid);
      refuses.set(false);

      JobReport again = job.retryMissing().build().run(groups);

      assertThat(again.judged()).isEqualTo(2);
      assertThat(server.requests() - paid).isEqualTo(4);
      assertThat(oracle.ledger().totals().usage().requests()).isEqualTo(server.requests());
      assertThat(again.usage().requests()).isEqualTo(4);
    }
  }
}
