package org.tastemaker.diffusion.lora;

import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.TensorFile;

/**
 * A file's tensors, some of them in another form: in another shape of the same numbers, or
 * multiplied with another tensor. Closing it leaves the file open.
 */
final class LoraTensors implements TensorFile {
  private record Form(ImmutableLongArray shape, Function<DataType, INDArray> array) {}

  private final TensorFile file;
  private final Map<String, Form> forms = new HashMap<>();

  LoraTensors(TensorFile file) {
    this.file = file;
  }

  /** Gives a tensor another form; what the function makes is closed by who asks for it. */
  void put(String key, ImmutableLongArray shape, Function<DataType, INDArray> array) {
    forms.put(key, new Form(shape, array));
  }

  /** Gives a tensor another shape. */
  void reshape(String key, ImmutableLongArray shape) {
    put(
        key,
        shape,
        type -> {
          try (INDArray stored = file.array(key, type)) {
            return stored.reshape('c', shape.toArray()).dup('c');
          }
        });
  }

  static long length(ImmutableLongArray shape) {
    return shape.stream().reduce(1, (a, b) -> a * b);
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Set<String> names() {
    return file.names();
  }

  @Override
  public ImmutableLongArray shape(String name) {
    Form form = forms.get(name);
    return form == null ? file.shape(name) : form.shape();
  }

  @Override
  public DType dtype(String name) {
    return file.dtype(name);
  }

  @Override
  public INDArray array(String name, DataType type) {
    Form form = forms.get(name);
    return form == null ? file.array(name, type) : form.array().apply(type);
  }

  @Override
  public void close() {
    forms.clear();
  }
}
