package org.tastemaker.optim.spark;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.tastemaker.core.RunEvent;
import org.tastemaker.optim.rows.ModelRecipe;
import org.tastemaker.optim.rows.RowBudget;
import org.tastemaker.optim.rows.RowCosts;
import org.tastemaker.optim.rows.RowDriver;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.rows.RowStore;

/**
 * The example of docs/spark.md: three rounds of DDPO with a tiny model, whose images, judgements,
 * rewards and gradients come from the executors of whatever cluster {@code spark-submit} names.
 *
 * <p>Arguments: a folder that driver and executors share; and {@code alone} to run without Spark.
 * The last line that it prints is the hash of the LoRA, which is the same on any number of machines
 * with the same instructions.
 */
public final class AlignOnSpark {
  private AlignOnSpark() {}

  /** Runs the example. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    ModelRecipe recipe =
        TinyRuns.recipe(folder); // with a real model: ModelRecipe.of(its folder, view)
    NotedJudge judge = new NotedJudge(folder.toString());
    byte[] lora =
        arguments.length > 1 && arguments[1].equals("alone")
            ? TinyAlignment.alone(recipe, judge)
            : onSpark(folder, recipe, judge);
    Files.write(folder.resolve("lora.safetensors"), lora);
    System.out.println("LoRA: " + Hashing.sha256().hashBytes(lora));
  }

  private static byte[] onSpark(Path folder, ModelRecipe recipe, NotedJudge judge) {
    RowSetup setup =
        TinyAlignment.setup(recipe, judge)
            .withQuestions(2)
            .withAnswers(folder.resolve("answers").toString());
    SparkConf conf = SparkSettings.threads(new SparkConf().setAppName("alignment"), 1);
    try (JavaSparkContext spark = new JavaSparkContext(conf);
        SparkCarrier carrier =
            SparkCarrier.of(spark, setup, SparkCarrier.Options.defaults().withRowsPerTask(2));
        RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowDriver driver =
          RowDriver.of(carrier)
              .keeping(RowStore.in(folder.resolve("kept")))
              .within(RowBudget.of(BigDecimal.ONE, new BigDecimal("0.02"), costs))
              .listener(AlignOnSpark::print, Clock.systemUTC());
      byte[] lora = TinyAlignment.on(driver, recipe, judge);
      System.out.println("spent " + costs.spent() + ", answers " + costs.answers());
      return lora;
    }
  }

  private static void print(RunEvent event) {
    if (event instanceof RunEvent.Progress progress) {
      System.out.println(
          String.format(
              Locale.ROOT, "%d of %d %s", progress.done(), progress.total(), progress.activity()));
    } else if (event instanceof RunEvent.Notice notice) {
      System.out.println(notice.message());
    }
  }
}
