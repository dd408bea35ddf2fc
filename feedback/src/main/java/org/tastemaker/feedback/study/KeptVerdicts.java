package org.tastemaker.feedback.study;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Verdicts that were all read before. */
record KeptVerdicts(String name, Map<String, GroupVerdict> byGroup, Set<String> criteria)
    implements Verdicts {
  @Override
  public Optional<GroupVerdict> of(VotedGroup group) {
    GroupVerdict verdict = byGroup.get(group.id());
    return Optional.ofNullable(
        verdict != null ? verdict : byGroup.get(group.facts().getOrDefault(VotedGroup.GROUP, "")));
  }
}
