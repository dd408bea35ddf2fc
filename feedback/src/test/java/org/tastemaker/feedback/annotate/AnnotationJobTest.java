package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.mock.MockJudge;

class AnnotationJobTest {
  @TempDir Path folder;

  @Test
  void everyGroupIsJudgedAndCanBeReadBack() {
    Path dataset = folder.resolve("d.jsonl");
    List<ImageGroup> groups = Jobs.groups(10);

    JobReport report = Jobs.job(dataset, Jobs.faulty()).build().run(groups);

    List<AnnotatedGroup> read = PreferenceDataset.readAll(dataset);
    List<Judgement> direct = Jobs.oracle(Jobs.faulty()).rank(groups, Greys.RUBRIC);
    assertThat(read.stream().map(AnnotatedGroup::judgement))
        .containsExactlyInAnyOrderElementsOf(direct);
    assertThat(read.stream().map(AnnotatedGroup::prompt))
        .containsExactlyInAnyOrderElementsOf(groups.stream().map(ImageGroup::prompt).toList());
    long missing = direct.stream().filter(Judgement::isMissing).count();
    assertThat(report.missing()).isEqualTo(missing).isPositive();
    assertThat(report.judged()).isEqualTo(10 - missing);
    assertThat(report.usage())
        .isEqualTo(direct.stream().map(Judgement::usage).reduce(Usage.NONE, Usage::plus));
  }

  @Test
  void aSecondRunAsksNothing() {
    Path dataset = folder.resolve("d.jsonl");
    Jobs.job(dataset, Jobs.faulty()).build().run(Jobs.groups(6));

    JobReport report = Jobs.job(dataset, never("mock")).build().run(Jobs.groups(6));

    assertThat(report.alreadyThere()).isEqualTo(6);
    assertThat(report.judged()).isZero();
    assertThat(report.usage()).isEqualTo(Usage.NONE);
  }

  @Test
  void aGroupThatIsGivenTwiceIsJudgedOnce() {
    List<ImageGroup> twice = new ArrayList<>(Jobs.groups(4));
    twice.addAll(Jobs.groups(4));

    JobReport report =
        Jobs.job(folder.resolve("d.jsonl"), Jobs.faulty()).concurrency(4).build().run(twice);

    assertThat(report.judged()).isEqualTo(4);
    assertThat(report.alreadyThere()).isEqualTo(4);
  }

  @Test
  void groupsAreDrawnAsTheyAreNeeded() {
    AtomicInteger drawn = new AtomicInteger();
    AtomicInteger asked = new AtomicInteger();
    MockJudge mock = MockJudge.of(Greys::score);
    AtomicInteger ahead = new AtomicInteger();
    Judge judge =
        question -> {
          ahead.accumulateAndGet(drawn.get() - asked.getAndIncrement() / 2, Math::max);
          return mock.ask(question);
        };
    Iterator<ImageGroup> source =
        Jobs.groups(50).stream().peek(group -> drawn.incrementAndGet()).iterator();

    JobReport report =
        Jobs.job(folder.resolve("d.jsonl"), judge).concurrency(3).build().run(() -> source);

    assertThat(report.judged()).isEqualTo(50);
    // three under way, and one that the stream's iterator holds when it is asked for the next
    assertThat(ahead.get()).isLessThanOrEqualTo(3 + 1);
  }

  @Test
  void aPassingFailureLeavesTheGroupForAnotherRun() {
    Path dataset = folder.resolve("d.jsonl");
    MockJudge mock = MockJudge.of(Greys::score);
    AtomicInteger calls = new AtomicInteger();
    Judge shaky =
        named(
            question -> {
              if (calls.incrementAndGet() % 5 == 0) {
                throw new FeedbackException.TransportFailed("connection reset", null, false);
              }
              return mock.ask(question);
            });

    JobReport first = Jobs.job(dataset, shaky).build().run(Jobs.groups(10));
    JobReport second = Jobs.job(dataset, mock).build().run(Jobs.groups(10));

    assertThat(first.postponed()).isEqualTo(4); // 20 questions, every fifth fails
    assertThat(first.judged()).isEqualTo(6);
    assertThat(second.judged()).isEqualTo(4);
    assertThat(PreferenceDataset.readAll(dataset)).hasSize(10);
  }

  @Test
  void aFailureOfAllQuestionsEndsTheRunAndKeepsWhatIsDone() {
    Path dataset = folder.resolve("d.jsonl");
    MockJudge mock = MockJudge.of(Greys::score);
    AtomicInteger calls = new AtomicInteger();
    Judge poor =
        named(
            question -> {
              if (calls.incrementAndGet() > 6) {
                throw new FeedbackException.BudgetExhausted("1.00 of 1.00 spent");
              }
              return mock.ask(question);
            });

    assertThatThrownBy(() -> Jobs.job(dataset, poor).build().run(Jobs.groups(10)))
        .isInstanceOf(FeedbackException.BudgetExhausted.class)
        .hasMessage("1.00 of 1.00 spent");
    assertThat(PreferenceDataset.readAll(dataset)).hasSize(3);
    assertThat(calls).hasValue(7);
    assertThat(Jobs.job(dataset, mock).build().run(Jobs.groups(10)).judged()).isEqualTo(7);
  }

  @Test
  void anOracleThatThrowsAboutOneGroupIsRecordedAsMissing() {
    Path dataset = folder.resolve("d.jsonl");
    FeedbackOracle oracle =
        (groups, rubric) -> {
          throw new FeedbackException.InvalidRequest("the image is too large", false);
        };

    JobReport report =
        AnnotationJob.builder(dataset, oracle, Greys.RUBRIC, Settings.none())
            .stopAfterFailures(0)
            .build()
            .run(Jobs.groups(2));

    assertThat(report.missing()).isEqualTo(2);
    assertThat(PreferenceDataset.readAll(dataset).get(0).judgement().missingReason())
        .isEqualTo("the image is too large");
  }

  @Test
  void anOracleThatBreaksItsPromiseIsNamed() {
    FeedbackOracle oracle = (groups, rubric) -> List.of(Judgement.of(Ranking.of(0, 1), "m"));

    assertThatThrownBy(
            () ->
                AnnotationJob.builder(
                        folder.resolve("d.jsonl"), oracle, Greys.RUBRIC, Settings.none())
                    .build()
                    .run(Jobs.groups(2)))
        .hasMessageContaining("one judgement of 4 images")
        .hasMessageContaining("one of 2");
  }

  @Test
  void cancellingKeepsWhatIsDone() {
    Path dataset = folder.resolve("d.jsonl");
    Cancellation cancellation = new Cancellation();
    MockJudge mock = MockJudge.of(Greys::score);
    AtomicInteger calls = new AtomicInteger();
    Judge judge =
        named(
            question -> {
              if (calls.incrementAndGet() == 5) {
                cancellation.cancel();
              }
              return mock.ask(question);
            });

    assertThatThrownBy(
            () -> Jobs.job(dataset, judge).cancellation(cancellation).build().run(Jobs.groups(10)))
        .isInstanceOf(CancellationException.class);
    assertThat(PreferenceDataset.readAll(dataset)).hasSize(3); // the third was under way
  }

  @Test
  void progressHasRateCostAndTimeLeft() {
    List<RunEvent> events = new ArrayList<>();
    // a clock that goes on by a second whenever it is asked
    AtomicInteger seconds = new AtomicInteger();
    Clock clock =
        new Clock() {
          @Override
          public ZoneId getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(ZoneId zone) {
            return this;
          }

          @Override
          public Instant instant() {
            return Instant.ofEpochSecond(1_000_000 + seconds.getAndIncrement());
          }
        };

    Jobs.job(folder.resolve("d.jsonl"), MockJudge.of(Greys::score))
        .clock(clock)
        .reportEvery(Duration.ZERO)
        .cost(usage -> 0.5 * usage.requests())
        .listener(events::add)
        .build()
        .run(Jobs.groups(4));

    assertThat(events.get(0)).isEqualTo(new RunEvent.Progress("annotating", 0, 4));
    // two judgements: clock at 1 (first report), 2 (line), 3 (report), 4 (line), 5 (report)
    assertThat(events.get(4)).isEqualTo(new RunEvent.Progress("annotating", 2, 4));
    RunEvent.Metrics metrics = (RunEvent.Metrics) events.get(5);
    assertThat(metrics.values())
        .containsEntry("annotation.rate", 2 / 5.0)
        .containsEntry("annotation.secondsLeft", 5.0)
        .containsEntry("annotation.cost", 2.0)
        .containsEntry("annotation.requests", 4.0);
    assertThat(events.get(events.size() - 2)).isEqualTo(new RunEvent.Progress("annotating", 4, 4));
  }

  @Test
  void imagesCanBeKeptBesideTheJudgements() {
    Path dataset = folder.resolve("d.jsonl");
    Path images = folder.resolve("images");
    ImageGroup group = Greys.group(0, 1);

    Jobs.job(dataset, MockJudge.of(Greys::score)).saveImages(images).build().run(List.of(group));

    AnnotatedGroup read = PreferenceDataset.readAll(dataset).get(0);
    assertThat(read.load(images)).isEqualTo(group); // 0 and 1 survive the rounding to 8 bits
    assertThat(read.images()).isEqualTo(group.images().stream().map(Image::sha256).toList());
    assertThatThrownBy(() -> read.load(folder.resolve("elsewhere")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("was the job told to save images there?");
  }

  @Test
  void aDatasetOfAnotherRubricIsRefusedAndLeftAsItIs() throws IOException {
    Path dataset = folder.resolve("d.jsonl");
    Jobs.job(dataset, Jobs.faulty()).build().run(Jobs.groups(2));
    byte[] before = Files.readAllBytes(dataset);

    assertThatThrownBy(
            () ->
                AnnotationJob.builder(
                        dataset,
                        Jobs.oracle(Jobs.faulty()),
                        Rubric.of("brightness", "2", "Brighter is better."))
                    .build()
                    .run(Jobs.groups(2)))
        .hasMessageContaining("belongs to another job")
        .hasMessageContaining("rubric is brightness@1 in the dataset and brightness@2 now");
    assertThatThrownBy(
            () ->
                AnnotationJob.builder(
                        dataset,
                        Jobs.oracle(Jobs.faulty()),
                        Rubric.of("brightness", "1", "Brighter is better, mostly."))
                    .build()
                    .run(Jobs.groups(2)))
        .hasMessageContaining("the text of rubric brightness@1, which needs a new version");
    assertThat(Files.readAllBytes(dataset)).isEqualTo(before);
  }

  @Test
  void aDatasetOfOtherSettingsIsRefused() {
    Path dataset = folder.resolve("d.jsonl");
    Jobs.job(dataset, Jobs.faulty())
        .settings(Settings.none().with("size", 64))
        .build()
        .run(Jobs.groups(2));

    assertThatThrownBy(
            () ->
                Jobs.job(
                        dataset,
                        MockJudge.of(Greys::score, MockJudge.Options.defaults().withName("other")))
                    .build()
                    .run(Jobs.groups(2)))
        .hasMessageContaining("judge is mock in the dataset and other now")
        .hasMessageContaining("size is 64 in the dataset and not set now")
        .hasMessageContaining("choose another file");
  }

  @Test
  void aFileThatIsNoDatasetIsRefusedAndLeftAsItIs() throws IOException {
    for (String content : List.of("a,b,c\n1,2,3\n", "no line feed", "{\"format\":\"other\"}\n")) {
      Path file = folder.resolve("other.txt");
      Files.writeString(file, content);

      assertThatThrownBy(() -> Jobs.job(file, Jobs.faulty()).build().run(Jobs.groups(1)))
          .hasMessageContaining("is not a preference dataset")
          .hasMessageContaining("left unchanged");
      assertThat(Files.readString(file)).isEqualTo(content);
      assertThat(folder.resolve("other.txt.damaged")).doesNotExist();
    }
  }

  @Test
  void anUnwritableDatasetIsNamedBeforeAnythingIsAsked() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThatThrownBy(
            () ->
                Jobs.job(folder.resolve("no/such/d.jsonl"), never("m")).build().run(Jobs.groups(1)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("is not a folder");
    assertThatThrownBy(
            () -> Jobs.job(file.resolve("d.jsonl"), never("m")).build().run(Jobs.groups(1)))
        .hasMessageContaining("is not a folder");
    assertThatThrownBy(() -> Jobs.job(folder, never("m")).build().run(Jobs.groups(1)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot be written");
  }

  @Test
  void twoJobsDoNotWriteToOneDataset() {
    Path dataset = folder.resolve("d.jsonl");
    Judge during =
        question -> {
          assertThatThrownBy(() -> Jobs.job(dataset, never("m")).build().run(Jobs.groups(1)))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageStartingWith(
                  "the dataset " + dataset + " has one owner at a time, and is");
          return Jobs.faulty().ask(question);
        };
    JobReport report = Jobs.job(dataset, during).build().run(Jobs.groups(1));
    assertThat(report.judged()).isEqualTo(1);
  }

  @Test
  void aLineThatWasCutIsSetAsideAndJudgedAgain() throws IOException {
    Path dataset = folder.resolve("d.jsonl");
    Jobs.job(dataset, Jobs.faulty()).build().run(Jobs.groups(3));
    byte[] whole = Files.readAllBytes(dataset);
    Files.write(dataset, Arrays.copyOf(whole, whole.length - 40));

    JobReport report = Jobs.job(dataset, Jobs.faulty()).build().run(Jobs.groups(3));

    assertThat(report.setAside()).isTrue();
    assertThat(report.judged()).isEqualTo(1);
    assertThat(report.alreadyThere()).isEqualTo(2);
    assertThat(Files.readString(folder.resolve("d.jsonl.damaged"))).startsWith("{\"id\":\"");
    assertThat(PreferenceDataset.read(dataset, group -> {}).damaged()).isZero();
  }

  @Test
  void aCutHeaderIsWrittenAnew() throws IOException {
    Path calm = folder.resolve("calm.jsonl");
    Jobs.job(calm, Jobs.faulty()).build().run(Jobs.groups(2));
    String header = Files.readAllLines(calm).get(0);
    for (int cut : new int[] {1, 20, header.length()}) {
      Path dataset = folder.resolve("cut" + cut + ".jsonl");
      Files.writeString(dataset, header.substring(0, cut));

      JobReport report = Jobs.job(dataset, Jobs.faulty()).build().run(Jobs.groups(2));

      assertThat(report.setAside()).isTrue();
      assertThat(Jobs.judgements(dataset)).isEqualTo(Jobs.judgements(calm));
    }
  }

  @Test
  void aDamagedLineInTheMiddleIsReportedAndJudgedAgain() throws IOException {
    Path dataset = folder.resolve("d.jsonl");
    Jobs.job(dataset, Jobs.faulty()).build().run(Jobs.groups(3));
    List<String> lines = new ArrayList<>(Files.readAllLines(dataset));
    lines.set(2, lines.get(2).replace("\"judge\"", "\"jugde\""));
    Files.write(dataset, lines);

    JobReport report = Jobs.job(dataset, Jobs.faulty()).build().run(Jobs.groups(3));

    assertThat(report.damaged()).isEqualTo(1);
    assertThat(report.damagedLines()).containsExactly(3L);
    assertThat(report.judged()).isEqualTo(1);
    PreferenceDataset.Contents contents = PreferenceDataset.read(dataset, group -> {});
    assertThat(contents.judgements()).isEqualTo(3);
    assertThat(contents.damagedLines()).containsExactly(3L);
  }

  @Test
  void aReaderCountsWhatItLeavesOut() throws IOException {
    Path dataset = folder.resolve("d.jsonl");
    Jobs.job(dataset, Jobs.faulty()).build().run(Jobs.groups(3));
    List<String> lines = new ArrayList<>(Files.readAllLines(dataset));
    lines.add(lines.get(1)); // doubled by hand
    lines.add("");
    Files.writeString(dataset, String.join("\n", lines) + "\n{\"id\":\"0");

    PreferenceDataset.Contents contents = PreferenceDataset.read(dataset, group -> {});

    assertThat(contents.judgements()).isEqualTo(3);
    assertThat(contents.repeated()).isEqualTo(1);
    assertThat(contents.damaged()).isEqualTo(1);
    assertThat(contents.unfinished()).isTrue();
    assertThat(contents.header().rubric()).isEqualTo("brightness@1");
    assertThat(contents.header().settings().values()).containsEntry("protocol", "listwise(2)");
  }

  @Test
  void aReaderNamesAFileThatIsNoDataset() throws IOException {
    Path file = Files.writeString(folder.resolve("x"), "x\n");

    assertThatThrownBy(() -> PreferenceDataset.readAll(file))
        .hasMessageContaining("is not a preference dataset");
    assertThatThrownBy(() -> PreferenceDataset.readAll(folder.resolve("none")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot read the dataset");
  }

  @Test
  void longLinesAndManyOfThemAreReadInPieces() {
    Path dataset = folder.resolve("d.jsonl");
    String words = "\u00e9\u4e2d\ud83d\ude00".repeat(30_000); // over 200 kB in UTF-8
    FeedbackOracle wordy =
        (groups, rubric) ->
            List.of(
                Judgement.of(Ranking.of(3, 1, 0, 2), "m")
                    .withRationale(words + groups.get(0).prompt().text()));

    AnnotationJob.builder(dataset, wordy, Greys.RUBRIC, Settings.none())
        .build()
        .run(Jobs.groups(5));

    assertThat(PreferenceDataset.readAll(dataset).stream().map(g -> g.judgement().rationale()))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, 5).mapToObj(i -> words + "prompt \u2014 number " + i).toList());
  }

  private static Judge never(String name) {
    return named(
        question -> {
          throw new AssertionError("asked");
        },
        name);
  }

  private static Judge named(Judge judge) {
    return named(judge, "mock");
  }

  private static Judge named(Judge judge, String name) {
    return new Judge() {
      @Override
      public Verdict ask(Question question) {
        return judge.ask(question);
      }

      @Override
      public String name() {
        return name;
      }
    };
  }
}
