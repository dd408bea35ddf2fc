package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.json.Json;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * Writes a graph for another program to run, with the numbers that it should find: {@code
 * scripts/torch_check.py} runs it with PyTorch alone.
 *
 * <p>A folder receives two files. {@value #LAYERS} has the leaves, layers and outputs, in the order
 * of the {@link GraphDefinition} and in its words; a shape is that of the graph's own layout, so a
 * convolution's weight is [kH, kW, in, out]. {@value #ARRAYS} has the arrays, by a prefix and a
 * name:
 *
 * <table class="striped">
 * <caption>The arrays of a graph</caption>
 * <thead><tr><th>prefix</th><th>array</th></tr></thead>
 * <tbody>
 * <tr><td>{@code leaf/}</td><td>a parameter or a constant</td></tr>
 * <tr><td>{@code input/}</td><td>what a run is given</td></tr>
 * <tr><td>{@code output/}</td><td>what it should return, by the name that callers use</td></tr>
 * <tr><td>{@code cotangent/}</td><td>an output's cotangent</td></tr>
 * <tr><td>{@code gradient/}</td><td>what a backward run should return, by the leaf's name</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The expected numbers are computed by the engine {@code replay} in float64, whatever the
 * graph's type is, and written in float32.
 */
public final class GraphExport {
  /** The file of the layers. */
  public static final String LAYERS = "graph.json";

  /** The file of the arrays. */
  public static final String ARRAYS = "arrays.safetensors";

  private GraphExport() {}

  /**
   * Writes a graph, its arrays, and what one run forward and backward should give.
   *
   * @param graph any
   * @param inputs of the run, by name
   * @param cotangents of the run backward, by the output's name; if empty, no gradients are written
   * @param folder receives the files; created if missing
   * @throws IllegalArgumentException if inputs or cotangents do not fit the graph
   */
  public static void write(
      GraphDefinition graph,
      Map<String, INDArray> inputs,
      Map<String, INDArray> cotangents,
      Path folder) {
    SafetensorsWriter writer = new SafetensorsWriter();
    graph
        .leaves()
        .forEach(
            (name, leaf) -> {
              if (leaf.array() != null) {
                add(writer, "leaf/", name, leaf.array());
              }
            });
    inputs.forEach((name, array) -> add(writer, "input/", name, array));
    cotangents.forEach((name, array) -> add(writer, "cotangent/", name, array));
    try (DoubleGraph exact = DoubleGraph.of(graph);
        GraphFunction function = Engines.named("replay").create(exact.graph())) {
      function
          .forward(exact.arrays(inputs))
          .forEach((name, array) -> add(writer, "output/", name, array));
      if (!cotangents.isEmpty()) {
        function
            .backward(exact.arrays(cotangents))
            .forEach((name, array) -> add(writer, "gradient/", name, array));
      }
      create(folder);
      writer.write(folder.resolve(ARRAYS));
    }
    write(
        folder,
        GraphJson.of(graph, graph.inputs().keySet(), ImmutableMap.of("expected", "float64")));
  }

  /**
   * Writes the layers alone, for a program that makes up the arrays.
   *
   * @param graph any
   * @param inputs which of the graph's inputs are given to each run; the others are written as
   *     frozen parameters, which they stand for in a graph that was built without arrays
   * @param folder receives {@value #LAYERS}; created if missing
   * @throws IllegalArgumentException if the graph lacks an input
   */
  public static void writeLayers(GraphDefinition graph, Set<String> inputs, Path folder) {
    if (!graph.inputs().keySet().containsAll(inputs)) {
      throw new IllegalArgumentException(
          "the graph must have the inputs " + inputs + ", but has " + graph.inputs().keySet());
    }
    create(folder);
    write(folder, GraphJson.of(graph, inputs, ImmutableMap.of()));
  }

  private static void add(SafetensorsWriter writer, String prefix, String name, INDArray array) {
    DataType type = array.dataType();
    writer.add(
        prefix + name,
        array,
        type.isFPType() ? DType.F32 : type == DataType.INT64 ? DType.I64 : DType.I32);
  }

  private static void create(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create " + folder + ": " + e.getMessage(), e);
    }
  }

  private static void write(Path folder, Map<String, Object> json) {
    Path file = folder.resolve(LAYERS);
    try {
      Files.write(file, (Json.write(json) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
