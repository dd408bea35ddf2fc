package org.tastemaker.optim.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.optim.rows.ModelRecipe;
import org.tastemaker.optim.rows.RowDriver;
import org.tastemaker.optim.rows.RowStore;

/** A run that is stopped, and resumed on another number of executors. */
class SparkResumeTest {
  @TempDir private Path folder;

  @Test
  void aRunResumedOnAnotherNumberOfExecutorsWritesTheLoraOfOneThatWasNotStopped() {
    ModelRecipe recipe = TinyRuns.recipe(folder);
    NotedJudge judge = new NotedJudge(folder.toString());
    byte[] expected = TinyAlignment.alone(recipe, judge);
    Path run = folder.resolve("run");
    try (JavaSparkContext one = ClusterSpark.start(1)) {
      byte[] first = resume(one, recipe, judge, run, 1);
      assertThat(first).isNotEqualTo(expected);
    }
    try (JavaSparkContext two = ClusterSpark.start(2)) {
      byte[] second = resume(two, recipe, judge, run, 2);
      assertThat(second).isNotEqualTo(expected);
    }
    try (JavaSparkContext here = LocalSpark.start()) {
      assertThat(resume(here, recipe, judge, run, 3)).isEqualTo(expected);
    }
  }

  private byte[] resume(
      JavaSparkContext spark, ModelRecipe recipe, NotedJudge judge, Path run, int rounds) {
    try (SparkCarrier carrier =
        SparkCarrier.of(
            spark,
            TinyAlignment.setup(recipe, judge),
            SparkCarrier.Options.defaults().withRowsPerTask(2))) {
      RowDriver driver = RowDriver.of(carrier).keeping(RowStore.in(folder.resolve("kept")));
      return TinyAlignment.resume(driver, recipe, judge, run, rounds);
    }
  }
}
