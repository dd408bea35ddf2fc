package org.tastemaker.optim.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.optim.rows.JudgedAhead;
import org.tastemaker.optim.rows.RowCarrier;
import org.tastemaker.optim.rows.RowDriver;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.rows.RowStore;

/** The annotation job, with its questions asked by Spark's tasks. */
class SparkAnnotationTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final int GROUPS = 50;
  private static JavaSparkContext spark;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    spark = LocalSpark.start();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private NotedJudge judge() {
    return new NotedJudge(folder.toString());
  }

  private SparkCarrier carrier() {
    RowSetup setup =
        RowSetup.none().withOracle(judge()).withAnswers(folder.resolve("answers").toString());
    return SparkCarrier.of(spark, setup, SparkCarrier.Options.defaults().withRowsPerTask(3));
  }

  private JudgedAhead ahead(RowCarrier carrier) {
    RowDriver driver = RowDriver.of(carrier).keeping(RowStore.in(folder.resolve("kept")));
    return JudgedAhead.of(driver, judge(), RUBRIC).window(16);
  }

  private static List<ImageGroup> groups() {
    List<ImageGroup> groups = new ArrayList<>(NotedJudge.groups(GROUPS));
    groups.add(20, NotedJudge.group("refuse", 2));
    return groups;
  }

  private AnnotationJob job(Path dataset, FeedbackOracle oracle) {
    return AnnotationJob.builder(dataset, oracle, RUBRIC, judge().settings())
        .clock(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))
        .build();
  }

  @Test
  void theDatasetIsTheSameByteForByteAsOnOneMachine() {
    Path alone = folder.resolve("alone.jsonl");
    var unused = job(alone, judge().open()).run(groups());
    Path carried = folder.resolve("carried.jsonl");
    try (SparkCarrier carrier = carrier()) {
      JudgedAhead ahead = ahead(carrier);
      var report = job(carried, ahead).run(ahead.groups(groups()));
      assertThat(report.missing()).isEqualTo(1);
    }
    assertThat(carried).hasSameBinaryContentAs(alone);
  }

  @Test
  void aJobThatEndsInTheMiddleOfAWindowIsGoneOnWithAndAsksNothingTwice() throws Exception {
    Path dataset = folder.resolve("dataset.jsonl");
    AtomicInteger came = new AtomicInteger();
    try (SparkCarrier carrier = carrier()) {
      RowCarrier failing =
          (cargo, taker) ->
              carrier.carry(
                  cargo,
                  result -> {
                    taker.accept(result);
                    if (came.incrementAndGet() == 24) { // in the second window of 16
                      throw new IllegalStateException("the driver is lost");
                    }
                  });
      JudgedAhead first = ahead(failing);
      assertThatThrownBy(() -> job(dataset, first).run(first.groups(NotedJudge.groups(GROUPS))))
          .hasMessage("the driver is lost");
    }
    long lines = Files.readAllLines(dataset).size();
    try (SparkCarrier carrier = carrier()) {
      JudgedAhead second = ahead(carrier);
      var unused = job(dataset, second).run(second.groups(NotedJudge.groups(GROUPS)));
    }
    assertThat(lines).as("the header and the first window").isEqualTo(1 + 16);
    assertThat(PreferenceDataset.readAll(dataset)).hasSize(GROUPS);
    assertThat(judge().answered()).hasSize(GROUPS).doesNotHaveDuplicates();
  }
}
