package org.tastemaker.feedback.annotate;

import java.util.List;

/**
 * What was read of a person's preferences.
 *
 * @param groups in the order of their names, or of the file
 * @param problems what was left out, in the order in which it was met
 */
public record FoundPairs(List<RankedFiles> groups, List<PromptFolders.Problem> problems) {
  public FoundPairs {
    groups = List.copyOf(groups);
    problems = List.copyOf(problems);
  }

  /**
   * The groups, if nothing was left out.
   *
   * @return the groups
   * @throws IllegalArgumentException if there is a problem; the message names the first ten
   */
  public List<RankedFiles> requireWhole() {
    if (!problems.isEmpty()) {
      List<String> first = problems.stream().limit(10).map(Object::toString).toList();
      throw new IllegalArgumentException(
          "what cannot be used: " + problems.size() + "; " + String.join("; ", first));
    }
    return groups;
  }
}
