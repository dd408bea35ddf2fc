package org.tastemaker.optim.spark;

import java.util.Locale;
import org.apache.spark.SparkConf;

/** What a Spark context must be told before it starts, for rows. */
public final class SparkSettings {
  private static final String SPECULATION = "spark.speculation";
  private static final String EXECUTOR_CORES = "spark.executor.cores";
  private static final String THREADS = "spark.executorEnv.OMP_NUM_THREADS";

  private SparkSettings() {}

  /**
   * Sets how many threads a model has, and what rows need: no speculation, and room for a task's
   * results where Spark's serializer is Kryo.
   *
   * <p>An executor makes images one batch at a time, with this many threads, however many tasks it
   * has; the cores of an executor are set to as many, unless they are set already, so that
   * executors on one machine do not fight over its cores. The threads decide the last bits of an
   * image: the driver's {@code OMP_NUM_THREADS} must be the same for the results of one machine.
   *
   * @param conf of a context that is not started; changed
   * @param threads at least 1
   * @return the same conf
   * @throws IllegalArgumentException if it has other threads already, or fewer cores
   */
  public static SparkConf threads(SparkConf conf, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, but were " + threads);
    }
    String value = Integer.toString(threads);
    if (!conf.get(THREADS, value).equals(value) || conf.getInt(EXECUTOR_CORES, threads) < threads) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the model is to have %s threads, but %s is %s and %s is %s: set one of them only",
              threads,
              THREADS,
              conf.get(THREADS, "not set"),
              EXECUTOR_CORES,
              conf.get(EXECUTOR_CORES, "not set")));
    }
    return conf.set(SPECULATION, "false")
        .set(THREADS, value)
        .setIfMissing(EXECUTOR_CORES, value)
        .setIfMissing("spark.kryoserializer.buffer.max", "1g");
  }

  static void requireNoSpeculation(SparkConf conf) {
    if (conf.getBoolean(SPECULATION, false)) {
      throw new IllegalArgumentException(
          "expected a context without spark.speculation, which has rows done twice and paid twice,"
              + " but it is on: set it to false");
    }
  }
}
