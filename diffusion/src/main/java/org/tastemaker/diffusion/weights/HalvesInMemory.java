package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Tensors of which those in half precision stay so in memory, for engines that read them as they
 * are: half of the memory, and the same numbers.
 *
 * @param file closed with this
 */
public record HalvesInMemory(TensorFile file) implements TensorFile {
  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Set<String> names() {
    return file.names();
  }

  @Override
  public String nameInFile(String name) {
    return file.nameInFile(name);
  }

  @Override
  public ImmutableMap<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public ImmutableLongArray shape(String name) {
    return file.shape(name);
  }

  @Override
  public DType dtype(String name) {
    return file.dtype(name);
  }

  @Override
  public DataType memoryType(String name) {
    DType dtype = dtype(name);
    return dtype == DType.F16 || dtype == DType.BF16 ? dtype.storedType() : DataType.FLOAT;
  }

  @Override
  public INDArray array(String name, DataType type) {
    return file.array(name, type);
  }

  @Override
  public void close() {
    file.close();
  }
}
