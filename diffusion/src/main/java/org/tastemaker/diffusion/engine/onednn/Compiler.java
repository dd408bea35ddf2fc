package org.tastemaker.diffusion.engine.onednn;

import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.same.Identity;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.engine.graph.Composite;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Turns a graph into a program, layer by layer.
 *
 * <ol>
 *   <li>Which layers the outputs need, and which of those depend on something differentiable.
 *   <li>Forward: the inputs into this package's layout, each needed layer's steps, the outputs
 *       back.
 *   <li>Backward: the cotangents into the layout; the layers that have a gradient to pass on, last
 *       first; the gradients of the leaves to the arrays that the caller gets.
 * </ol>
 *
 * <p>A layer that has no kernel is run by libnd4j's ops. If that is found out late, when its
 * backward half is compiled, compilation starts again without the kernel.
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
  private record Compiled(Layer layer, Kernel kernel, String output) {}

  private final GraphDefinition definition;
  private final Set<String> stock;
  private final Program program;
  private final Map<String, String> sources = new HashMap<>();
  private final Map<String, long[]> shapes = new HashMap<>();
  private final Set<String> differentiable = new HashSet<>();
  private final Map<String, Buffer> activations = new HashMap<>();
  private final Map<String, Buffer> parameters = new HashMap<>();
  private final Map<String, INDArray> inputs = new LinkedHashMap<>();
  private final Map<String, INDArray> outputs = new LinkedHashMap<>();
  private final Map<String, INDArray> cotangents = new LinkedHashMap<>();
  private final Map<String, INDArray> leafGradients = new LinkedHashMap<>();
  private final Set<String> parameterLeaves = new HashSet<>();
  private final Set<String> imageLeaves = new HashSet<>();
  private final Map<String, Buffer> homes = new HashMap<>();
  private final Gradients gradients;
  private final List<AutoCloseable> owned = new ArrayList<>();

  private Compiler(GraphDefinition definition, Set<String> stock) {
    this.definition = definition;
    this.stock = stock;
    OneDnn dnn = new OneDnn();
    owned.add(dnn);
    this.program = new Program(dnn);
    this.gradients = new Gradients(program, variable -> Shapes.count(shape(variable)), this::home);
  }

  /** The result. */
  record Plan(
      Program program,
      Map<String, INDArray> inputs,
      Map<String, INDArray> outputs,
      Map<String, INDArray> cotangents,
      Map<String, INDArray> gradients,
      Set<String> stockLayers,
      List<AutoCloseable> owned) {}

  /**
   * Compiles a graph.
   *
   * @param stock the names of layers that libnd4j's ops should run in any case
   */
  static Plan compile(GraphDefinition definition, Set<String> stock) {
    Set<String> without = new LinkedHashSet<>(stock);
    while (true) {
      Compiler compiler = new Compiler(definition, without);
      try {
        compiler.run();
        return compiler.plan();
      } catch (NoKernel e) {
        compiler.close();
        if (!without.add(e.layer)) {
          throw e;
        }
        LOG.info("the stock ops run layer \"{}\": {}", e.layer, e.getMessage());
      } catch (RuntimeException | Error e) {
        compiler.close();
        throw e;
      }
    }
  }

  private Plan plan() {
    return new Plan(program, inputs, outputs, cotangents, leafGradients, Set.copyOf(stock), owned);
  }

  private void close() {
    CompiledFunction.closeAll(owned);
  }

  private void run() {
    for (SameDiffOp op : definition.sameDiff().getOps().values()) {
      if (op.getOp() instanceof Identity) {
        sources.put(op.getOutputsOfOp().get(0), source(op.getInputsToOp().get(0)));
      }
    }
    definition.inputs().forEach(this::input);
    differentiable.addAll(definition.parameters().keySet());

    // 1. What is needed, and what is differentiable.
    List<Composite> needed = needed();
    for (Composite composite : needed) {
      List<long[]> inputShapes = new ArrayList<>();
      for (String input : composite.inputs()) {
        inputShapes.add(shape(source(input)));
        if (differentiable.contains(source(input))) {
          differentiable.add(composite.output());
        }
      }
      shapes.put(composite.output(), Shapes.output(composite, inputShapes));
    }

    // 2. Forward.
    List<Compiled> layers = new ArrayList<>();
    for (Composite composite : needed) {
      layers.add(forward(composite));
    }
    definition.outputs().forEach(this::output);

    // 3. Backward.
    if (definition.backward() != null) {
      definition.outputs().forEach(this::cotangent);
      for (Compiled compiled : Lists.reverse(layers)) {
        backward(compiled);
      }
      leaves().forEach(this::leafGradient);
    }
  }

  private List<Composite> needed() {
    Set<String> variables = new HashSet<>();
    definition.outputs().values().forEach(tensor -> variables.add(source(tensor.name())));
    List<Composite> needed = new ArrayList<>();
    for (Composite composite : definition.composites().reverse()) {
      if (variables.contains(composite.output())) {
        needed.add(composite);
        composite.inputs().forEach(name -> variables.add(source(name)));
      }
    }
    return Lists.reverse(needed);
  }

  // ---- Layers

  private Compiled forward(Composite composite) {
    Layer layer =
        new Layer(
            this,
            composite,
            composite.inputs().stream().map(this::source).toList(),
            composite.output());
    program.begin(Program.Part.FORWARD, composite.kind().name(), composite.name());
    Kernel kernel = kernel(layer);
    try {
      kernel.forward();
    } catch (OneDnn.Unsupported e) {
      throw new NoKernel(composite.name(), e);
    }
    return new Compiled(layer, kernel, composite.output());
  }

  private Kernel kernel(Layer layer) {
    String name = layer.composite().name();
    if (!stock.contains(name)) {
      try {
        return Kernels.of(layer);
      } catch (OneDnn.Unsupported e) {
        // Nothing of it is in the program yet, so there is no need to start again.
        LOG.info("the stock ops run layer \"{}\": {}", name, e.getMessage());
        stock.add(name);
      }
    }
    return stock(layer);
  }

  private Kernel stock(Layer layer) {
    StockKernel kernel = new StockKernel(layer, definition);
    owned.add(kernel);
    return kernel;
  }

  private void backward(Compiled compiled) {
    Buffer gradient = gradients.of(compiled.output);
    if (gradient == null || !differentiable.contains(compiled.output)) {
      return;
    }
    Composite composite = compiled.layer.composite();
    program.begin(Program.Part.BACKWARD, composite.kind().name(), composite.name());
    try {
      compiled.kernel.backward(gradient);
    } catch (OneDnn.Unsupported e) {
      throw new NoKernel(composite.name(), e);
    }
    gradients.release(compiled.output);
  }

  // ---- Ends

  private void input(String name, Tensor tensor) {
    INDArray array = array(tensor.dataType(), tensor.shape().toArray());
    inputs.put(name, array);
    if (tensor.differentiable()) {
      differentiable.add(name);
    }
  }

  private void output(String name, Tensor tensor) {
    String variable = source(tensor.name());
    INDArray array = array(DataType.FLOAT, shape(variable));
    outputs.put(name, array);
    program.begin(Program.Part.FORWARD, "OUTPUT", name);
    program.reorder(
        program.tensor(activation(variable), shape(variable)),
        program.dense(Buffer.of(array), shape(variable)));
  }

  private void cotangent(String name, Tensor tensor) {
    String variable = source(tensor.name());
    INDArray array = array(DataType.FLOAT, shape(variable));
    cotangents.put(name, array);
    if (!differentiable.contains(variable)) {
      return;
    }
    program.begin(Program.Part.BACKWARD, "COTANGENT", name);
    Buffer buffer = Program.floats(shape(variable));
    program.reorder(
        program.dense(Buffer.of(array), shape(variable)), program.tensor(buffer, shape(variable)));
    gradients.contribute(variable, buffer);
  }

  private Set<String> leaves() {
    Set<String> leaves = new LinkedHashSet<>(definition.parameters().keySet());
    definition
        .inputs()
        .forEach(
            (name, tensor) -> {
              if (tensor.differentiable()) {
                leaves.add(name);
              }
            });
    return leaves;
  }

  private @Nullable Buffer home(String variable) {
    boolean isLeaf = definition.parameters().containsKey(variable) || inputs.containsKey(variable);
    if (!isLeaf || imageLeaves.contains(variable)) {
      return null;
    }
    return homes.computeIfAbsent(variable, name -> Buffer.of(leafArray(name)));
  }

  private INDArray leafArray(String leaf) {
    return leafGradients.computeIfAbsent(leaf, name -> array(DataType.FLOAT, shape(name)));
  }

  private void leafGradient(String leaf) {
    INDArray array = leafArray(leaf);
    Buffer gradient = gradients.of(leaf);
    if (gradient == null) {
      array.assign(0); // No output depends on it.
      return;
    }
    program.begin(Program.Part.BACKWARD, "GRADIENT", leaf);
    if (imageLeaves.contains(leaf)) {
      program.reorder(
          program.tensor(gradient, shape(leaf)), program.dense(Buffer.of(array), shape(leaf)));
    } else if (!gradient.equals(homes.get(leaf))) {
      program.copy(gradient, Buffer.of(array), array.length());
    }
  }

  private INDArray array(DataType type, long... shape) {
    INDArray array = Nd4j.createUninitializedDetached(type, shape);
    owned.add(array);
    return array;
  }

  // ---- What layers ask

  Program program() {
    return program;
  }

  Gradients gradients() {
    return gradients;
  }

  String source(String variable) {
    return sources.getOrDefault(variable, variable);
  }

  long[] shape(String variable) {
    return shapes.computeIfAbsent(
        variable,
        name -> {
          INDArray leaf = leaf(name);
          if (leaf == null) {
            throw new IllegalStateException("the shape of \"" + name + "\" is not known");
          }
          return leaf.shape();
        });
  }

  boolean isDifferentiable(String variable) {
    return definition.backward() != null && differentiable.contains(variable);
  }

  boolean isFrozen(String variable) {
    return !inputs.containsKey(variable) && !definition.parameters().containsKey(variable);
  }

  @Nullable INDArray leaf(String variable) {
    INDArray input = inputs.get(variable);
    if (input != null) {
      return input;
    }
    SDVariable leaf = definition.sameDiff().getVariable(variable);
    VariableType type = leaf.getVariableType();
    return type == VariableType.VARIABLE || type == VariableType.CONSTANT ? leaf.getArr() : null;
  }

  boolean isImageLeaf(String variable) {
    return imageLeaves.contains(variable);
  }

  Buffer parameter(String variable) {
    parameterLeaves.add(variable);
    checkOneRole(variable);
    return raw(variable);
  }

  private Buffer raw(String variable) {
    INDArray array = leaf(variable);
    if (array == null) {
      throw new OneDnn.Unsupported("layer whose parameter \"" + variable + "\" is computed");
    }
    if (array.ordering() != 'c' || array.isView()) {
      throw new OneDnn.Unsupported("layer whose parameter \"" + variable + "\" is a view");
    }
    return parameters.computeIfAbsent(variable, name -> Buffer.of(array));
  }

  Buffer activation(String variable) {
    Buffer known = activations.get(variable);
    if (known != null) {
      return known;
    }
    Buffer raw = raw(variable);
    long[] shape = shape(variable);
    Buffer activation = raw;
    if (Shapes.isImage(shape)) {
      imageLeaves.add(variable);
      checkOneRole(variable);
      // At every run: a constant may be filled anew, such as a mask.
      Buffer image = Program.floats(shape);
      program.in(
          Program.Part.FORWARD,
          () -> program.reorder(program.dense(raw, shape), program.tensor(image, shape)));
      activation = image;
    }
    activations.put(variable, activation);
    return activation;
  }

  private void checkOneRole(String variable) {
    if (parameterLeaves.contains(variable) && imageLeaves.contains(variable)) {
      throw new IllegalArgumentException(
          "\"%s\" is both an image and the weight of a convolution; run this graph by replay"
              .formatted(variable));
    }
  }

  Buffer output(String variable) {
    return activations.computeIfAbsent(variable, name -> Program.floats(shape(name)));
  }

  void alias(String variable, String other) {
    activations.put(variable, activation(other));
  }
}
