package org.tastemaker.feedback.annotate;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;

/**
 * The groups of a dataset whose judgement is missing, and why. A group may have several lines: a
 * judgement takes the place of a missing one, and of two missing ones the newer counts.
 */
final class MissingGroups {
  private final Map<String, MissingReason> byId = new HashMap<>();
  private final Map<String, MissingReason> kinds = new HashMap<>(); // so that words are held once

  /** Takes a line; {@code first} if it is the first of its group. */
  void read(AnnotatedGroup group, boolean first) {
    Judgement judgement = group.judgement();
    if (!judgement.isMissing()) {
      byId.remove(group.id());
    } else if (first || byId.containsKey(group.id())) {
      MissingReason reason = MissingReason.of(List.of(judgement)).get(0);
      byId.put(group.id(), kinds.computeIfAbsent(reason.kind(), kind -> reason));
    }
  }

  /** Why a group's judgement is missing, or null. */
  @Nullable MissingReason of(String id) {
    return byId.get(id);
  }

  /** The group is asked again; false if it is not missing. */
  boolean remove(String id) {
    return byId.remove(id) != null;
  }

  int size() {
    return byId.size();
  }
}
