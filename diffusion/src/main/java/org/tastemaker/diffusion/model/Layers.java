package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableLongArray;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.model.ParameterSpec.Kind;

/**
 * The layers that have parameters, named by their path in the network: what a network's code is
 * written over.
 *
 * <p>Without parameters it declares: the graph is made of inputs, and {@link #declared} says which
 * parameters the network has. With them it builds a graph over their arrays, and asks the adapter
 * at every linear layer and convolution.
 */
final class Layers implements BranchBuilder {
  private final Ops ops;
  private final @Nullable Parameters parameters;
  private final Predicate<String> trainable;
  private final Adapter adapter;
  private final Map<String, ParameterSpec> declared = new LinkedHashMap<>();
  private final Map<String, Tensor> known = new LinkedHashMap<>();

  private Layers(
      Ops ops, @Nullable Parameters parameters, Predicate<String> trainable, Adapter adapter) {
    this.ops = ops;
    this.parameters = parameters;
    this.trainable = trainable;
    this.adapter = adapter;
  }

  /** Layers that declare. */
  static Layers declaring() {
    return new Layers(new Ops(DataType.FLOAT), null, name -> false, Adapter.NONE);
  }

  /** Layers that build a graph over a network's parameters. */
  static Layers building(
      Parameters parameters, DataType type, Predicate<String> trainable, Adapter adapter) {
    return new Layers(new Ops(type), parameters, trainable, adapter);
  }

  @Override
  public Ops ops() {
    return ops;
  }

  /** The parameters that the layers so far have, in order. */
  ImmutableList<ParameterSpec> declared() {
    return ImmutableList.copyOf(declared.values());
  }

  @Override
  public Tensor parameter(Parameters source, String name) {
    Tensor tensor = known.get(name);
    if (tensor == null) {
      tensor = ops.parameter(name, source.get(name), trainable.test(name));
      known.put(name, tensor);
    }
    return tensor;
  }

  Tensor linear(String path, Tensor x, long out, boolean bias) {
    long in = x.dim(-1);
    ParameterSpec weight =
        new ParameterSpec(path + ".weight", ImmutableLongArray.of(out, in), Kind.LINEAR, in);
    Tensor y = ops.linear(path, x, parameter(weight), bias ? vector(path, "bias", out, in) : null);
    return adapt(new Adapter.Site(path, weight, 1, Padding.NONE), x, y);
  }

  Tensor conv2d(String path, Tensor x, long out, int kernel, int stride, Padding padding) {
    return conv2d(path, x, out, kernel, stride, padding, true);
  }

  private Tensor conv2d(
      String path, Tensor x, long out, int kernel, int stride, Padding padding, boolean bias) {
    long in = x.dim(1);
    long fanIn = in * kernel * kernel;
    ParameterSpec weight =
        new ParameterSpec(
            path + ".weight", ImmutableLongArray.of(out, in, kernel, kernel), Kind.CONV, fanIn);
    Tensor shift = bias ? vector(path, "bias", out, fanIn) : null;
    Tensor y = ops.conv2d(path, x, parameter(weight), shift, stride, padding);
    return adapt(new Adapter.Site(path, weight, stride, padding), x, y);
  }

  /** A linear map of every square of so many pixels, without a bias. */
  Tensor patches(String path, Tensor x, long out, int side) {
    return conv2d(path, x, out, side, side, Padding.NONE, false);
  }

  /** A convolution that keeps height and width. */
  Tensor conv2d(String path, Tensor x, long out, int kernel) {
    return conv2d(path, x, out, kernel, 1, Padding.all(kernel / 2));
  }

  Tensor groupNorm(String path, Tensor x, int groups, double epsilon) {
    Tensor scale = norm(path, "weight", x.dim(1), Kind.SCALE);
    return ops.groupNorm(path, x, scale, norm(path, "bias", x.dim(1), Kind.SHIFT), groups, epsilon);
  }

  Tensor layerNorm(String path, Tensor x, double epsilon) {
    Tensor scale = norm(path, "weight", x.dim(-1), Kind.SCALE);
    return ops.layerNorm(path, x, scale, norm(path, "bias", x.dim(-1), Kind.SHIFT), epsilon);
  }

  /** A table of vectors. */
  Tensor table(String path, long rows, long size) {
    return parameter(
        new ParameterSpec(path + ".weight", ImmutableLongArray.of(rows, size), Kind.EMBEDDING, 1));
  }

  /** A vector that is a token, [1, size]. */
  Tensor token(String path, long size) {
    return parameter(new ParameterSpec(path, ImmutableLongArray.of(size), Kind.TOKEN, 1));
  }

  private Tensor vector(String path, String name, long size, long fanIn) {
    return parameter(
        new ParameterSpec(path + "." + name, ImmutableLongArray.of(size), Kind.BIAS, fanIn));
  }

  private Tensor norm(String path, String name, long size, Kind kind) {
    return parameter(new ParameterSpec(path + "." + name, ImmutableLongArray.of(size), kind, 1));
  }

  private Tensor parameter(ParameterSpec spec) {
    declared.put(spec.name(), spec);
    return parameters == null
        ? ops.declared(spec.name(), spec.layout().toArray())
        : ops.parameter(spec.name(), parameters.get(spec.name()), trainable.test(spec.name()));
  }

  private Tensor adapt(Adapter.Site site, Tensor x, Tensor y) {
    Adapter.Branch branch = adapter.branch(site);
    if (branch == null) {
      return y;
    }
    Tensor adapted = branch.apply(this, x, y);
    if (!adapted.shape().equals(y.shape())) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the adapter at \"%s\" must return shape %s, but returned %s",
              site.path(),
              y.shape(),
              adapted.shape()));
    }
    return adapted;
  }
}
