package org.tastemaker.optim.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SparkSettingsTest {
  @Test
  void anExecutorHasAsManyCoresAsItsModelHasThreads() {
    SparkConf conf = SparkSettings.threads(new SparkConf(false), 8);
    assertThat(conf.get("spark.executor.cores")).isEqualTo("8");
    assertThat(conf.get("spark.executorEnv.OMP_NUM_THREADS")).isEqualTo("8");
    assertThat(conf.get("spark.speculation")).isEqualTo("false");
  }

  @Test
  void moreCoresThanThreadsAreLeftAsTheyAre() {
    SparkConf conf = new SparkConf(false).set("spark.executor.cores", "16");
    assertThat(SparkSettings.threads(conf, 8).get("spark.executor.cores")).isEqualTo("16");
  }

  @Test
  void moreThreadsThanCoresAreRefused() {
    SparkConf conf = new SparkConf(false).set("spark.executor.cores", "4");
    assertThatThrownBy(() -> SparkSettings.threads(conf, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("spark.executor.cores is 4");
  }

  @Test
  void aContextThatSpeculatesIsRefused() {
    SparkConf conf = new SparkConf(false).set("spark.speculation", "true");
    assertThatThrownBy(() -> SparkSettings.requireNoSpeculation(conf))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("set it to false");
  }
}
