package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Tensors by name, wherever they stand: in one file, in several, or in a part of one. */
public interface TensorFile extends AutoCloseable {
  /**
   * Where the tensors come from, for messages.
   *
   * @return the file, or the one that lists the others
   */
  Path path();

  /**
   * The tensors' names.
   *
   * @return all of them, in an order that stays the same
   */
  Set<String> names();

  /**
   * A tensor's name as it stands in the file, for messages.
   *
   * @param name one of {@link #names()}, or one that is missing there
   * @return the name itself, unless this gives the tensors of the file other names
   */
  default String nameInFile(String name) {
    return name;
  }

  /**
   * What the file says of itself beside its tensors.
   *
   * @return free text by key; empty when it says nothing
   */
  default ImmutableMap<String, String> metadata() {
    return ImmutableMap.of();
  }

  /**
   * A tensor's shape.
   *
   * @param name one of {@link #names()}
   * @return its dimensions
   * @throws SafetensorsException if a safetensors file has no tensor of that name
   * @throws TorchFileException if a file of PyTorch has none
   */
  ImmutableLongArray shape(String name);

  /**
   * The type of a tensor's elements.
   *
   * @param name one of {@link #names()}
   * @return their type in the file
   */
  DType dtype(String name);

  /**
   * The type in which a weight is kept in memory: FLOAT, unless this keeps halves ({@link
   * HalvesInMemory}).
   *
   * @param name one of {@link #names()}
   * @return FLOAT, HALF or BFLOAT16
   */
  default DataType memoryType(String name) {
    return DataType.FLOAT;
  }

  /**
   * A tensor as an ND4J array.
   *
   * @param name one of {@link #names()}
   * @param type FLOAT or DOUBLE for any floating-point tensor, or its own {@link DType#storedType}
   * @return a new array of the tensor's shape in row-major ('c') order; to be closed by the caller
   */
  INDArray array(String name, DataType type);

  @Override
  void close();
}
