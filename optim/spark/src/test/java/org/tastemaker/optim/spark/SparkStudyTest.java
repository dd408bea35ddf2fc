package org.tastemaker.optim.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Rubric;
import org.tastemaker.datasets.ParquetRecords;
import org.tastemaker.datasets.PickAPicWriter;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.votes.Answer.Outcome;
import org.tastemaker.feedback.votes.JudgedRows;
import org.tastemaker.feedback.votes.PickAPic;
import org.tastemaker.feedback.votes.RowImage;
import org.tastemaker.feedback.votes.RowLines;
import org.tastemaker.feedback.votes.RowLinesWriter;
import org.tastemaker.feedback.votes.RowVote;
import org.tastemaker.feedback.votes.RowWriter;
import org.tastemaker.feedback.votes.VoteFile;
import org.tastemaker.feedback.votes.VotedRow;
import org.tastemaker.optim.rows.JudgedAhead;
import org.tastemaker.optim.rows.RowDriver;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.rows.RowStore;

/**
 * A study of people's votes in a file: groups are read from it, judged by Spark's tasks, written as
 * JSON Lines and as Parquet, and compared with the votes, as on one machine.
 */
class SparkStudyTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final int GROUPS = 40;

  @TempDir private Path folder;

  private NotedJudge judge() {
    return new NotedJudge(folder.toString());
  }

  /** Of each group two people, who agree on most. */
  private static void write(RowWriter out, BiFunction<String, Image, RowImage> place) {
    for (ImageGroup group : NotedJudge.groups(GROUPS)) {
      String text = group.prompt().text();
      List<RowImage> images = new ArrayList<>();
      group.images().forEach(image -> images.add(place.apply(text, image)));
      boolean odd = text.endsWith("3");
      out.write(
          VotedRow.of(
              text,
              images,
              List.of(
                  RowVote.pick("ann", odd ? Outcome.SECOND : Outcome.FIRST),
                  RowVote.pick("bob", Outcome.FIRST)),
              "people"));
    }
  }

  private Iterable<VotedGroup> parquet() {
    Path file = folder.resolve("votes.parquet");
    try (PickAPicWriter out = new PickAPicWriter(file)) {
      write(out, (text, image) -> new RowImage.Encoded(text, image.toPng()));
    }
    return VoteFile.of(ParquetRecords.of(file), PickAPic.inFile("train")).groups(problem -> {});
  }

  private Iterable<VotedGroup> jsonLines() {
    Path file = folder.resolve("votes.jsonl");
    try (RowLinesWriter out = new RowLinesWriter(file)) {
      write(out, this::saved);
    }
    return VoteFile.json(file, RowLines.in(folder)).groups(problem -> {});
  }

  private RowImage saved(String text, Image image) {
    Path file = folder.resolve(image.sha256() + ".png");
    try {
      Files.write(file, image.toPng());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new RowImage.OnDisk(file);
  }

  private void job(Path dataset, FeedbackOracle oracle, Iterable<ImageGroup> groups) {
    var unused =
        AnnotationJob.builder(dataset, oracle, RUBRIC, judge().settings())
            .clock(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))
            .saveImages(folder.resolve("images"))
            .build()
            .run(groups);
  }

  private static StudyReport report(Iterable<VotedGroup> groups, Path dataset) {
    return AgreementStudy.builder().build().of(groups, DatasetVerdicts.of("bright", dataset));
  }

  /** What was judged, as Parquet. */
  private Path exported(Path dataset, String name) {
    Path file = folder.resolve(name);
    try (PickAPicWriter out = new PickAPicWriter(file)) {
      var unused = JudgedRows.read(dataset, folder.resolve("images"), out::write);
    }
    return file;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theReportAndTheFilesAreThoseOfOneMachine(boolean parquet) {
    Iterable<VotedGroup> votes = parquet ? parquet() : jsonLines();
    Path alone = folder.resolve("alone.jsonl");
    job(alone, judge().open(), AgreementStudy.groups(votes));
    Path carried = folder.resolve("carried.jsonl");
    RowSetup setup = RowSetup.none().withOracle(judge());
    try (JavaSparkContext spark = LocalSpark.start();
        SparkCarrier carrier =
            SparkCarrier.of(spark, setup, SparkCarrier.Options.defaults().withRowsPerTask(3))) {
      RowDriver driver = RowDriver.of(carrier).keeping(RowStore.in(folder.resolve("kept")));
      JudgedAhead ahead = JudgedAhead.of(driver, judge(), RUBRIC).window(16);
      job(carried, ahead, ahead.groups(AgreementStudy.groups(votes)));
    }
    assertThat(carried).hasSameBinaryContentAs(alone);
    StudyReport report = report(votes, carried);
    assertThat(report).isEqualTo(report(votes, alone));
    assertThat(report.csv()).isEqualTo(report(votes, alone).csv());
    assertThat(exported(carried, "carried.parquet"))
        .hasSameBinaryContentAs(exported(alone, "alone.parquet"));
  }
}
