package org.tastemaker.diffusion.inspect;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.tastemaker.diffusion.weights.DType;

/**
 * What a file or folder is.
 *
 * @param path as it was given
 * @param type its kind
 * @param what it is, in a few words
 * @param refusal why it does not load, in the words of what would load it; empty if it loads
 * @param weights its files of tensors
 */
public record FileReport(
    Path path,
    FileType type,
    String what,
    Optional<String> refusal,
    ImmutableList<Weights> weights) {
  private static final double MEGA = 1e6;

  /**
   * A file of tensors, by its header.
   *
   * @param name relative to the path
   * @param bytes its size
   * @param types how many tensors are stored in each type
   * @param refusal why its header cannot be read; empty if it can
   */
  public record Weights(
      String name, long bytes, ImmutableMap<DType, Integer> types, Optional<String> refusal) {
    @Override
    public String toString() {
      String size = String.format(Locale.ROOT, "%s: %.1f MB, ", name, bytes / MEGA);
      return size
          + refusal.orElseGet(
              () ->
                  types.values().stream().mapToInt(Integer::intValue).sum()
                      + " tensors: "
                      + types.entrySet().stream()
                          .map(type -> type.getValue() + " " + type.getKey())
                          .collect(Collectors.joining(", ")));
    }
  }

  /**
   * Whether it loads, as far as can be said without reading weights.
   *
   * @return whether nothing was found that is in the way
   */
  public boolean loads() {
    return refusal.isEmpty();
  }

  /** The report on some lines, for people. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(path).append(": ").append(what).append('\n');
    text.append(refusal.map(why -> "  does not load: " + why).orElse("  loads: " + type.use()));
    text.append('\n');
    weights.forEach(file -> text.append("  ").append(file).append('\n'));
    return text.toString();
  }
}
