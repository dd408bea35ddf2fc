package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_data_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_weights_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.jspecify.annotations.Nullable;

/**
 * One convolution as oneDNN describes it, on images with their channels last. What it writes is
 * float32; the images, gradients and weights that it reads may be bfloat16.
 */
final class Convolution {
  private static final long[] NO_DILATION = {0, 0};

  private final OneDnn dnn;
  private final long stride;
  private final long[] before;
  private final long[] after;
  private final long[] weightDims;
  private final dnnl_memory_desc image;
  private final dnnl_memory_desc result;
  private final dnnl_memory_desc imageRead;
  private final dnnl_memory_desc gradientRead;
  private final dnnl_memory_desc weightsRead;
  private final @Nullable dnnl_memory_desc bias;
  private final dnnl_primitive_attr attr;
  private final dnnl_primitive_desc forward;

  /**
   * A convolution.
   *
   * @param image its shape, [B, C, H, W]
   * @param weights [out, C, kH, kW]
   * @param result [B, out, H', W']
   * @param before padding at the top and on the left
   * @param after padding at the bottom and on the right
   */
  record Sizes(
      long[] image, long[] weights, long[] result, long stride, long[] before, long[] after) {}

  /**
   * Describes the forward half, which the other halves refer to.
   *
   * @param halves whether what is read is bfloat16
   * @param postOps of the forward half
   */
  Convolution(OneDnn dnn, Sizes sizes, boolean hasBias, boolean halves, List<PostOp> postOps) {
    this.dnn = dnn;
    int read = halves ? dnnl_bf16 : dnnl_f32;
    stride = sizes.stride;
    before = sizes.before;
    after = sizes.after;
    weightDims = sizes.weights;
    image = dnn.strided(sizes.image, Shapes.strides(sizes.image));
    result = dnn.strided(sizes.result, Shapes.strides(sizes.result));
    imageRead = dnn.strided(read, sizes.image, Shapes.strides(sizes.image));
    gradientRead = dnn.strided(read, sizes.result, Shapes.strides(sizes.result));
    weightsRead = dnn.any(read, sizes.weights);
    bias = hasBias ? dnn.dense(sizes.weights[0]) : null;
    attr = dnn.attributes(List.of());
    dnnl_primitive_attr forwardAttr = postOps.isEmpty() ? attr : dnn.attributes(postOps);
    forward =
        dnn.describe(
            "convolution",
            d ->
                dnnl_convolution_forward_primitive_desc_create(
                    d,
                    dnn.engine(),
                    dnnl_forward_training,
                    dnnl_convolution_direct,
                    imageRead,
                    weightsRead,
                    bias,
                    result,
                    strides(),
                    NO_DILATION,
                    before,
                    after,
                    forwardAttr));
  }

  private long[] strides() {
    return new long[] {stride, stride};
  }

  dnnl_primitive_desc forward() {
    return forward;
  }

  /** The gradient of the image. */
  dnnl_primitive_desc backwardData() {
    return dnn.describe(
        "convolution backward",
        d ->
            dnnl_convolution_backward_data_primitive_desc_create(
                d,
                dnn.engine(),
                dnnl_convolution_direct,
                image,
                weightsRead,
                gradientRead,
                strides(),
                NO_DILATION,
                before,
                after,
                forward,
                attr));
  }

  /** The gradient of the weights, and of the bias if it is wanted. */
  dnnl_primitive_desc backwardWeights(boolean wantsBias) {
    return dnn.describe(
        "convolution weight gradient",
        d ->
            dnnl_convolution_backward_weights_primitive_desc_create(
                d,
                dnn.engine(),
                dnnl_convolution_direct,
                imageRead,
                dnn.any(dnnl_f32, weightDims),
                wantsBias ? bias : null,
                gradientRead,
                strides(),
                NO_DILATION,
                before,
                after,
                forward,
                attr));
  }

  /** An image or its gradient, as it is written. */
  dnnl_memory_desc image() {
    return image;
  }

  /** The result, as it is written. */
  dnnl_memory_desc result() {
    return result;
  }

  dnnl_memory_desc imageRead() {
    return imageRead;
  }

  dnnl_memory_desc gradientRead() {
    return gradientRead;
  }
}
