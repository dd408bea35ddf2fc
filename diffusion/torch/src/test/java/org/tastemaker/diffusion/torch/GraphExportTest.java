package org.tastemaker.diffusion.torch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

class GraphExportTest {
  private static final Map<String, INDArray> INPUTS =
      Map.of(
          "image", random("image", 2, 3, 5, 4), "ids", Nd4j.createFromArray(new int[][] {{2, 0}}));
  private static final Map<String, INDArray> COTANGENTS =
      Map.of("image", random("cotangent", 2, 6, 5, 4));

  /** Leaves of every role, a layer with attributes, two outputs. */
  private static GraphDefinition graph() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor image = ops.input("image", true, 2, 3, 5, 4);
    Tensor ids = ops.intInput("ids", 1, 2);
    Tensor table = ops.parameter("table", random("table", 3, 6), false);
    Tensor rows = ops.constant("rows", random("rows", 2, 6));
    Tensor weight = ops.parameter("conv.weight", random("weight", 3, 3, 3, 6), true);
    Tensor h = ops.conv2d("conv", image, weight, null, 1, Padding.all(1));
    Tensor words = ops.addToBatch("positions", ops.embedding("embedding", ids, table), rows);
    return GraphDefinition.of(ops, ImmutableMap.of("image", ops.silu("act", h), "words", words));
  }

  private static INDArray random(String name, long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    float[] values = new float[(int) array.length()];
    Seed.of(3).split(name).gaussian(0, values);
    return Nd4j.createFromArray(values).reshape(shape).dup('c');
  }

  private static double error(INDArray found, INDArray expected) {
    return found.sub(expected).norm2Number().doubleValue() / expected.norm2Number().doubleValue();
  }

  @Test
  void whatIsReadBackIsTheGraph(@TempDir Path folder) {
    GraphDefinition graph = graph();
    GraphExport.write(graph, INPUTS, COTANGENTS, folder.resolve("new").resolve("folder"));
    ExportedGraph read = new ExportedGraph(folder.resolve("new").resolve("folder"));
    assertThat(read.graph())
        .usingRecursiveComparison()
        .ignoringFieldsOfTypes(INDArray.class)
        .isEqualTo(graph);
    assertThat(read.graph().layers()).isEqualTo(graph.layers());
    graph
        .leaves()
        .forEach(
            (name, leaf) ->
                assertThat(requireNonNull(read.graph().leaves().get(name)).array())
                    .as(name)
                    .isEqualTo(leaf.array()));
    assertThat(read.arrays("input/")).isEqualTo(INPUTS);
    assertThat(read.arrays("cotangent/")).isEqualTo(COTANGENTS);
  }

  @Test
  void theExpectedNumbersAreThoseOfTheGraph(@TempDir Path folder) {
    GraphDefinition graph = graph();
    GraphExport.write(graph, INPUTS, COTANGENTS, folder);
    ExportedGraph read = new ExportedGraph(folder);
    assertThat(read.json().text("expected")).isEqualTo("float64");
    try (GraphFunction function = Engines.named("replay").create(graph)) {
      // Sums of at most 27 terms, in float32 here.
      Map<String, INDArray> outputs = read.arrays("output/");
      assertThat(outputs).containsOnlyKeys("image", "words");
      function
          .forward(INPUTS)
          .forEach(
              (name, array) ->
                  assertThat(error(array, requireNonNull(outputs.get(name)))).isLessThan(1e-6));
      Map<String, INDArray> gradients = read.arrays("gradient/");
      assertThat(gradients).containsOnlyKeys("image", "conv.weight");
      function
          .backward(COTANGENTS)
          .forEach(
              (name, array) ->
                  assertThat(error(array, requireNonNull(gradients.get(name)))).isLessThan(1e-6));
    }
  }

  @Test
  void theExpectedNumbersAreOfFloat64(@TempDir Path folder) {
    // In float32 the sum is 16777216, and the difference 0.
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", false, 1);
    Tensor large = ops.constant("large", Nd4j.createFromArray(new float[] {16777216}));
    Tensor minus = ops.scale("minus", large, -1);
    Tensor out = ops.add("difference", ops.add("sum", x, large), minus);
    GraphExport.write(
        GraphDefinition.of(ops, ImmutableMap.of("out", out)),
        Map.of("x", Nd4j.createFromArray(new float[] {1})),
        Map.of(),
        folder);
    assertThat(requireNonNull(new ExportedGraph(folder).arrays("output/").get("out")).getDouble(0))
        .isEqualTo(1);
  }

  @Test
  void withoutCotangentsThereAreNoGradients(@TempDir Path folder) {
    GraphExport.write(graph(), INPUTS, Map.of(), folder);
    assertThat(new ExportedGraph(folder).arrays("gradient/")).isEmpty();
  }

  @Test
  void inputsThatDoNotFitAreRefused(@TempDir Path folder) {
    Map<String, INDArray> inputs =
        Map.of("image", random("image", 2, 3, 5, 5), "ids", requireNonNull(INPUTS.get("ids")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GraphExport.write(graph(), inputs, COTANGENTS, folder))
        .withMessageContaining("image");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aGraphWithoutArraysIsWrittenWithFrozenParameters(@TempDir Path folder) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", false, 2, 7);
    Tensor weight = ops.declared("weight", 5, 7);
    GraphDefinition graph =
        GraphDefinition.of(ops, ImmutableMap.of("out", ops.linear("f", x, weight, null)));
    GraphExport.writeLayers(graph, Set.of("x"), folder);
    ExportedGraph read = new ExportedGraph(folder);
    assertThat(folder).isDirectoryNotContaining("glob:**.safetensors");
    assertThat(read.json().objects("leaves"))
        .extracting(leaf -> leaf.text("name") + " " + Leaf.Role.valueOf(leaf.text("role")))
        .containsExactly("x INPUT", "weight FROZEN");
  }

  @Test
  void anInputThatIsNotThereIsRefused(@TempDir Path folder) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GraphExport.writeLayers(graph(), Set.of("image", "text"), folder))
        .withMessageContaining("but has [image, ids]");
  }
}
