package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_mul;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_sub;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_group_normalization_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_scale;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_shift;

import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.indexer.FloatIndexer;

/**
 * Group normalization: oneDNN's forward, and a backward of our own, as oneDNN's is its slow
 * reference code.
 *
 * <p>With mean mu and {@code r = 1 / sqrt(variance + epsilon)} of each group of m elements, scale
 * gamma, and the gradient g of the output, for each image:
 *
 * <pre>
 *   A_c = sum_pixels g                 D_c = sum_pixels g (x - mu)
 *   S1 = sum_c gamma_c A_c             S2 = r sum_c gamma_c D_c          (over a group's channels)
 *   dx = (r gamma_c) g - (r^2 S2 / m) (x - mu) - r S1 / m
 *   dgamma_c = sum_images r D_c        dbeta_c = sum_images A_c
 * </pre>
 *
 * <p>The sums over pixels are products with ones; the coefficients, one of each for an image's
 * channel, are computed in Java; the rest is elementwise.
 */
final class GroupNormKernel implements Kernel {
  private final LayerScope layer;
  private final int batch;
  private final int pixels;
  private final int channels;
  private final int groups;
  private final float epsilon;
  private final dnnl_memory_desc image;
  private final dnnl_primitive_desc forward;
  private final Buffer mean;
  private final Buffer variance;

  GroupNormKernel(LayerScope layer) {
    this.layer = layer;
    long[] shape = layer.shape(0);
    if (!Shapes.isImage(shape)) {
      throw new OneDnn.Unsupported("group normalization of a tensor that is not an image");
    }
    OneDnn dnn = layer.dnn();
    batch = (int) shape[0];
    channels = (int) shape[1];
    pixels = (int) (shape[2] * shape[3]);
    groups = layer.whole("groups");
    epsilon = (float) layer.layer().attribute("epsilon");
    image = dnn.strided(shape, Shapes.strides(shape));
    mean = Program.floats(batch, groups);
    variance = Program.floats(batch, groups);
    dnnl_primitive_attr attr = dnn.attributes(List.of());
    forward =
        dnn.describe(
            "group normalization",
            d ->
                dnnl_group_normalization_forward_primitive_desc_create(
                    d,
                    dnn.engine(),
                    dnnl_forward_training,
                    image,
                    image,
                    groups,
                    epsilon,
                    dnnl_use_scale | dnnl_use_shift,
                    attr));
  }

  @Override
  public void forward() {
    Program program = layer.program();
    program.primitive(
        forward,
        Map.of(
            DNNL_ARG_SRC,
            new Operand(image, layer.input(0)),
            DNNL_ARG_SCALE,
            program.dense(layer.input(1), channels),
            DNNL_ARG_SHIFT,
            program.dense(layer.input(2), channels),
            DNNL_ARG_MEAN,
            program.dense(mean, batch, groups),
            DNNL_ARG_VARIANCE,
            program.dense(variance, batch, groups),
            DNNL_ARG_DST,
            new Operand(image, layer.output())),
        List.of());
  }

  @Override
  public void backward(Buffer gradient) {
    Program program = layer.program();
    long[] full = {batch, pixels, channels};
    long[] perChannel = {batch, 1, channels};
    Operand x = program.dense(layer.input(0), full);
    Operand g = program.dense(gradient, full);

    // 1. x - mu, and the sums over the pixels.
    Buffer mu = Program.floats(perChannel);
    program.loop(List.of(mean, mu), b -> spread(b[0], b[1]));
    Operand centred = program.dense(Program.floats(full), full);
    program.binary(dnnl_binary_sub, x, program.dense(mu, perChannel), centred);
    Operand product = program.dense(Program.floats(full), full);
    program.binary(dnnl_binary_mul, centred, g, product);
    Buffer sumG = Program.floats(perChannel); // A
    Buffer sumProduct = Program.floats(perChannel); // D
    program.sumMiddle(gradient, sumG, batch, pixels, channels);
    program.sumMiddle(product.buffer(), sumProduct, batch, pixels, channels);

    // 2. The coefficients of g, of x - mu, and the constant.
    if (layer.wants(0)) {
      Buffer ofG = Program.floats(perChannel);
      Buffer ofX = Program.floats(perChannel);
      Buffer constant = Program.floats(perChannel);
      program.loop(
          List.of(variance, layer.input(1), sumG, sumProduct, ofG, ofX, constant),
          this::coefficients);

      // 3. dx.
      Buffer dx = layer.target(0);
      Operand scaled = program.dense(Program.floats(full), full);
      Operand result = program.dense(dx, full);
      program.binary(dnnl_binary_mul, g, program.dense(ofG, perChannel), scaled);
      program.binary(dnnl_binary_add, scaled, program.dense(constant, perChannel), scaled);
      program.binary(dnnl_binary_mul, centred, program.dense(ofX, perChannel), result);
      program.add(dx, scaled.buffer(), dx, Shapes.count(full));
      layer.contribute(0, dx);
    }
    if (layer.wants(1)) {
      Buffer dScale = layer.target(1);
      program.loop(List.of(variance, sumProduct, dScale), this::scaleGradient);
      layer.contribute(1, dScale);
    }
    if (layer.wants(2)) {
      Buffer dShift = layer.target(2);
      program.sumMiddle(sumG, dShift, 1, batch, channels);
      layer.contribute(2, dShift);
    }
  }

  private void spread(FloatIndexer perGroup, FloatIndexer perChannel) {
    int size = channels / groups;
    for (int i = 0; i < batch * groups; i++) {
      float value = perGroup.get(i);
      for (int c = 0; c < size; c++) {
        perChannel.put((long) i * size + c, value);
      }
    }
  }

  private void coefficients(FloatIndexer[] buffers) {
    FloatIndexer scale = buffers[1];
    int size = channels / groups;
    double m = (double) size * pixels;
    for (int i = 0; i < batch * groups; i++) {
      double r = 1 / Math.sqrt(buffers[0].get(i) + epsilon);
      int first = i % groups * size;
      long at = (long) i * size;
      double s1 = 0;
      double s2 = 0;
      for (int c = 0; c < size; c++) {
        s1 += scale.get(first + c) * (double) buffers[2].get(at + c);
        s2 += scale.get(first + c) * (double) buffers[3].get(at + c) * r;
      }
      for (int c = 0; c < size; c++) {
        buffers[4].put(at + c, (float) (r * scale.get(first + c)));
        buffers[5].put(at + c, (float) (-r * r * s2 / m));
        buffers[6].put(at + c, (float) (-r * s1 / m));
      }
    }
  }

  private void scaleGradient(FloatIndexer[] buffers) {
    int size = channels / groups;
    for (int c = 0; c < channels; c++) {
      double sum = 0;
      for (int b = 0; b < batch; b++) {
        double r = 1 / Math.sqrt(buffers[0].get((long) b * groups + c / size) + epsilon);
        sum += r * buffers[1].get((long) b * channels + c);
      }
      buffers[2].put(c, (float) sum);
    }
  }
}
