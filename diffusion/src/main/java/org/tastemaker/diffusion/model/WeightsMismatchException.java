package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.stream.Collectors;

/** A file of weights does not fit the configuration beside it. */
public final class WeightsMismatchException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 10;

  /** The parameters that the file lacks. */
  private final ImmutableList<String> missing;

  /** The tensors that the network does not have. */
  private final ImmutableList<String> surplus;

  /** The parameters of another shape. */
  private final ImmutableList<String> misshapen;

  WeightsMismatchException(
      String where, List<String> missing, List<String> surplus, List<String> misshapen) {
    super(
        where
            + ": the weights do not fit the configuration."
            + part("missing", missing)
            + part("not in the network", surplus)
            + part("of another shape", misshapen)
            + " Do config.json and the weights belong to the same model?");
    this.missing = ImmutableList.copyOf(missing);
    this.surplus = ImmutableList.copyOf(surplus);
    this.misshapen = ImmutableList.copyOf(misshapen);
  }

  /**
   * The parameters that the file lacks.
   *
   * @return all names, in the network's order
   */
  public ImmutableList<String> missing() {
    return missing;
  }

  /**
   * The tensors of the file that the network does not have.
   *
   * @return all names, in the file's order
   */
  public ImmutableList<String> surplus() {
    return surplus;
  }

  /**
   * The parameters that the file has in another shape.
   *
   * @return for each its name, the shape expected and the shape found
   */
  public ImmutableList<String> misshapen() {
    return misshapen;
  }

  private static String part(String what, List<String> names) {
    if (names.isEmpty()) {
      return "";
    }
    String rest = names.size() > SHOWN ? " and " + (names.size() - SHOWN) + " more" : "";
    return " "
        + names.size()
        + " "
        + what
        + ": "
        + names.stream().limit(SHOWN).map(Configs::shorten).collect(Collectors.joining(", "))
        + rest
        + ".";
  }
}
