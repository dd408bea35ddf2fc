package org.tastemaker.diffusion.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/** Puts parameters at their places in a file: the parts of one tensor together, matrices turned. */
final class Joined implements AutoCloseable {
  private final SafetensorsWriter writer;
  private final DType dtype;
  private final List<INDArray> made = new ArrayList<>();

  /**
   * Nothing yet.
   *
   * @param writer receives the tensors; writes them before this is closed
   */
  Joined(SafetensorsWriter writer, DType dtype) {
    this.writer = writer;
    this.dtype = dtype;
  }

  void add(Parameters parameters, Function<String, Place> placeOf) {
    Map<String, INDArray[]> parts = new LinkedHashMap<>();
    parameters
        .arrays()
        .forEach(
            (name, array) -> {
              Place place = placeOf.apply(name);
              INDArray theirs = parameters.torchLayout(name, array);
              if (place.parts() > 1) {
                parts
                        .computeIfAbsent(place.name(), unused -> new INDArray[place.parts()])[
                        place.part()] =
                    theirs;
              } else {
                writer.add(place.name(), place.transposed() ? turned(theirs) : theirs, dtype);
              }
            });
    parts.forEach((name, rows) -> writer.add(name, keep(Nd4j.concat(0, rows)), dtype));
  }

  private INDArray turned(INDArray matrix) {
    return keep(matrix.transpose().dup('c'));
  }

  private INDArray keep(INDArray array) {
    made.add(array);
    return array;
  }

  @Override
  public void close() {
    made.forEach(INDArray::close);
  }
}
