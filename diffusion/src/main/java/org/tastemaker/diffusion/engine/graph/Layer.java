package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Locale;

/**
 * One layer of a graph: what an engine puts its kernel, or its ops, in the place of.
 *
 * @param kind which layer
 * @param name unique in its graph; for a layer with parameters their common prefix
 * @param inputs the tensors that it reads, leaves of the graph or outputs of earlier layers, in the
 *     order that {@link Kind} gives; the same one may be there twice
 * @param output the tensor that it makes; gradients flow through it if they do through an input
 * @param attributes its settings, as {@link Kind} names them; whole numbers and flags (0 or 1) are
 *     exact
 */
public record Layer(
    Kind kind,
    String name,
    ImmutableList<Tensor> inputs,
    Tensor output,
    ImmutableMap<String, Double> attributes) {

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
    /** Inputs a and b, of one shape. */
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
          String.format(
              Locale.ROOT,
              "%s \"%s\" has no attribute \"%s\"; it has %s",
              kind,
              name,
              attribute,
              attributes.keySet()));
    }
    return value;
  }

  /**
   * An attribute that is a whole number.
   *
   * @param attribute one that the kind has
   * @return its value
   * @throws IllegalArgumentException if the kind has no such attribute
   */
  public int whole(String attribute) {
    return (int) attribute(attribute);
  }

  /**
   * An attribute that says yes or no.
   *
   * @param attribute one that the kind has
   * @return whether it is not 0
   * @throws IllegalArgumentException if the kind has no such attribute
   */
  public boolean flag(String attribute) {
    return attribute(attribute) != 0;
  }

  /**
   * Whether the layer has an optional input, such as a bias or a mask.
   *
   * @param input its place among the inputs, from 0
   * @return whether it is there
   */
  public boolean has(int input) {
    return input < inputs.size();
  }
}
