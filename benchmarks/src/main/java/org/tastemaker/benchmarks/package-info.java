/**
 * Measurements of speed and memory, by JMH and by programs of their own. Run them alone on a quiet
 * machine; what counts is the ratio of two figures of one run.
 *
 * <pre>
 * java -jar benchmarks.jar UnetForwardBenchmark PolicyStepBenchmark -prof gc
 * java -cp benchmarks.jar org.tastemaker.benchmarks.FeedbackLoad
 * </pre>
 */
@NullMarked
package org.tastemaker.benchmarks;

import org.jspecify.annotations.NullMarked;
