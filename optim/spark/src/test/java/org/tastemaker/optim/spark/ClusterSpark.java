package org.tastemaker.optim.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.tastemaker.optim.rows.ResultRow;

/**
 * Spark with executors that are processes: {@code local-cluster[n,1,2048]}, with the other
 * serializer that Spark has. The build says where Spark is "installed": a folder whose jars come
 * from the class path of the tests.
 */
final class ClusterSpark {
  private ClusterSpark() {}

  static JavaSparkContext start(int executors) {
    try {
      Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    JavaSparkContext spark =
        new JavaSparkContext(
            SparkSettings.threads(
                new SparkConf()
                    .setMaster(String.format(Locale.ROOT, "local-cluster[%d,1,2048]", executors))
                    .setAppName("rows")
                    .set("spark.ui.enabled", "false")
                    .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                    .set("spark.executor.extraClassPath", classPath)
                    .set(
                        "spark.executor.extraJavaOptions",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error -XX:+UseSerialGC"
                            + " -XX:TieredStopAtLevel=1"), // they start sooner
                1));
    awaitExecutors(spark, executors);
    return spark;
  }

  /** Waits until so many are there, which start one after the other. */
  static void awaitExecutors(JavaSparkContext spark, int executors) {
    for (int i = 0; i < 600; i++) {
      if (spark.sc().statusTracker().getExecutorInfos().length
          > executors) { // the driver's is one more
        return;
      }
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new IllegalStateException("the executors do not start");
  }

  /** The process that a result came from. */
  static ProcessHandle executor(ResultRow result) {
    List<String> parts = List.of(result.delivery().worker().split("-"));
    return ProcessHandle.of(Long.parseLong(parts.get(parts.size() - 3))).orElseThrow();
  }
}
