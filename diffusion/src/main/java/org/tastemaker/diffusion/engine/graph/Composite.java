package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;

/**
 * One layer of a graph, as several ops of SameDiff: what a compiler needs to put one kernel in
 * their place.
 *
 * <p>The ops named by {@link #forwardOps} compute {@link #output} from {@link #inputs} and from
 * constants, and nothing else reads what they make in between. Each differentiable input is the
 * output of an identity that only this composite reads (the identity is not among the ops), so that
 * the gradient of that name is this composite's contribution alone; {@link Backward#ops} names the
 * ops that compute it.
 *
 * @param kind which layer
 * @param name unique in its graph; for a layer with parameters their common prefix
 * @param inputs the variables that it reads, in the order that {@link Kind} gives
 * @param output the variable that it makes
 * @param attributes its settings, as {@link Kind} names them; whole numbers and flags (0 or 1) are
 *     exact
 * @param forwardOps the names of the SameDiff ops between inputs and output, in order
 */
public record Composite(
    Kind kind,
    String name,
    ImmutableList<String> inputs,
    String output,
    ImmutableMap<String, Double> attributes,
    ImmutableList<String> forwardOps) {

  /** The layers there are, with their inputs and attributes; those in parentheses are optional. */
  public enum Kind {
    /** Inputs x [.., in], weight [out, in], (bias [out]). */
    LINEAR,
    /**
     * Inputs x [B, C, H, W], weight [kH, kW, C, out], (bias [out]); attributes stride, top, bottom,
     * left, right.
     */
    CONV2D,
    /** Inputs x [B, C, ..], scale [C], shift [C]; attributes groups, epsilon. */
    GROUP_NORM,
    /** Inputs x [.., C], scale [C], shift [C]; attribute epsilon. */
    LAYER_NORM,
    /** Input x; x sigmoid(x). */
    SILU,
    /** Input x; x Phi(x), with the error function. */
    GELU,
    /** Input x; x sigmoid(1.702 x). */
    QUICK_GELU,
    /** Input x [.., 2 C]; the first half times the GELU of the second. */
    GEGLU,
    /**
     * Inputs q [B, N, C], k [B, M, C], v [B, M, C], (mask [N, M], added to the scores); attributes
     * heads, scale.
     */
    ATTENTION,
    /** Input x [B, C, H, W]; each pixel becomes two by two. */
    UPSAMPLE,
    /** Inputs a and b [B, C, ..]; attribute axis. */
    CONCAT,
    /** Inputs a and b, of one shape. */
    ADD,
    /** Inputs x [B, C, H, W] and e [B, C]; adds e to every pixel. */
    ADD_TO_PIXELS,
    /** Inputs x [B, N, C] and p [N, C]; adds p to every row of the batch. */
    ADD_TO_BATCH,
    /** Input x; attribute factor. */
    SCALE,
    /** Inputs a and b, of one shape; a constant may be filled anew between two runs. */
    MULTIPLY,
    /** Input x; attributes low, high. */
    CLAMP,
    /** Input x; attributes axis, begin, size. */
    SLICE,
    /** Input x [B, C, H, W]; the tokens [B, H W, C]. */
    TO_TOKENS,
    /** Input x [B, H W, C]; the image [B, C, H, W]; attributes height, width. */
    TO_IMAGE,
    /** Inputs ids [B, N], of type INT32, and table [rows, C]; attribute rows. */
    EMBEDDING,
    /** Input t [B]; attributes size, flip, shift. */
    TIMESTEP_EMBEDDING
  }

  /**
   * An attribute's value.
   *
   * @param attribute one that the kind has
   * @return its value
   * @throws IllegalArgumentException if the kind has no such attribute
   */
  public double attribute(String attribute) {
    Double value = attributes.get(attribute);
    if (value == null) {
      throw new IllegalArgumentException(
          "%s \"%s\" has no attribute \"%s\"; it has %s"
              .formatted(kind, name, attribute, attributes.keySet()));
    }
    return value;
  }
}
