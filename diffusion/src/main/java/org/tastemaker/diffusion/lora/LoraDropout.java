package org.tastemaker.diffusion.lora;

import com.google.common.primitives.ImmutableLongArray;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.BranchBuilder;

/**
 * A LoRA in training: each number that enters a branch is set to zero with the probability p, and
 * the others are divided by 1 - p (Srivastava et al., "Dropout", JMLR 2014, in the inverted form).
 * The frozen layer itself sees its whole input.
 *
 * <p>The masks are constants of the graph that {@link #redraw} refills in place: call it once
 * before each training step, with that step's seed. Then forward and backward of a step see the
 * same masks, and a step can be repeated exactly. With the rate 0 there are none, and this is the
 * LoRA itself.
 *
 * <p>The caller owns the LoRA. Not thread-safe.
 */
public final class LoraDropout implements Adapter, AutoCloseable {
  private record Place(String path, ImmutableLongArray shape) {}

  private final Lora lora;
  private final double rate;
  private final Map<Place, INDArray> masks = new LinkedHashMap<>();
  private Seed seed;

  /**
   * The training form of a LoRA.
   *
   * @param lora the LoRA
   * @param rate p, in [0, 1), such as {@link Lora#dropout}
   * @param seed of the first step's masks
   */
  public LoraDropout(Lora lora, double rate, Seed seed) {
    Lora.Options.requireDropout(rate);
    lora.requireTrainable();
    this.lora = lora;
    this.rate = rate;
    this.seed = seed;
  }

  /**
   * Draws the masks of a training step.
   *
   * @param seed of the step; a mask is a function of it and of the layer's path
   */
  public void redraw(Seed seed) {
    this.seed = seed;
    masks.forEach(this::fill);
  }

  @Override
  public @Nullable Branch branch(Site site) {
    if (!lora.hasBranch(site)) {
      return null;
    }
    return (layers, input, output) ->
        lora.add(layers, site, rate == 0 ? input : drop(layers, site, input), output, 1);
  }

  /** [..] of the input's shape. */
  private Tensor drop(BranchBuilder layers, Site site, Tensor input) {
    INDArray array =
        masks.computeIfAbsent(
            new Place(site.path(), input.shape()),
            place -> {
              INDArray mask = Nd4j.create(layers.ops().dataType(), place.shape().toArray());
              fill(place, mask);
              return mask;
            });
    String name = LoraParameters.prefix(lora.name(), lora.network(), site.path());
    Tensor mask = layers.ops().constant(name + ".mask", array);
    return layers.ops().multiply(name + ".dropout", input, mask);
  }

  private void fill(Place place, INDArray mask) {
    RandomGenerator random = seed.split(place.path()).generator();
    double kept = 1 / (1 - rate);
    // Two elements per draw: the lower and the upper 32 bits.
    long threshold = Math.round(rate * 0x1p32);
    long bits = 0;
    for (long i = 0; i < mask.length(); i++) {
      bits = i % 2 == 0 ? random.nextLong() : bits >>> 32;
      mask.data().put(i, (bits & 0xFFFFFFFFL) < threshold ? 0 : kept);
    }
  }

  /** Frees the masks; functions that were built with this adapter must not run any more. */
  @Override
  public void close() {
    masks.values().forEach(INDArray::close);
    masks.clear();
  }
}
