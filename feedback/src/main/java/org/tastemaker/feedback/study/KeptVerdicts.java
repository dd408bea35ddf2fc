package org.tastemaker.feedback.study;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Verdicts that were all read before. */
record KeptVerdicts(String name, Map<String, GroupVerdict> byGroup, Set<String> criteria)
    implements Verdicts {
  @Override
  public Optional<GroupVerdict> of(VotedGroup group) {
    return Optional.ofNullable(byGroup.get(group.id()));
  }
}
