/**
 * Noise schedules and samplers of the denoising diffusion models, compatible with diffusers.
 *
 * <p>The design rests on one observation: all samplers are affine maps of a few tensors, with
 * different weights. So a {@link org.tastemaker.diffusion.schedule.Scheduler} does no tensor
 * arithmetic. It turns a {@link org.tastemaker.diffusion.schedule.SchedulerConfig} and a number of
 * steps into a table of {@link org.tastemaker.diffusion.schedule.StepRule rules}, in double
 * precision, once per run:
 *
 * <pre>{@literal
 * SchedulerConfig -> NoiseSchedule -> Scheduler.begin(steps) -> SamplingRun (SamplingStep...)
 *                                                                  |            |
 *                                     DenoisingStep: the arithmetic    SampleMemory
 * }</pre>
 *
 * <p>A step of DDIM, DDPM, Euler, LCM or TCD depends on the sample and the model's output alone:
 * its rule is {@link org.tastemaker.diffusion.schedule.StepCoefficients}, which kernels and
 * log-probabilities know. Every other sampler remembers: its rule is a {@link
 * org.tastemaker.diffusion.schedule.MemoryStep}, made of {@code LinearForm}s, with which its class
 * is written as its paper has it, and taken by {@code SampleMemory}.
 *
 * <p>{@link org.tastemaker.diffusion.schedule.DenoisingStep}, {@link
 * org.tastemaker.diffusion.schedule.Guidance} and {@link org.tastemaker.diffusion.schedule.StepKl}
 * hold the only code that touches samples. They are pure and read {@link java.nio.FloatBuffer}
 * views of any float memory (so that they need no ND4J natives). {@link
 * org.tastemaker.diffusion.schedule.StepKernel} is the seam where a GPU takes their place. What a
 * sampler remembers from step to step lives in the {@link
 * org.tastemaker.diffusion.schedule.SamplingRun}, so that one scheduler serves any number of runs.
 *
 * <p>The noise of a step is an argument: nothing here draws random numbers.
 */
@NullMarked
package org.tastemaker.diffusion.schedule;

import org.jspecify.annotations.NullMarked;
