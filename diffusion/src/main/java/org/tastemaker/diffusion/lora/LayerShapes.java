package org.tastemaker.diffusion.lora;

import com.google.common.primitives.ImmutableLongArray;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.lora.LoraRole.Kind;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.weights.TensorFile;

/** Checks that the tensors of a layer are complete, and that their shapes fit. */
final class LayerShapes {
  private final TensorFile file;
  private final LoraTensors tensors;
  private final List<String> problems;

  /**
   * The shapes of a file's tensors.
   *
   * @param file the file as it is
   * @param tensors the file in the form that fits the layers; gets the forms of each
   * @param problems receives what is wrong
   */
  LayerShapes(TensorFile file, LoraTensors tensors, List<String> problems) {
    this.file = file;
    this.tensors = tensors;
    this.problems = problems;
  }

  private void problem(String format, Object... values) {
    problems.add(String.format(Locale.ROOT, format, values));
  }

  /** Checks the tensors of a product; returns its rank, 0 where it has none. */
  long check(Kind product, LoraPlace place, Map<LoraRole, String> keys, boolean magnitude) {
    if (magnitude) {
      checkMagnitude(place, keys);
    }
    return switch (product) {
      case PAIR -> checkPair(place, keys, magnitude);
      case HADAMARD -> checkHadamard(place, keys);
      case KRONECKER -> checkKronecker(place, keys);
      default -> checkDifference(place, keys);
    };
  }

  private long checkPair(LoraPlace place, Map<LoraRole, String> keys, boolean magnitude) {
    String down = keys.get(LoraRole.DOWN);
    String up = keys.get(LoraRole.UP);
    String mid = keys.get(LoraRole.MID);
    if (down == null || up == null) {
      problem(
          "\"%s\" has %s, but no %s tensor",
          place.path(),
          String.join(", ", keys.values()),
          down == null && up == null ? "down and no up" : down == null ? "down" : "up");
      return 0;
    }
    String first = mid == null ? down : mid;
    ImmutableLongArray shape = file.shape(first);
    int rank = shape.isEmpty() ? 0 : (int) Math.min(shape.get(0), Integer.MAX_VALUE);
    if (rank < 1) {
      problem("\"%s\" must begin with the rank, but has shape %s", first, shape);
      return 0;
    }
    LoraModule module = new LoraModule(place.path(), place.weight(), rank, rank);
    if (mid != null) {
      checkMiddle(place, mid, down, module, !magnitude);
    } else {
      fit(down, module.down(down).shape());
    }
    fit(up, module.up(up).shape());
    String bias = keys.get(LoraRole.UP_BIAS);
    if (bias != null) {
      fit(bias, module.upBias(bias).shape());
      if (magnitude) {
        problem("\"%s\" stands beside a magnitude, which PEFT does not allow either", bias);
      }
    }
    return rank;
  }

  /** Checks a middle; where it stays a pair, it becomes a part of A. */
  private void checkMiddle(
      LoraPlace place, String mid, String down, LoraModule module, boolean merged) {
    ImmutableLongArray weight = place.weight().shape();
    if (weight.length() != 4) {
      problem("\"%s\" is for a convolution, but \"%s\" is none", mid, place.path());
      return;
    }
    long inner = file.shape(down).isEmpty() ? 0 : file.shape(down).get(0);
    long in = weight.get(1);
    ImmutableLongArray first = ImmutableLongArray.of(inner, in, 1, 1);
    boolean middle =
        expect(mid, ImmutableLongArray.of(module.rank(), inner, weight.get(2), weight.get(3)));
    boolean before = expect(down, first, ImmutableLongArray.of(inner, in));
    if (middle && before && merged) {
      tensors.put(
          down,
          module.down(down).shape(),
          type -> {
            try (INDArray second = file.array(mid, type);
                INDArray stored = file.array(down, type)) {
              return LoraProducts.tucker(second, stored)
                  .reshape('c', module.down(down).shape().toArray());
            }
          });
    }
  }

  private long checkHadamard(LoraPlace place, Map<LoraRole, String> keys) {
    boolean tucker = keys.containsKey(LoraRole.HADA_T1) || keys.containsKey(LoraRole.HADA_T2);
    long rank =
        checkHalf(
            place,
            keys,
            tucker ? LoraRole.HADA_T1 : null,
            LoraRole.HADA_W1_A,
            LoraRole.HADA_W1_B,
            out(place),
            in(place));
    checkHalf(
        place,
        keys,
        tucker ? LoraRole.HADA_T2 : null,
        LoraRole.HADA_W2_A,
        LoraRole.HADA_W2_B,
        out(place),
        in(place));
    return rank;
  }

  /** Checks a product of two or three matrices, [out, in kH kW]; returns the inner rank. */
  private long checkHalf(
      LoraPlace place,
      Map<LoraRole, String> keys,
      @Nullable LoraRole mid,
      LoraRole up,
      LoraRole down,
      long out,
      long in) {
    String first = require(place, keys, up);
    String last = require(place, keys, down);
    String middle = mid == null ? null : require(place, keys, mid);
    if (first == null || last == null || (mid != null && middle == null)) {
      return 0;
    }
    ImmutableLongArray shape = file.shape(last);
    long rank = shape.isEmpty() ? 0 : shape.get(0);
    ImmutableLongArray kernel = kernel(place);
    if (middle != null) {
      ImmutableLongArray found = file.shape(middle);
      long outer = found.isEmpty() ? 0 : found.get(0);
      expect(middle, ImmutableLongArray.builder().add(outer).add(rank).addAll(kernel).build());
      expect(last, ImmutableLongArray.of(rank, in), ImmutableLongArray.of(rank, in, 1, 1));
      expect(first, ImmutableLongArray.of(outer, out), ImmutableLongArray.of(outer, out, 1, 1));
    } else {
      expect(
          last,
          ImmutableLongArray.of(rank, in * LoraTensors.length(kernel)),
          ImmutableLongArray.builder().add(rank).add(in).addAll(kernel).build(),
          ImmutableLongArray.of(rank, in * LoraTensors.length(kernel), 1, 1));
      expect(first, ImmutableLongArray.of(out, rank), ImmutableLongArray.of(out, rank, 1, 1));
    }
    if (rank < 1) {
      problem("\"%s\" must begin with the rank, but has shape %s", last, shape);
    }
    return rank;
  }

  private long checkKronecker(LoraPlace place, Map<LoraRole, String> keys) {
    boolean whole = keys.containsKey(LoraRole.LOKR_W1);
    boolean wholeToo = keys.containsKey(LoraRole.LOKR_W2);
    exclude(keys, LoraRole.LOKR_W1, LoraRole.LOKR_W1_A, LoraRole.LOKR_W1_B);
    exclude(keys, LoraRole.LOKR_W2, LoraRole.LOKR_W2_A, LoraRole.LOKR_W2_B, LoraRole.LOKR_T2);
    ImmutableLongArray left =
        whole
            ? shape(keys, LoraRole.LOKR_W1)
            : sides(place, keys, LoraRole.LOKR_W1_A, LoraRole.LOKR_W1_B);
    if (left == null
        || left.length() < 2
        || left.get(0) < 1
        || left.get(1) < 1
        || left.get(0) * left.get(1) != LoraTensors.length(left)) {
      problem("\"%s\" has no usable lokr_w1: %s", place.path(), String.join(", ", keys.values()));
      return 0;
    }
    if (out(place) % left.get(0) != 0 || in(place) % left.get(1) != 0) {
      problem(
          "\"%s\": lokr_w1 of shape %s does not divide the weight's %s",
          place.path(), left, place.weight().shape());
      return 0;
    }
    long out = out(place) / left.get(0);
    long in = in(place) / left.get(1);
    long rank = 0;
    if (!whole) {
      rank =
          checkHalf(
              place(place, left),
              keys,
              null,
              LoraRole.LOKR_W1_A,
              LoraRole.LOKR_W1_B,
              left.get(0),
              left.get(1));
    }
    if (wholeToo) {
      ImmutableLongArray kernel = kernel(place);
      expect(
          keys.getOrDefault(LoraRole.LOKR_W2, ""),
          ImmutableLongArray.builder().add(out).add(in).addAll(kernel).build(),
          ImmutableLongArray.of(out, in * LoraTensors.length(kernel)));
    } else {
      boolean tucker = keys.containsKey(LoraRole.LOKR_T2);
      long second =
          checkHalf(
              place,
              keys,
              tucker ? LoraRole.LOKR_T2 : null,
              LoraRole.LOKR_W2_A,
              LoraRole.LOKR_W2_B,
              out,
              in);
      rank = rank == 0 ? second : rank;
    }
    return rank;
  }

  /** The place as a linear layer of the given size: lokr_w1 has no kernel. */
  private static LoraPlace place(LoraPlace place, ImmutableLongArray shape) {
    ParameterSpec weight = place.weight();
    return new LoraPlace(
        place.network(),
        place.path(),
        new ParameterSpec(weight.name(), shape, ParameterSpec.Kind.LINEAR, shape.get(1)),
        null);
  }

  private @Nullable ImmutableLongArray shape(Map<LoraRole, String> keys, LoraRole role) {
    String key = keys.get(role);
    return key == null ? null : file.shape(key);
  }

  private @Nullable ImmutableLongArray sides(
      LoraPlace place, Map<LoraRole, String> keys, LoraRole up, LoraRole down) {
    String first = require(place, keys, up);
    String last = require(place, keys, down);
    if (first == null || last == null) {
      return null;
    }
    ImmutableLongArray a = file.shape(first);
    ImmutableLongArray b = file.shape(last);
    return a.length() < 2 || b.length() < 2 ? null : ImmutableLongArray.of(a.get(0), b.get(1));
  }

  private long checkDifference(LoraPlace place, Map<LoraRole, String> keys) {
    String diff = keys.get(LoraRole.DIFF);
    String norm = keys.get(LoraRole.W_NORM);
    if (diff != null && norm != null) {
      problem("\"%s\" and \"%s\" are for the same layer", diff, norm);
    } else {
      fit(diff == null ? String.valueOf(norm) : diff, place.weight().shape());
    }
    return 0;
  }

  /** Checks a difference of a bias, if there is one. */
  void checkBias(LoraPlace place, Map<LoraRole, String> keys) {
    String diff = keys.get(LoraRole.DIFF_B);
    String norm = keys.get(LoraRole.B_NORM);
    String key = diff == null ? norm : diff;
    ParameterSpec bias = place.bias();
    if (diff != null && norm != null) {
      problem("\"%s\" and \"%s\" are for the same layer", diff, norm);
    } else if (key != null && bias == null) {
      problem("\"%s\" changes a bias that the network's layer does not have", key);
    } else if (key != null && bias != null) {
      fit(key, bias.shape());
    }
  }

  /** Makes [out, 1] or [1, in] of a magnitude. */
  private void checkMagnitude(LoraPlace place, Map<LoraRole, String> keys) {
    String lycoris = keys.get(LoraRole.DORA_SCALE);
    String peft = keys.get(LoraRole.MAGNITUDE);
    if (lycoris != null && peft != null) {
      problem("\"%s\" and \"%s\" are for the same layer", lycoris, peft);
      return;
    }
    String key = lycoris == null ? String.valueOf(peft) : lycoris;
    ImmutableLongArray found = file.shape(key);
    long length = LoraTensors.length(found);
    long out = out(place);
    long in = in(place);
    // A vector is PEFT's, and of the rows; PEFT has [1, out, 1, 1] for a convolution.
    boolean first = found.length() < 2 || found.get(0) == length;
    boolean second = !first && found.get(1) == length;
    if (length == out && (first || (second && peft != null))) {
      tensors.reshape(key, ImmutableLongArray.of(out, 1));
    } else if (length == in && second && lycoris != null) {
      tensors.reshape(key, ImmutableLongArray.of(1, in));
    } else {
      problem("\"%s\" expected [%s, 1] or [1, %s], found %s", key, out, in, found);
    }
  }

  private static long out(LoraPlace place) {
    return place.weight().shape().get(0);
  }

  private static long in(LoraPlace place) {
    return place.weight().shape().get(1);
  }

  private static ImmutableLongArray kernel(LoraPlace place) {
    ImmutableLongArray shape = place.weight().shape();
    return shape.subArray(Math.min(2, shape.length()), shape.length());
  }

  private @Nullable String require(LoraPlace place, Map<LoraRole, String> keys, LoraRole role) {
    String key = keys.get(role);
    if (key == null) {
      problem(
          "\"%s\" has %s, but no %s",
          place.path(), String.join(", ", keys.values()), role.suffix().substring(1));
    }
    return key;
  }

  /** Expects that a whole matrix does not stand beside the parts of one. */
  private void exclude(Map<LoraRole, String> keys, LoraRole whole, LoraRole... parts) {
    String key = keys.get(whole);
    for (LoraRole part : parts) {
      if (key != null && keys.containsKey(part)) {
        problem("\"%s\" and \"%s\" are for the same matrix", key, keys.get(part));
      }
    }
  }

  private boolean expect(String key, ImmutableLongArray... shapes) {
    ImmutableLongArray found = file.shape(key);
    for (ImmutableLongArray shape : shapes) {
      if (found.equals(shape)) {
        return true;
      }
    }
    problem("\"%s\" expected %s, found %s", key, shapes[0], found);
    return false;
  }

  /** Expects a shape; a linear layer may be stored as a 1 x 1 convolution, and one as the other. */
  private void fit(String key, ImmutableLongArray expected) {
    ImmutableLongArray found = file.shape(key);
    if (!found.equals(expected)) {
      boolean same = !found.isEmpty() && flat(found).equals(flat(expected));
      if (same) {
        tensors.reshape(key, expected);
      } else {
        problem("\"%s\" expected %s, found %s", key, expected, found);
      }
    }
  }

  /** A shape without the sizes of a 1 x 1 kernel. */
  private static ImmutableLongArray flat(ImmutableLongArray shape) {
    boolean pointwise = shape.length() == 4 && shape.get(2) == 1 && shape.get(3) == 1;
    return pointwise ? shape.subArray(0, 2) : shape;
  }
}
