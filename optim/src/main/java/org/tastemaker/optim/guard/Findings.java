package org.tastemaker.optim.guard;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;

/**
 * What a guard has to say about a round or an evaluation.
 *
 * @param metrics by name
 * @param warnings for a person to read
 */
public record Findings(ImmutableMap<String, Double> metrics, ImmutableList<String> warnings) {
  /** Nothing. */
  public static final Findings NONE = new Findings(ImmutableMap.of(), ImmutableList.of());

  static Findings of(Map<String, Double> metrics, List<String> warnings) {
    return new Findings(ImmutableMap.copyOf(metrics), ImmutableList.copyOf(warnings));
  }
}
