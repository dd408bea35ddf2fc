package org.tastemaker.optim.spark;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** Spark with its two executor threads in this process. */
final class LocalSpark {
  private LocalSpark() {}

  static JavaSparkContext start() {
    return new JavaSparkContext(
        SparkSettings.threads(
            new SparkConf()
                .setMaster("local[2]")
                .setAppName("rows")
                .set("spark.ui.enabled", "false"),
            1));
  }
}
