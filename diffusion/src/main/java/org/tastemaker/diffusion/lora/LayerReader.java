package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.lora.LoraRole.Kind;
import org.tastemaker.diffusion.weights.TensorFile;

/** Checks what a file holds for one layer, and says what that is. */
final class LayerReader {
  private static final Set<Kind> PRODUCTS =
      EnumSet.of(Kind.PAIR, Kind.HADAMARD, Kind.KRONECKER, Kind.DIFFERENCE);

  private final TensorFile file;
  private final LayerShapes shapes;
  private final PeftConfig config;
  private final List<String> problems;

  /**
   * A reader.
   *
   * @param file the file as it is
   * @param tensors the file in the form that fits the layers; gets the forms of each
   * @param config what it says of alpha
   * @param problems receives what is wrong
   */
  LayerReader(TensorFile file, LoraTensors tensors, PeftConfig config, List<String> problems) {
    this.file = file;
    this.shapes = new LayerShapes(file, tensors, problems);
    this.config = config;
    this.problems = problems;
  }

  /** The layer, or null if something is wrong with it, which is among the problems then. */
  @Nullable LoraLayer layer(LoraPlace place, Map<LoraRole, String> keys) {
    int before = problems.size();
    for (String key : keys.values()) {
      if (LoraTensors.length(file.shape(key)) == 0) {
        problem("\"%s\" is empty: its shape is %s", key, file.shape(key));
        return null;
      }
    }
    Set<Kind> kinds =
        keys.keySet().stream()
            .map(LoraRole::kind)
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(Kind.class)));
    Set<Kind> products = EnumSet.copyOf(PRODUCTS);
    products.retainAll(kinds);
    if (products.size() > 1) {
      problem("\"%s\" has tensors of %s; expected one kind", place.path(), words(products));
      return null;
    }
    Kind product = products.isEmpty() ? null : products.iterator().next();
    boolean magnitude = kinds.contains(Kind.MAGNITUDE);
    if (product == null && (magnitude || !kinds.contains(Kind.BIAS))) {
      problem(
          "\"%s\" has %s, but no down and no up tensor",
          place.path(), String.join(", ", keys.values()));
      return null;
    }
    boolean linear = product != null && product != Kind.DIFFERENCE;
    if ((linear || magnitude) && !LoraModule.isAdaptable(place.weight())) {
      keys.values()
          .forEach(key -> problem("\"%s\" belongs to no linear layer or convolution", key));
      return null;
    }
    shapes.checkBias(place, keys);
    boolean pairs = product == Kind.PAIR && !magnitude;
    if (config.usesDora(place.network()) && pairs) {
      problem("\"%s\" has no magnitude, but %s", place.path(), "the configuration says use_dora");
    }
    long rank = product == null ? 0 : shapes.check(product, place, keys, magnitude);
    if (problems.size() > before) {
      return null;
    }
    Double scale = scale(place, keys.get(LoraRole.ALPHA), product, rank);
    if (scale == null) {
      return null;
    }
    LoraModule module =
        pairs
            ? new LoraModule(
                place.path(),
                place.weight(),
                (int) rank,
                scale * rank,
                keys.containsKey(LoraRole.UP_BIAS))
            : null;
    ImmutableMap<LoraRole, String> pair =
        ImmutableMap.copyOf(Maps.filterKeys(keys, role -> pairs && role.kind() == Kind.PAIR));
    ImmutableMap<LoraRole, String> change =
        ImmutableMap.copyOf(
            Maps.filterKeys(keys, role -> role != LoraRole.ALPHA && !pair.containsKey(role)));
    return new LoraLayer(place, module, pair, change, pairs ? 1 : scale, pairs ? 0 : rank);
  }

  private static String words(Set<Kind> kinds) {
    return kinds.stream().map(Kind::words).collect(Collectors.joining(" and of "));
  }

  private void problem(String format, Object... values) {
    problems.add(String.format(Locale.ROOT, format, values));
  }

  /** Alpha divided by the rank, or null if it is not a number. */
  private @Nullable Double scale(
      LoraPlace place, @Nullable String key, @Nullable Kind product, long rank) {
    if (product == null || product == Kind.DIFFERENCE) {
      return 1.0;
    }
    if (rank == 0) { // LoKr of whole matrices: LyCORIS writes an alpha that means nothing
      long said = (long) config.rank(place).orElse(0);
      return said == 0 ? 1.0 : config.alpha(place, (int) said) / said;
    }
    double alpha;
    if (key == null) {
      alpha = config.alpha(place, (int) rank);
    } else if (LoraTensors.length(file.shape(key)) != 1) {
      problem("\"%s\" expected a scalar, found %s", key, file.shape(key));
      return null;
    } else {
      // Alpha is an integer in some files.
      try (INDArray array = file.array(key, file.dtype(key).arrayType())) {
        alpha = array.getDouble(0);
      }
    }
    if (!Float.isFinite((float) alpha)) {
      problem("alpha of \"%s\" is %s", place.path(), alpha);
      return null;
    }
    return alpha == 0 ? 1 : alpha / rank; // 0 means the rank, as kohya's own trainer has it
  }
}
