package org.tastemaker.diffusion.engine.onednn;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Which layers are computed together with the one before them, so that what lies between is never
 * written to memory. The first two concern the forward half alone.
 *
 * <ul>
 *   <li>A sum with the output of a product: the product adds the other term to its result.
 *   <li>A gated GELU of a linear layer: the layer's halves are two products, and the second applies
 *       the gate to its result.
 *   <li>A convolution of an upsampled image, whose weights are frozen: four small ones.
 * </ul>
 */
final class Fusions {
  /**
   * A sum that a product computes.
   *
   * @param sum the layer
   * @param other the term that was there before the product
   */
  record Residual(Layer sum, Tensor other) {}

  private final Map<String, Residual> residuals = new HashMap<>();
  private final Map<String, Layer> gated = new HashMap<>();
  private final Map<String, Layer> upsampled = new HashMap<>();
  private final Set<String> sums = new HashSet<>();
  private final Set<String> deferred = new HashSet<>();

  private final Map<String, Integer> makers = new HashMap<>();
  private final Map<String, Integer> uses = new HashMap<>();
  private final GraphDefinition definition;
  private final List<Layer> layers;
  private final Set<String> stock;

  /**
   * Finds them.
   *
   * @param layers those that are compiled, in their order
   * @param stock the names of layers that ND4J's ops run
   */
  Fusions(GraphDefinition definition, List<Layer> layers, Set<String> stock) {
    this.definition = definition;
    this.layers = layers;
    this.stock = stock;
    for (int i = 0; i < layers.size(); i++) {
      makers.put(layers.get(i).output().name(), i);
      layers.get(i).inputs().forEach(this::use);
    }
    definition.outputs().values().forEach(this::use);
    for (Layer layer : layers) {
      if (!stock.contains(layer.name())) {
        findResidual(layer);
      }
    }
    for (Layer layer : layers) {
      if (!stock.contains(layer.name())) {
        findGate(layer);
        findUpsampling(layer);
      }
    }
  }

  private void use(Tensor tensor) {
    uses.merge(tensor.name(), 1, Integer::sum);
  }

  private void findResidual(Layer sum) {
    if (sum.kind() != Kind.ADD) {
      return;
    }
    Tensor a = sum.inputs().get(0);
    Tensor b = sum.inputs().get(1);
    Tensor later = makers.getOrDefault(a.name(), -1) > makers.getOrDefault(b.name(), -1) ? a : b;
    Layer product = productOf(later);
    if (product != null) {
      residuals.put(product.name(), new Residual(sum, later.equals(a) ? b : a));
      sums.add(sum.name());
    }
  }

  private void findGate(Layer geglu) {
    Layer product = geglu.kind() == Kind.GEGLU ? productOf(geglu.inputs().get(0)) : null;
    if (product != null && product.kind() == Kind.LINEAR) {
      gated.put(geglu.name(), product);
      deferred.add(product.name());
    }
  }

  private void findUpsampling(Layer convolution) {
    if (convolution.kind() != Kind.CONV2D || residuals.containsKey(convolution.name())) {
      return;
    }
    Tensor image = convolution.inputs().get(0);
    Integer maker = makers.get(image.name());
    Leaf weight = definition.leaves().get(convolution.inputs().get(1).name());
    if (maker != null
        && layers.get(maker).kind() == Kind.UPSAMPLE
        && !stock.contains(layers.get(maker).name())
        && uses.getOrDefault(image.name(), 0) == 1
        && weight != null
        && weight.role() == Leaf.Role.FROZEN
        && isThreeByThree(convolution)) {
      upsampled.put(convolution.name(), layers.get(maker));
      deferred.add(layers.get(maker).name());
    }
  }

  private static boolean isThreeByThree(Layer convolution) {
    Tensor weight = convolution.inputs().get(1);
    return weight.dim(0) == 3
        && weight.dim(1) == 3
        && List.of("stride", "top", "bottom", "left", "right").stream()
            .allMatch(attribute -> convolution.whole(attribute) == 1);
  }

  /** The product that makes a tensor which nothing else reads. */
  private @Nullable Layer productOf(Tensor tensor) {
    Integer maker = makers.get(tensor.name());
    if (maker == null || uses.getOrDefault(tensor.name(), 0) != 1) {
      return null;
    }
    Layer layer = layers.get(maker);
    boolean product = layer.kind() == Kind.LINEAR || layer.kind() == Kind.CONV2D;
    return product && !stock.contains(layer.name()) ? layer : null;
  }

  /** The sum that a product computes too. */
  @Nullable Residual residual(Layer product) {
    return residuals.get(product.name());
  }

  /** The linear layer that a gated GELU computes too. */
  @Nullable Layer gated(Layer geglu) {
    return gated.get(geglu.name());
  }

  /** The upsampling that a convolution computes too. */
  @Nullable Layer upsampling(Layer convolution) {
    return upsampled.get(convolution.name());
  }

  /** Whether another layer's kernel computes a layer's output. */
  boolean isComputedElsewhere(Layer layer) {
    return sums.contains(layer.name()) || deferred.contains(layer.name());
  }

  /** Whether a layer's kernel computes more or less than its output, so that no other can do it. */
  boolean concerns(Layer layer) {
    return residuals.containsKey(layer.name())
        || gated.containsKey(layer.name())
        || upsampled.containsKey(layer.name())
        || isComputedElsewhere(layer);
  }
}
