package org.tastemaker.diffusion.engine.onednn;

import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.engine.nd4j.Nd4jGraph;

/**
 * Turns a graph into a program, layer by layer.
 *
 * <ol>
 *   <li>Which layers the outputs need.
 *   <li>Forward: the inputs into this package's layout, each needed layer's steps, the outputs
 *       back.
 *   <li>Backward: the cotangents into the layout; the layers that have a gradient to pass on, last
 *       first; the gradients of the leaves to the arrays that the caller gets.
 * </ol>
 *
 * <p>A layer that has no kernel is run by ND4J's ops. If that is found out late, when its backward
 * half is compiled, compilation starts again without the kernel.
 */
final class Compiler {
  private static final Logger LOG = LoggerFactory.getLogger(Compiler.class);

  /** A layer's kernel was not possible. */
  private static final class NoKernel extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final String layer;

    NoKernel(String layer, Throwable cause) {
      super("no kernel for \"" + layer + "\": " + cause.getMessage(), cause);
      this.layer = layer;
    }
  }

  /** A layer with its kernel. */
  private record Compiled(Layer layer, Kernel kernel) {}

  private final GraphDefinition definition;
  private final ImmutableMap<String, Tensor> differentiable;
  private final Supplier<Nd4jGraph> ops;
  private final Set<String> stock;
  private final PackedWeights packed;
  private final Program program;
  private final Variables variables;
  private final Gradients gradients;
  private final Map<String, INDArray> outputs = new LinkedHashMap<>();
  private final Map<String, INDArray> cotangents = new LinkedHashMap<>();
  private final Map<String, INDArray> leafGradients = new LinkedHashMap<>();
  private final Map<String, Buffer> homes = new HashMap<>();
  private final Map<String, Kernel> kernels = new HashMap<>();
  private final Map<String, LayerScope> scopes = new HashMap<>();
  private final Resources owned = new Resources();
  private Fusions fusions;

  private Compiler(
      GraphDefinition definition,
      Supplier<Nd4jGraph> ops,
      Set<String> stock,
      PackedWeights packed,
      boolean halves) {
    this.definition = definition;
    this.packed = packed;
    this.differentiable = definition.differentiable();
    this.ops = ops;
    this.stock = stock;
    this.program = new Program(owned.add(new OneDnn()), halves);
    this.variables = new Variables(definition, program);
    this.fusions = new Fusions(definition, List.of(), stock);
    this.gradients = new Gradients(definition.isDifferentiable(), program, this::home);
  }

  /**
   * The result.
   *
   * @param definition kept for its constants: steps know their addresses alone, and ND4J frees an
   *     array that nobody refers to
   */
  record Plan(
      GraphDefinition definition,
      Program program,
      Map<String, INDArray> inputs,
      Map<String, INDArray> outputs,
      Map<String, INDArray> cotangents,
      Map<String, INDArray> gradients,
      Set<String> stockLayers,
      Resources owned) {}

  /**
   * Compiles a graph.
   *
   * @param options how; checkpoints are not the compiler's
   * @param packed where frozen weights are kept
   */
  static Plan compile(GraphDefinition definition, CompilerOptions options, PackedWeights packed) {
    // Made for the first layer that has no kernel; most graphs have no such layer.
    Supplier<Nd4jGraph> ops = Suppliers.memoize(() -> Nd4jGraph.of(definition));
    Set<String> without = new LinkedHashSet<>(options.stock());
    while (true) {
      Compiler compiler = new Compiler(definition, ops, without, packed, options.halves());
      try {
        compiler.run();
        return compiler.plan();
      } catch (NoKernel e) {
        compiler.owned.close();
        if (!without.add(e.layer)) {
          throw e;
        }
        LOG.info("ND4J's ops run layer \"{}\": {}", e.layer, e.getMessage());
      } catch (RuntimeException | Error e) {
        compiler.owned.close();
        throw e;
      }
    }
  }

  private Plan plan() {
    return new Plan(
        definition,
        program,
        variables.inputs(),
        outputs,
        cotangents,
        leafGradients,
        Set.copyOf(stock),
        owned);
  }

  private void run() {
    definition
        .inputs()
        .forEach((name, tensor) -> variables.input(name, array(tensor.dataType(), tensor)));

    // 1. What is needed.
    List<Layer> needed = needed();

    fusions = new Fusions(definition, needed, stock);

    // 2. Forward.
    List<Compiled> layers = new ArrayList<>();
    for (Layer layer : needed) {
      layers.add(forward(layer));
    }
    definition.outputs().forEach(this::output);

    // 3. Backward.
    if (definition.isDifferentiable()) {
      definition.outputs().forEach(this::cotangent);
      for (Compiled compiled : Lists.reverse(layers)) {
        backward(compiled);
      }
      differentiable.values().forEach(this::leafGradient);
    }
  }

  private List<Layer> needed() {
    Set<String> tensors = new HashSet<>();
    definition.outputs().values().forEach(tensor -> tensors.add(tensor.name()));
    List<Layer> needed = new ArrayList<>();
    for (Layer layer : definition.layers().reverse()) {
      if (tensors.contains(layer.output().name())) {
        needed.add(layer);
        layer.inputs().forEach(tensor -> tensors.add(tensor.name()));
      }
    }
    return Lists.reverse(needed);
  }

  // ---- Layers

  private Compiled forward(Layer layer) {
    Layer gated = fusions.gated(layer);
    Layer upsampling = fusions.upsampling(layer);
    LayerScope scope =
        new LayerScope(
            layer,
            program,
            variables,
            gradients,
            packed,
            fusions.residual(layer),
            gated == null ? null : kernels.get(gated.name()),
            upsampling == null ? null : scopes.get(upsampling.name()));
    scopes.put(layer.name(), scope);
    program.begin(Program.Part.FORWARD, layer.kind().name(), layer.name());
    Kernel kernel = kernel(scope);
    kernels.put(layer.name(), kernel);
    try {
      if (!fusions.isComputedElsewhere(layer)) {
        kernel.forward();
      }
    } catch (OneDnn.Unsupported e) {
      throw new NoKernel(layer.name(), e);
    }
    return new Compiled(layer, kernel);
  }

  private Kernel kernel(LayerScope scope) {
    String name = scope.layer().name();
    if (!stock.contains(name)) {
      try {
        return Kernels.of(scope);
      } catch (OneDnn.Unsupported e) {
        if (fusions.concerns(scope.layer())) {
          throw new NoKernel(name, e);
        }
        // Nothing of it is in the program yet, so there is no need to start again.
        LOG.info("ND4J's ops run layer \"{}\": {}", name, e.getMessage());
        stock.add(name);
      }
    }
    return owned.add(new StockKernel(scope, Objects.requireNonNull(ops.get())));
  }

  private void backward(Compiled compiled) {
    Layer layer = compiled.layer;
    Buffer gradient = gradients.of(layer.output());
    if (gradient == null || !layer.output().differentiable()) {
      return;
    }
    program.begin(Program.Part.BACKWARD, layer.kind().name(), layer.name());
    try {
      compiled.kernel.backward(gradient);
    } catch (OneDnn.Unsupported e) {
      throw new NoKernel(layer.name(), e);
    }
    gradients.release(layer.output());
  }

  // ---- Ends

  private void output(String name, Tensor tensor) {
    INDArray array = array(DataType.FLOAT, tensor);
    long[] shape = tensor.shape().toArray();
    outputs.put(name, array);
    program.begin(Program.Part.FORWARD, "OUTPUT", name);
    program.reorder(
        program.tensor(variables.activation(tensor), shape),
        program.dense(Buffer.of(array), shape));
  }

  private void cotangent(String name, Tensor tensor) {
    INDArray array = array(DataType.FLOAT, tensor);
    long[] shape = tensor.shape().toArray();
    cotangents.put(name, array);
    if (!tensor.differentiable()) {
      return;
    }
    program.begin(Program.Part.BACKWARD, "COTANGENT", name);
    Buffer buffer = Program.floats(shape);
    program.reorder(program.dense(Buffer.of(array), shape), program.tensor(buffer, shape));
    gradients.contribute(tensor, buffer);
  }

  /** Where the gradient of a leaf ends up: in the array that the caller gets. */
  private @Nullable Buffer home(Tensor tensor) {
    boolean isLeaf = differentiable.containsKey(tensor.name());
    if (!isLeaf || variables.isImageLeaf(tensor)) {
      return null;
    }
    return homes.computeIfAbsent(tensor.name(), name -> Buffer.of(leafArray(tensor)));
  }

  private INDArray leafArray(Tensor leaf) {
    return leafGradients.computeIfAbsent(leaf.name(), name -> array(DataType.FLOAT, leaf));
  }

  private void leafGradient(Tensor leaf) {
    INDArray array = leafArray(leaf);
    Buffer gradient = gradients.of(leaf);
    if (gradient == null) {
      array.assign(0); // No output depends on it.
      return;
    }
    program.begin(Program.Part.BACKWARD, "GRADIENT", leaf.name());
    if (variables.isImageLeaf(leaf)) {
      long[] shape = leaf.shape().toArray();
      program.reorder(program.tensor(gradient, shape), program.dense(Buffer.of(array), shape));
    } else if (!gradient.equals(homes.get(leaf.name()))) {
      program.copy(gradient, Buffer.of(array), array.length());
    }
  }

  private INDArray array(DataType type, Tensor tensor) {
    return owned.add(Nd4j.createUninitializedDetached(type, tensor.shape().toArray()));
  }
}
