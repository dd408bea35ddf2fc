/**
 * Graphs as programs: each layer one or a few primitives of oneDNN, in memory laid out once.
 *
 * <p>ND4J's ops, in SameDiff's session or replayed without it, compute a group norm in ten passes
 * over memory and bring a convolution's weights into oneDNN's format at every call. The compiler
 * here reads layers ({@link org.tastemaker.diffusion.engine.graph.Layer}) and never looks at ops.
 *
 * <ul>
 *   <li><b>{@code Compiler}</b> walks the layers, forward and then backward, and asks each layer's
 *       {@code Kernel} for its steps. {@code Variables} knows where each tensor lies; {@code
 *       Gradients} decides where gradients are summed, which only pass through, and which nobody
 *       wants: no step is emitted for a frozen weight, nor for any layer before the first trainable
 *       one.
 *   <li><b>{@code Program}</b> is the vocabulary that kernels write in: matrix product, elementwise
 *       function, copy between layouts. A {@code Step} is bound once to its addresses; to run it is
 *       one call into native code, without an allocation.
 *   <li><b>{@code Fusions}</b> says which layers are computed together: a sum with the product
 *       before it, a gated GELU with its linear layer, a convolution with its upsampling.
 *   <li><b>{@code BatchPlan}</b> divides a batch, if the graph computes its elements apart: {@code
 *       DividedFunction} then runs a {@code CompiledPart} on each of several {@code Workers}, which
 *       share {@code PackedWeights}. {@code CompiledFunction} runs a batch whole.
 *   <li><b>{@code PackedWeights}</b> are a function's frozen weights in the formats that its
 *       convolutions ask for, made at the first run and again when they have changed. Functions
 *       that read the same arrays, such as a model's for several batch sizes, share each of them:
 *       {@code SharedWeights} says who owns them, and when they are made.
 *   <li><b>{@code Arena}</b> gives every buffer a place, by its lifetime over both halves.
 *   <li><b>{@code StockKernel}</b> runs a layer's ops from {@code engine.nd4j} where there is no
 *       kernel for it. SameDiff's graph is built only then.
 * </ul>
 *
 * <p>There is one layout: images with the channels last, [B, H, W, C]. Then an image and its tokens
 * are the same memory, a convolution of one pixel is a matrix product, the heads of attention are
 * strides of one, and a concatenation of channels is a copy with gaps. And it costs nothing, as
 * measured with oneDNN 3.11 on two cores with AVX-512 (float32, GFLOP/s, two runs):
 *
 * <table>
 *   <caption>3 x 3 convolutions: forward, gradient of the image, gradient of the weights</caption>
 *   <tr><th>batch, channels in, side, channels out</th><th>blocked, oneDNN's choice</th>
 *       <th>channels last</th></tr>
 *   <tr><td>32, 64, 8, 64</td><td>215-223, 220, 129-147</td><td>213-232, 213-227, 175</td></tr>
 *   <tr><td>32, 128, 4, 128</td><td>210-216, 247, 105-112</td><td>239-266, 243-265, 153</td></tr>
 *   <tr><td>32, 192, 4, 128</td><td>210-221, 250-259, 102-110</td>
 *       <td>241-276, 143-195, 146-151</td></tr>
 *   <tr><td>1, 320, 64, 320</td><td>109-199, 182-200, 161-165</td>
 *       <td>159-180, 160-182, 110-116</td></tr>
 * </table>
 *
 * <p>What else was measured there, on [32, 8, 8, 64] where nothing is said, and shaped the kernels:
 *
 * <ul>
 *   <li>Matrix products are as fast on weights as they lie in memory as on weights in oneDNN's
 *       format (0.31 and 0.30 ms for 2,048 rows of 64 to 256), so linear layers read the parameters
 *       themselves, and only convolutions keep copies.
 *   <li>oneDNN's reductions, its group normalization backward, and elementwise primitives on rows
 *       with gaps are reference code: 1.0, 6.8 and 2.3 ms. So sums are products with ones (0.005
 *       ms), the group norm's gradient is a dozen elementwise primitives (0.01 to 0.015 ms each),
 *       and rows with gaps are copied first (0.02 ms). What a primitive is made of is logged at
 *       level DEBUG: "ref" says that there is a better way.
 *   <li>Elementwise primitives take 0.01 to 0.03 ms, so a pass saved by fusing one into a
 *       convolution is worth little at this size; a group norm with SiLU as post-op (0.15 to 0.22)
 *       is slower than one after the other (0.07 to 0.11, and 0.03).
 * </ul>
 *
 * <p>The U-Net of widths 64 and 128, one layer a block, on 32 latents of 8 x 8 with 77 text tokens,
 * two cores, medians of interleaved runs: forward 43 to 47 ms, replayed 106 to 164; forward and
 * backward for all parameters 126 to 138, replayed 498 to 571. Two thirds of it are convolutions
 * and matrix products. The share of the time outside the steps is below one percent, and a step
 * leaves about 600 bytes on the Java heap.
 *
 * <p>Runs are bit-identical on one machine. Results differ in the last bits between machines with
 * other instructions, and between numbers of threads (OMP_NUM_THREADS). Where a batch is run whole,
 * OpenMP's threads meet at each layer and spin while they wait; on a machine that others use too,
 * OMP_WAIT_POLICY=passive avoids that they wait for each other's time slices. docs/performance.md
 * has the figures of all this.
 */
@NullMarked
package org.tastemaker.diffusion.engine.onednn;

import org.jspecify.annotations.NullMarked;
