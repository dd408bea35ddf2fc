/**
 * Measurements of speed and memory, with JMH and with separate programs. Run one at a time on an
 * idle machine. What counts is the ratio of two figures from the same run.
 *
 * <pre>
 * java -jar benchmarks.jar UnetForwardBenchmark PolicyStepBenchmark -prof gc
 * java -cp benchmarks.jar org.tastemaker.benchmarks.FeedbackLoad
 * </pre>
 *
 * <p>And what {@code scripts/gpu-check} runs on a machine with a GPU: {@link
 * org.tastemaker.benchmarks.KernelCheck}, {@link org.tastemaker.benchmarks.TorchCheck}, {@link
 * org.tastemaker.benchmarks.DdpoRound}, {@link org.tastemaker.benchmarks.KernelShare}.
 */
@NullMarked
package org.tastemaker.benchmarks;

import org.jspecify.annotations.NullMarked;
