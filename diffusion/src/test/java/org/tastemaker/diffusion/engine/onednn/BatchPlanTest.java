package org.tastemaker.diffusion.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

class BatchPlanTest {
  @Test
  void eachProcessorTakesAPart() {
    assertThat(BatchPlan.of(4, 2)).isEqualTo(new BatchPlan(List.of(2L, 2L), 2, 1));
  }

  @Test
  void largeBatchesHaveTwoPartsForEachProcessor() {
    assertThat(BatchPlan.of(32, 2)).isEqualTo(new BatchPlan(List.of(8L, 8L, 8L, 8L), 2, 1));
  }

  @Test
  void partsOfAnUnevenBatchDifferByOne() {
    assertThat(BatchPlan.of(15, 2)).isEqualTo(new BatchPlan(List.of(7L, 8L), 2, 1));
  }

  @Test
  void oneElementIsNotDivided() {
    assertThat(BatchPlan.of(1, 8).isWhole()).isTrue();
  }

  @Test
  void oneProcessorDividesNothing() {
    assertThat(BatchPlan.of(32, 1).isWhole()).isTrue();
  }

  @Test
  void threeElementsOnTwoProcessorsStayTogetherAsOneWouldWaitForTheOther() {
    assertThat(BatchPlan.of(3, 2).isWhole()).isTrue();
  }

  @Test
  void partsTakeSeveralThreadsWhereThatKeepsAllBusy() {
    // 16 parts would be 8 of 2 and 8 of 1, which wait.
    assertThat(BatchPlan.of(24, 16))
        .isEqualTo(new BatchPlan(List.of(3L, 3L, 3L, 3L, 3L, 3L, 3L, 3L), 8, 2));
  }

  @Test
  void twoElementsOnManyProcessorsAreTwoPartsOfHalfTheThreads() {
    assertThat(BatchPlan.of(2, 16)).isEqualTo(new BatchPlan(List.of(1L, 1L), 2, 8));
  }

  @Test
  void gradientsThatAreTooLargeToHaveTwiceKeepTheBatchWhole() {
    try (INDArray large = Nd4j.createUninitialized(DataType.FLOAT, 9000, 9000)) { // 324 MB
      assertThat(BatchPlan.of(linear(large, true), 2).isWhole()).isTrue();
      assertThat(BatchPlan.of(linear(large, false), 2).isWhole()).isFalse();
    }
  }

  private static GraphDefinition linear(INDArray weight, boolean trainable) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", false, 4, weight.size(1));
    Tensor w = ops.parameter("w", weight, trainable);
    return GraphDefinition.of(ops, Map.of("out", ops.linear("f", x, w, null)));
  }
}
