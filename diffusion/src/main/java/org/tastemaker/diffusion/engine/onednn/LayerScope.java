package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;

import java.util.List;
import java.util.Objects;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** One layer while its graph is compiled: what its kernel sees of the rest. */
final class LayerScope {
  private final Layer layer;
  private final Program program;
  private final Variables variables;
  private final Gradients gradients;
  private final PackedWeights packed;
  private final Fusions.@Nullable Residual residual;
  private final @Nullable Kernel gated;
  private final @Nullable LayerScope upsampling;

  /**
   * What a kernel sees.
   *
   * @param residual the sum that the layer computes too, if it does
   * @param gated the kernel of the layer before, if this one computes that too
   * @param upsampling the layer before, if this one computes that too
   */
  LayerScope(
      Layer layer,
      Program program,
      Variables variables,
      Gradients gradients,
      PackedWeights packed,
      Fusions.@Nullable Residual residual,
      @Nullable Kernel gated,
      @Nullable LayerScope upsampling) {
    this.layer = layer;
    this.program = program;
    this.variables = variables;
    this.gradients = gradients;
    this.packed = packed;
    this.residual = residual;
    this.gated = gated;
    this.upsampling = upsampling;
  }

  Layer layer() {
    return layer;
  }

  Layer.Kind kind() {
    return layer.kind();
  }

  int whole(String attribute) {
    return layer.whole(attribute);
  }

  Program program() {
    return program;
  }

  OneDnn dnn() {
    return program.dnn();
  }

  int inputCount() {
    return layer.inputs().size();
  }

  private Tensor tensor(int input) {
    return layer.inputs().get(input);
  }

  // ---- Forward

  /** The shape of an input. */
  long[] shape(int input) {
    return tensor(input).shape().toArray();
  }

  /** The shape of the output. */
  long[] shape() {
    return layer.output().shape().toArray();
  }

  /**
   * Checks that a tensor's last dimension is its last in memory too.
   *
   * @throws OneDnn.Unsupported if it is an image, whose channels are last
   */
  void requireRows(int input) {
    if (Shapes.isImage(shape(input))) {
      throw new OneDnn.Unsupported(kind() + " over the width of an image");
    }
  }

  /** An input, images with their channels last. */
  Buffer input(int input) {
    return variables.activation(tensor(input));
  }

  /** The array of an input that no layer computes, in its own layout; null if a layer does. */
  @Nullable INDArray leaf(int input) {
    return variables.leaf(tensor(input));
  }

  /** An input that no layer computes, in the layout that it has in the graph. */
  Buffer parameter(int input) {
    return variables.parameter(tensor(input));
  }

  /** Whether an input and its gradient lie in memory as its shape says, channels not last. */
  boolean isPlain(int input) {
    return leaf(input) != null && !variables.isImageLeaf(tensor(input));
  }

  /** Whether what a parameter is turned into is kept from run to run. */
  private boolean isKept(int input) {
    return packed.keep() && variables.isFrozen(tensor(input));
  }

  /**
   * A parameter in the format that a primitive asks for: kept if it is frozen, and otherwise made
   * at each run.
   *
   * @param dims of the parameter as it lies in memory, in the primitive's order
   * @param strides of these
   */
  Operand packed(int input, long[] dims, long[] strides, dnnl_memory_desc layout) {
    if (isKept(input)) {
      return new Operand(layout, packed.get(frozen(input), dims, strides, layout));
    }
    Operand made = new Operand(layout, Buffer.scratch(OneDnn.bytes(layout)));
    program.reorder(program.strided(parameter(input), dims, strides), made);
    return made;
  }

  /** A corner's share of a frozen 3 x 3 kernel, as {@link UpsampledConvolutionKernel} says. */
  Operand packedCorner(int input, int corner, dnnl_memory_desc layout) {
    long[] w = shape(input); // [3, 3, in, out]
    return new Operand(layout, packed.corner(frozen(input), w[2], w[3], corner, layout));
  }

  /** A parameter in bfloat16, in its own order: kept if it is frozen. */
  Buffer halved(int input) {
    long count = Shapes.count(shape(input));
    return isKept(input)
        ? packed.halved(frozen(input), count)
        : program.halved(parameter(input), count);
  }

  private PackedWeights.Frozen frozen(int input) {
    Buffer plain = parameter(input); // which checks that there is an array
    return new PackedWeights.Frozen(
        tensor(input).name(), Objects.requireNonNull(leaf(input)), plain);
  }

  /** Where to write the output, or the sum that is computed with it. */
  Buffer output() {
    return variables.output(residual == null ? layer.output() : residual.sum().output());
  }

  /**
   * What a product must do to its output: add another tensor, or nothing.
   *
   * @param layout of the output
   */
  List<PostOp> residual(dnnl_memory_desc layout) {
    return residual == null
        ? List.of()
        : List.of(
            PostOp.binary(
                dnnl_binary_add, new Operand(layout, variables.activation(residual.other()))));
  }

  /** The upsampling before, if it is computed with this layer. */
  @Nullable LayerScope upsampling() {
    return upsampling;
  }

  /** The kernel of the linear layer before, if it is computed with this one. */
  @Nullable ColumnProduct gated() {
    return (ColumnProduct) gated;
  }

  /** Makes the output another name of an input: nothing is computed. */
  void passThrough() {
    variables.alias(layer.output(), tensor(0));
  }

  // ---- Backward

  /** Whether the gradient of an input is wanted. */
  boolean wants(int input) {
    return gradients.areWanted() && tensor(input).differentiable();
  }

  /** Whether the gradient of any input is wanted. */
  boolean isDifferentiable() {
    return gradients.areWanted() && layer.output().differentiable();
  }

  /** A buffer that holds a part of an input's gradient and may be added to; null if none does. */
  @Nullable Buffer accumulator(int input) {
    return gradients.accumulator(tensor(input));
  }

  /** Where to write a part of an input's gradient; then call {@link #contribute}. */
  Buffer target(int input) {
    return gradients.target(tensor(input));
  }

  /** Adds a part of an input's gradient; the buffer belongs to the gradient from now on. */
  void contribute(int input, Buffer part) {
    gradients.contribute(tensor(input), part);
  }

  /** Adds the gradient of the output to that of an input of the same size. */
  void passGradient(int input) {
    gradients.pass(layer.output(), tensor(input));
  }
}
