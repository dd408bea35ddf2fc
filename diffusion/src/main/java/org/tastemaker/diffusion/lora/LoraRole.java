package org.tastemaker.diffusion.lora;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a tensor is to its layer, which the end of its name tells. The last parts of the names are
 * kohya's and LyCORIS', PEFT's (with the name of an adapter or without) and diffusers', of 2023 and
 * since.
 */
enum LoraRole {
  /** A, [r, in] or [r, in, kH, kW]. */
  DOWN(
      Kind.PAIR,
      "lora_down.weight",
      "\\.lora_down\\.weight|\\.lora_A@\\.weight|\\.lora(?:_linear_layer)?\\.down\\.weight|_lora\\.down\\.weight"),
  /** B, [out, r] or [out, r, 1, 1]. */
  UP(
      Kind.PAIR,
      "lora_up.weight",
      "\\.lora_up\\.weight|\\.lora_B@\\.weight|\\.lora(?:_linear_layer)?\\.up\\.weight|_lora\\.up\\.weight"),
  /** What stands between A and B of a convolution, [r, r, kH, kW]; A is [r, in, 1, 1] then. */
  MID(Kind.PAIR, "lora_mid.weight", "\\.lora_mid\\.weight"),
  /** What B adds, [out]. */
  UP_BIAS(Kind.PAIR, "lora_up.bias", "\\.lora_B@\\.bias|\\.lora_up\\.bias"),

  /** [out, r], or with HADA_T1 [r, out]. */
  HADA_W1_A(Kind.HADAMARD, "hada_w1_a", "\\.hada_w1_a@"),
  /** [r, in], or [r, in kH kW]. */
  HADA_W1_B(Kind.HADAMARD, "hada_w1_b", "\\.hada_w1_b@"),
  /** As HADA_W1_A. */
  HADA_W2_A(Kind.HADAMARD, "hada_w2_a", "\\.hada_w2_a@"),
  /** As HADA_W1_B. */
  HADA_W2_B(Kind.HADAMARD, "hada_w2_b", "\\.hada_w2_b@"),
  /** [r, r, kH, kW]. */
  HADA_T1(Kind.HADAMARD, "hada_t1", "\\.hada_t1@"),
  /** [r, r, kH, kW]. */
  HADA_T2(Kind.HADAMARD, "hada_t2", "\\.hada_t2@"),

  /** [a, c]. */
  LOKR_W1(Kind.KRONECKER, "lokr_w1", "\\.lokr_w1@"),
  /** [a, r]. */
  LOKR_W1_A(Kind.KRONECKER, "lokr_w1_a", "\\.lokr_w1_a@"),
  /** [r, c]. */
  LOKR_W1_B(Kind.KRONECKER, "lokr_w1_b", "\\.lokr_w1_b@"),
  /** [b, d] or [b, d, kH, kW]. */
  LOKR_W2(Kind.KRONECKER, "lokr_w2", "\\.lokr_w2@"),
  /** [b, r], or with LOKR_T2 [r, b]. */
  LOKR_W2_A(Kind.KRONECKER, "lokr_w2_a", "\\.lokr_w2_a@"),
  /** [r, d], or [r, d kH kW]. */
  LOKR_W2_B(Kind.KRONECKER, "lokr_w2_b", "\\.lokr_w2_b@"),
  /** [r, r, kH, kW]. */
  LOKR_T2(Kind.KRONECKER, "lokr_t2", "\\.lokr_t2@"),

  /** The difference of a weight, of its shape. */
  DIFF(Kind.DIFFERENCE, "diff", "\\.diff"),
  /** The difference of a norm's scale, [C]. */
  W_NORM(Kind.DIFFERENCE, "w_norm", "\\.w_norm"),
  /** The difference of a bias, [out]. */
  DIFF_B(Kind.BIAS, "diff_b", "\\.diff_b"),
  /** The difference of a norm's shift, [C]. */
  B_NORM(Kind.BIAS, "b_norm", "\\.b_norm"),

  /** The lengths of the rows of the new weight, [out, 1] or [out]; [1, in] for its columns. */
  DORA_SCALE(Kind.MAGNITUDE, "dora_scale", "\\.dora_scale(?:\\.weight)?"),
  /** The lengths of the rows of the new weight, [out] or [1, out, 1, 1]. */
  MAGNITUDE(Kind.MAGNITUDE, "lora_magnitude_vector", "\\.lora_magnitude_vector@(?:\\.weight)?"),

  /** A number; the change is multiplied by alpha / r. */
  ALPHA(Kind.ALPHA, "alpha", "\\.alpha");

  /** Tensors that together say how a weight changes. */
  enum Kind {
    PAIR("LoRA"),
    HADAMARD("LoHa"),
    KRONECKER("LoKr"),
    DIFFERENCE("difference"),
    BIAS("difference of a bias"),
    MAGNITUDE("DoRA"),
    ALPHA("alpha");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  /** A tensor's name, taken apart. */
  record Named(String module, LoraRole role) {}

  /** PEFT puts the adapter's name there, in files that it did not write itself. */
  private static final String ADAPTER = "(?:\\.[A-Za-z0-9_-]+)?";

  private final Kind kind;
  private final String suffix;
  private final Pattern pattern;

  LoraRole(Kind kind, String suffix, String ending) {
    this.kind = kind;
    this.suffix = "." + suffix;
    this.pattern = Pattern.compile("(?:" + ending.replace("@", ADAPTER) + ")$");
  }

  Kind kind() {
    return kind;
  }

  /** How kohya's and LyCORIS' names end. */
  String suffix() {
    return suffix;
  }

  /** What a name says, or null if it does not end like the name of a LoRA's tensor. */
  static @Nullable Named of(String key) {
    for (LoraRole role : values()) {
      Matcher matcher = role.pattern.matcher(key);
      if (matcher.find() && matcher.start() > 0) {
        return new Named(key.substring(0, matcher.start()), role);
      }
    }
    return null;
  }
}
