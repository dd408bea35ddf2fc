package org.tastemaker.diffusion.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Functions that ask for one weight in several formats. */
class PackedWeightsTest {
  private static final long[] DIMS = {2, 3};
  private static final long[] ROWS = {3, 1};
  private static final long[] COLUMNS = {1, 2};
  private static final long BYTES = 6L * Float.BYTES;

  private final INDArray array = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}});
  private final PackedWeights.Frozen weight =
      new PackedWeights.Frozen("weight", array, Buffer.of(array));
  private final OneDnn dnn = new OneDnn();
  private final dnnl_memory_desc byRows = dnn.strided(DIMS, ROWS);
  private final dnnl_memory_desc byColumns = dnn.strided(DIMS, COLUMNS);
  private final SharedWeights shared = new SharedWeights();

  @AfterEach
  void close() {
    dnn.close();
  }

  private PackedWeights function() {
    return new PackedWeights(shared, true);
  }

  private Buffer get(PackedWeights function, dnnl_memory_desc layout) {
    return function.get(weight, DIMS, ROWS, layout);
  }

  private static float[] floats(Buffer buffer) {
    float[] floats = new float[6];
    new FloatPointer(new OneDnn.Address(buffer.address())).get(floats);
    return floats;
  }

  @Test
  void functionsThatAskForDifferentFormatsGetBoth() {
    try (PackedWeights one = function();
        PackedWeights other = function()) {
      Buffer rows = get(one, byRows);
      one.place();
      Buffer columns = get(other, byColumns);
      assertThat(get(other, byRows)).isSameAs(rows);
      other.place();
      other.forward(() -> {});
      assertThat(floats(rows)).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(floats(columns)).containsExactly(1, 4, 2, 5, 3, 6);
      assertThat(shared.bytes()).isEqualTo(2 * BYTES);
    }
    assertThat(shared.bytes()).isZero();
  }

  @Test
  void whatIsAddedLaterMovesNothing() {
    try (PackedWeights one = function();
        PackedWeights other = function()) {
      Buffer rows = get(one, byRows);
      one.place();
      one.forward(() -> {});
      long address = rows.address();
      get(other, byColumns);
      other.place();
      assertThat(rows.address()).isEqualTo(address);
      assertThat(floats(rows)).containsExactly(1, 2, 3, 4, 5, 6);
    }
  }

  @Test
  void aWeightThatHasNoPlaceYetIsNotFoundByOthers() {
    try (PackedWeights one = function();
        PackedWeights other = function()) {
      Buffer pending = get(one, byRows);
      assertThat(get(other, byRows)).isNotSameAs(pending);
      other.place();
      one.place();
      one.forward(() -> {});
      other.forward(() -> {});
      assertThat(floats(pending)).containsExactly(1, 2, 3, 4, 5, 6);
    }
    assertThat(shared.bytes()).isZero();
  }

  @Test
  void whatIsClosedBeforeItHasAPlaceIsFreed() {
    try (PackedWeights one = function()) {
      get(one, byRows);
    }
    assertThat(shared.bytes()).isZero();
  }

  @Test
  void aFunctionMakesOnlyWhatItUses() {
    try (PackedWeights one = function();
        PackedWeights other = function()) {
      Buffer rows = get(one, byRows);
      one.place();
      one.forward(() -> {});
      get(other, byColumns);
      other.place();
      array.muli(2);
      other.forward(() -> {}); // of an array that is gone, say, nothing is read
      assertThat(floats(rows)).containsExactly(1, 2, 3, 4, 5, 6);
      one.forward(() -> {});
      assertThat(floats(rows)).containsExactly(2, 4, 6, 8, 10, 12);
    }
  }
}
