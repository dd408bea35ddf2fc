package org.tastemaker.optim.run;

import java.util.Map;
import java.util.function.LongFunction;

/**
 * Measures between rounds.
 *
 * @param every the number of rounds between evaluations
 * @param measure evaluates after a round, reports, and returns the metrics that are bounded
 */
record RoundEvaluator(int every, LongFunction<Map<String, Double>> measure) {}
