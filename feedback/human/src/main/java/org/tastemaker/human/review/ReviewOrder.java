package org.tastemaker.human.review;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.annotate.AnnotatedGroup;

/** Which verdicts people see first. */
public enum ReviewOrder {
  /** As they stand in the dataset. */
  AS_IT_IS,
  /** In a random order: the share confirmed of a part is then that of the whole. */
  RANDOM,
  /**
   * Those first that the judge is least certain of, by {@link Certainty}: this finds most errors
   * for a person's time. The share confirmed of a part is then lower than that of the whole.
   */
  LEAST_CERTAIN;

  /**
   * Puts verdicts in this order.
   *
   * @param groups as they stand in the dataset
   * @param seed draws the random order, which depends on each group alone: a dataset that grows
   *     keeps it
   * @return the same groups
   */
  public List<AnnotatedGroup> of(List<AnnotatedGroup> groups, Seed seed) {
    List<AnnotatedGroup> sorted = new ArrayList<>(groups);
    Map<String, Double> keys = new HashMap<>();
    for (AnnotatedGroup group : groups) {
      double key =
          switch (this) {
            case AS_IT_IS -> 0;
            case RANDOM -> seed.split(group.id()).generator().nextDouble();
            case LEAST_CERTAIN -> Certainty.of(group.judgement());
          };
      keys.put(group.id(), key);
    }
    sorted.sort(Comparator.comparing(group -> keys.getOrDefault(group.id(), 0.0)));
    return Collections.unmodifiableList(sorted);
  }
}
