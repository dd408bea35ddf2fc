package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class FloatBuffersTest {
  @Test
  void aViewReadsAndWritesTheArray() {
    try (INDArray array = Nd4j.arange(24).castTo(DataType.FLOAT).reshape(2, 3, 4)) {
      FloatBuffer view = FloatBuffers.of(array);
      assertThat(view.remaining()).isEqualTo(24);
      assertThat(view.get(13)).isEqualTo(13);
      view.put(13, -1);
      assertThat(array.getFloat(1, 0, 1)).isEqualTo(-1);
    }
  }

  @Test
  void aPartOfAnArrayBeginsWhereItBegins() {
    try (INDArray array = Nd4j.arange(24).castTo(DataType.FLOAT).reshape(4, 3, 2)) {
      INDArray rows =
          array.get(NDArrayIndex.interval(1, 3), NDArrayIndex.all(), NDArrayIndex.all());
      FloatBuffer view = FloatBuffers.of(rows);
      assertThat(view.remaining()).isEqualTo(12);
      assertThat(view.get(0)).isEqualTo(6);
      view.put(0, 99);
      assertThat(array.getFloat(1, 0, 0)).isEqualTo(99);
      INDArray row = array.slice(3);
      assertThat(FloatBuffers.of(row).get(0)).isEqualTo(18);
    }
  }

  @Test
  void aPartOfAPartBeginsWhereItBegins() {
    try (INDArray array = Nd4j.arange(60).castTo(DataType.FLOAT).reshape(10, 3, 2)) {
      INDArray rows =
          array.get(NDArrayIndex.interval(1, 9), NDArrayIndex.all(), NDArrayIndex.all());
      INDArray nested =
          rows.get(NDArrayIndex.interval(1, 3), NDArrayIndex.all(), NDArrayIndex.all());
      assertThat(FloatBuffers.of(nested).remaining()).isEqualTo(12);
      assertThat(FloatBuffers.of(nested).get(5)).isEqualTo(17);
    }
  }

  @Test
  void anEmptyArrayIsAnError() {
    try (INDArray empty = Nd4j.empty(DataType.FLOAT)) {
      assertThatThrownBy(() -> FloatBuffers.of(empty))
          .hasMessage("array must have elements, but its shape is []");
    }
  }

  @Test
  void otherTypesAndLayoutsAreAnError() {
    try (INDArray doubles = Nd4j.zeros(DataType.DOUBLE, 2, 3);
        INDArray floats = Nd4j.zeros(DataType.FLOAT, 2, 3)) {
      assertThatThrownBy(() -> FloatBuffers.of(doubles))
          .hasMessage(
              "array must be of type FLOAT, but was DOUBLE: cast it with castTo(DataType.FLOAT)");
      assertThatThrownBy(() -> FloatBuffers.of(floats.transpose()))
          .hasMessageContaining("array must be contiguous in 'c' order, but has shape [3, 2]");
      assertThatThrownBy(
              () -> FloatBuffers.of(floats.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2))))
          .hasMessageContaining("make it so with dup('c')");
    }
  }
}
