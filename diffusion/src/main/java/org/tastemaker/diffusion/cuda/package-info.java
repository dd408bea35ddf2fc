/**
 * The denoising step on NVIDIA's GPUs: one kernel, driven through libcuda alone.
 *
 * <p>Between two calls of the U-Net, a sampler on a GPU would launch a dozen small kernels that do
 * nothing but move memory: guidance, x0, clipping, mean, noise, sample, density, sums. Here they
 * are one, which reads each tensor once and writes each result once.
 *
 * <pre>
 *   schedule.StepKernel            the port, on the host's buffers; CpuStepKernel is the default
 *     StepExecution                auto, cpu or cuda: which one
 *       CudaStepKernel             copies to the GPU, launches, copies back
 *         DenoisingKernels         launches on tensors that are on the GPU
 *           StepArguments          the parameters of a launch
 *           CudaContext ...        the driver: devices, contexts, memory, streams, events, modules
 *             LibCuda              its C functions, by JNA
 * </pre>
 *
 * <p><b>The arithmetic stands once</b>, in src/main/cuda/denoising_step.h, which both nvcc and the
 * host's compiler take. It is float32, built of correctly rounded operations alone: the logarithm,
 * sine and cosine of Box and Muller are polynomials there, and products are contracted where the
 * source says so and nowhere else. So a CPU computes the bits that a GPU does, and the tests do so,
 * against {@link org.tastemaker.diffusion.schedule.DenoisingStep}. The noise has {@link
 * org.tastemaker.core.Seed}'s counters and bits; its normal deviates are rounded to float32 on the
 * way and differ from Seed's by some units in the last place, at most 1e-6 relatively.
 *
 * <p><b>Sums are deterministic.</b> An image is cut into tiles of 4,096 elements, each for one
 * block of threads; lanes, warps and tiles are added in a fixed order, the last by whichever block
 * of the image comes last. An image's result is the same in every batch.
 *
 * <p><b>The compiled code is in the jar</b>: machine code for sm_75, 80, 86, 89, 90, 100 and 120,
 * and PTX for what is newer. src/main/cuda/build.sh made it; a test fails when the source has been
 * changed since. The driver must be at least that of CUDA 13.0 (580).
 *
 * <p>The way from {@link org.tastemaker.diffusion.cuda.DenoisingKernels} down uses none of ND4J's
 * natives. Nothing here has been run on a GPU yet: it was compiled, and its arithmetic and the
 * calls of the driver were checked on the host. {@code scripts/gpu-check} does the rest on a
 * machine with one.
 */
@NullMarked
package org.tastemaker.diffusion.cuda;

import org.jspecify.annotations.NullMarked;
