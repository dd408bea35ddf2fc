/**
 * The engine {@code torch}: graphs on LibTorch, on the CPU and on NVIDIA GPUs.
 *
 * <pre>
 *   TorchEngine               the provider: devices, precision, checkpointing, graphs
 *     Setup, Diagnosis        which devices can be used, and what mends those that cannot
 *     Plan, Step, Segment     a graph in the order of its run
 *     Rows                    whether its rows can be run some at a time
 *   TorchFunction             shares rows out among devices, and in parts among memory
 *     Part, Tape              some rows on a device; one forward run, and what it keeps for backward
 *     LayerOps, Use, Numbers  each layer as calls of ATen; in which form, in which type
 *     Weights, Masters        weights on a device: frozen and shared, or followed as they change
 *     TorchResidence          inputs and outputs that stay on the device between runs
 *   GraphedFunction           the same on one GPU, recorded once and replayed
 *     Captured, Capture       the recording, and its comparison with what it stands for
 *   GraphExport               a graph for another program, with the numbers to expect
 * </pre>
 *
 * <p><b>One run.</b> Layers are called one after the other, each in a {@link
 * org.bytedeco.javacpp.PointerScope} that frees what it leaves over; a tensor is let go after its
 * last reader. LibTorch's autograd is the backward half. It records only what depends on something
 * differentiable, so a frozen network with a LoRA keeps what the LoRA needs. With checkpointing it
 * records nothing in the forward half; the backward half runs each of the network's blocks again,
 * last block first.
 *
 * <p><b>Types.</b> Parameters and their gradients are float32, always. In bfloat16 a weight is cast
 * where it is read: a frozen one once, a trained one in every run, inside what autograd records.
 * Linear layers, convolutions and attention compute in bfloat16, and so does what lies between
 * them; norms compute in float32, and so does everything that has one row for each image, which is
 * the time embedding. Inputs and outputs are float32. Log-probabilities, losses and the optimizer
 * are not this package's.
 *
 * <p><b>Images lie with the channels last.</b> On processors with AVX-512 this LibTorch's
 * convolutions of few channels are wrong in the other layout; {@code TorchLayersTest} would see it.
 *
 * <p><b>What is on the device.</b> A frozen weight is there once for each form and type, however
 * many functions of the model read it. It is sent again only when a checksum of the owner's array
 * says that it has changed. Trainable weights are sent when their numbers differ from those sent
 * last. On the CPU they are the owner's own memory. Gradients come back to the owner, who has the
 * optimizer; so training all weights moves them over the bus in every update, and only LoRA is at
 * its full speed.
 *
 * <p><b>The same bits.</b> A rollout and its training call the same functions in the same order, so
 * their likelihoods are equal. Several devices add up their gradients in the order of the rows. On
 * a GPU the same work gives the same bits again if the environment has {@code
 * CUBLAS_WORKSPACE_CONFIG=:4096:8}; otherwise cuBLAS and attention's gradient may differ in the
 * last ones.
 *
 * <p>Nothing here has been run on a GPU yet. docs/gpu.md says what was run.
 */
@NullMarked
package org.tastemaker.diffusion.torch;

import org.jspecify.annotations.NullMarked;
