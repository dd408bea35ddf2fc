package org.tastemaker.diffusion.checkpoint;

import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.TensorFile;

/** A CLIP model's tensors under transformers' names, and all others, which are then refused. */
final class ClipPart implements TensorFile {
  private final TensorFile file;
  private final CheckpointPart part;
  private final Set<String> others;

  /**
   * A view.
   *
   * @param file stays open after this is closed
   * @param names of the model's parameters
   */
  ClipPart(TensorFile file, List<String> names, ClipNames places) {
    this.file = file;
    this.part = new CheckpointPart(file, names, places::placeOf);
    Set<String> others = new LinkedHashSet<>(file.names());
    others.removeAll(part.read());
    others.removeIf(places::isBuffer);
    if (others.stream().anyMatch(part.names()::contains)) {
      others.retainAll(part.names());
      throw new IllegalArgumentException(
          file.path() + " holds weights twice, under names of two programs: " + others);
    }
    this.others = ImmutableSet.copyOf(others);
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Set<String> names() {
    return ImmutableSet.<String>builder().addAll(part.names()).addAll(others).build();
  }

  @Override
  public String nameInFile(String name) {
    return others.contains(name) ? name : part.nameInFile(name);
  }

  @Override
  public ImmutableLongArray shape(String name) {
    return others.contains(name) ? file.shape(name) : part.shape(name);
  }

  @Override
  public DType dtype(String name) {
    return others.contains(name) ? file.dtype(name) : part.dtype(name);
  }

  @Override
  public DataType memoryType(String name) {
    return part.memoryType(name);
  }

  @Override
  public INDArray array(String name, DataType type) {
    return part.array(name, type);
  }

  @Override
  public void close() {}
}
