package org.tastemaker.diffusion.engine.onednn;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.Composite;

/** One layer while its graph is compiled: what its kernel sees of the rest. */
final class Layer {
  private final Compiler compiler;
  private final Composite composite;
  private final List<String> inputs;
  private final String output;

  /**
   * A layer.
   *
   * @param inputs the variables behind the identities that the composite reads
   */
  Layer(Compiler compiler, Composite composite, List<String> inputs, String output) {
    this.compiler = compiler;
    this.composite = composite;
    this.inputs = inputs;
    this.output = output;
  }

  Composite composite() {
    return composite;
  }

  Composite.Kind kind() {
    return composite.kind();
  }

  int whole(String attribute) {
    return (int) composite.attribute(attribute);
  }

  Program program() {
    return compiler.program();
  }

  OneDnn dnn() {
    return compiler.program().dnn();
  }

  int inputCount() {
    return inputs.size();
  }

  // ---- Forward

  /** The shape of an input. */
  long[] shape(int input) {
    return compiler.shape(inputs.get(input));
  }

  /** The shape of the output. */
  long[] shape() {
    return compiler.shape(output);
  }

  /** An input, images with their channels last. */
  Buffer input(int input) {
    return compiler.activation(inputs.get(input));
  }

  /** The array of an input that no layer computes, in its own layout; null if a layer does. */
  @Nullable INDArray leaf(int input) {
    return compiler.leaf(inputs.get(input));
  }

  /** An input that no layer computes, in the layout that it has in the graph. */
  Buffer parameter(int input) {
    return compiler.parameter(inputs.get(input));
  }

  /** Whether an input and its gradient lie in memory as its shape says, channels not last. */
  boolean isPlain(int input) {
    return leaf(input) != null && !compiler.isImageLeaf(inputs.get(input));
  }

  /** Whether an input changes only when the function is told so. */
  boolean isFrozen(int input) {
    return compiler.isFrozen(inputs.get(input));
  }

  Buffer output() {
    return compiler.output(output);
  }

  /** Makes the output another name of an input: nothing is computed. */
  void passThrough() {
    compiler.alias(output, inputs.get(0));
  }

  // ---- Backward

  /** Whether the gradient of an input is wanted. */
  boolean wants(int input) {
    return compiler.isDifferentiable(inputs.get(input));
  }

  /** Whether the gradient of any input is wanted. */
  boolean isDifferentiable() {
    return compiler.isDifferentiable(output);
  }

  /** A buffer that holds a part of an input's gradient and may be added to; null if none does. */
  @Nullable Buffer accumulator(int input) {
    return compiler.gradients().accumulator(inputs.get(input));
  }

  /** Where to write a part of an input's gradient; then call {@link #contribute}. */
  Buffer target(int input) {
    return compiler.gradients().target(inputs.get(input));
  }

  /** Adds a part of an input's gradient; the buffer belongs to the gradient from now on. */
  void contribute(int input, Buffer part) {
    compiler.gradients().contribute(inputs.get(input), part);
  }

  /** Adds the gradient of the output to that of an input of the same size. */
  void passGradient(int input) {
    compiler.gradients().pass(output, inputs.get(input));
  }
}
