package org.tastemaker.human.improve;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Seed;

/**
 * What the search wants to know next.
 *
 * @param candidates what to compare
 * @param best how many of the best to name
 * @param current which candidate is the current point, or -1 if none is: the probes around it are
 *     compared with each other alone
 */
record Question(List<Point> candidates, int best, int current) {
  Question {
    candidates = List.copyOf(candidates);
  }

  /** The candidates in the order in which they are shown. */
  List<Integer> order(Seed seed) {
    List<Integer> order = new ArrayList<>();
    RandomGenerator random = seed.generator();
    for (int i = 0; i < candidates.size(); i++) {
      order.add(random.nextInt(i + 1), i);
    }
    return List.copyOf(order);
  }
}
