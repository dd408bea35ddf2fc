package org.tastemaker.diffusion.checkpoint;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.TensorFile;

/** One network of a checkpoint, under the names that diffusers has for its parameters. */
final class CheckpointPart implements TensorFile {
  private final TensorFile file;
  private final Function<String, Place> placeOf;
  private final ImmutableMap<String, Place> places;

  /**
   * A view.
   *
   * @param file stays open after this is closed
   * @param names of the network's parameters
   * @param placeOf each of them
   */
  CheckpointPart(TensorFile file, List<String> names, Function<String, Place> placeOf) {
    this.file = file;
    this.placeOf = placeOf;
    Map<String, Place> places = new LinkedHashMap<>();
    for (String name : names) {
      Place place = placeOf.apply(name);
      if (file.names().contains(place.name())) {
        places.put(name, place); // what is missing is said by whoever reads it
      }
    }
    this.places = ImmutableMap.copyOf(places);
  }

  /** The tensors of the file that this part reads. */
  Set<String> read() {
    return places.values().stream()
        .map(Place::name)
        .collect(java.util.stream.Collectors.toUnmodifiableSet());
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Set<String> names() {
    return places.keySet();
  }

  @Override
  public String nameInFile(String name) {
    return placeOf.apply(name).name();
  }

  @Override
  public ImmutableLongArray shape(String name) {
    Place place = place(name);
    long[] shape = file.shape(place.name()).toArray();
    if (place.parts() > 1 && shape.length > 0) {
      shape[0] /= place.parts();
    }
    if (place.transposed() && shape.length == 2) {
      return ImmutableLongArray.of(shape[1], shape[0]);
    }
    return ImmutableLongArray.copyOf(shape);
  }

  @Override
  public DType dtype(String name) {
    return file.dtype(place(name).name());
  }

  @Override
  public DataType memoryType(String name) {
    return file.memoryType(place(name).name());
  }

  @Override
  public INDArray array(String name, DataType type) {
    Place place = place(name);
    INDArray whole = file.array(place.name(), type);
    if (place.transposed()) {
      INDArray transposed = whole.transpose().dup('c');
      whole.close();
      return transposed;
    }
    if (place.parts() == 1) {
      return whole;
    }
    long rows = whole.size(0) / place.parts();
    INDArray part =
        whole.get(NDArrayIndex.interval(place.part() * rows, (place.part() + 1) * rows)).dup('c');
    whole.close();
    return part;
  }

  private Place place(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException(file.path() + " holds no " + name);
    }
    return place;
  }

  @Override
  public void close() {}
}
