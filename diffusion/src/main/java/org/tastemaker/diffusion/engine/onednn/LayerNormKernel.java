package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;
import static org.bytedeco.dnnl.global.dnnl.dnnl_backward;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_layer_normalization_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_layer_normalization_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_scale;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_shift;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Layer normalization over rows: oneDNN's. */
final class LayerNormKernel implements Kernel {
  private final LayerScope layer;
  private final long channels;
  private final dnnl_memory_desc rows;
  private final dnnl_memory_desc statistics;
  private final dnnl_primitive_attr attr;
  private final float epsilon;
  private final dnnl_primitive_desc forward;
  private final Buffer mean;
  private final Buffer variance;

  LayerNormKernel(LayerScope layer) {
    layer.requireRows(0);
    this.layer = layer;
    OneDnn dnn = layer.dnn();
    long[] shape = layer.shape(0);
    channels = shape[shape.length - 1];
    long count = Shapes.count(shape) / channels;
    rows = dnn.dense(count, channels);
    statistics = dnn.dense(count);
    mean = Program.floats(count);
    variance = Program.floats(count);
    attr = dnn.attributes(List.of());
    epsilon = (float) layer.layer().attribute("epsilon");
    forward =
        dnn.describe(
            "layer normalization",
            d ->
                dnnl_layer_normalization_forward_primitive_desc_create(
                    d,
                    dnn.engine(),
                    dnnl_forward_training,
                    rows,
                    rows,
                    statistics,
                    epsilon,
                    dnnl_use_scale | dnnl_use_shift,
                    attr));
  }

  @Override
  public void forward() {
    layer
        .program()
        .primitive(
            forward,
            Map.of(
                DNNL_ARG_SRC,
                new Operand(rows, layer.input(0)),
                DNNL_ARG_SCALE,
                layer.program().dense(layer.input(1), channels),
                DNNL_ARG_SHIFT,
                layer.program().dense(layer.input(2), channels),
                DNNL_ARG_MEAN,
                new Operand(statistics, mean),
                DNNL_ARG_VARIANCE,
                new Operand(statistics, variance),
                DNNL_ARG_DST,
                new Operand(rows, layer.output())),
            List.of());
  }

  @Override
  public void backward(Buffer gradient) {
    OneDnn dnn = layer.dnn();
    dnnl_primitive_desc desc =
        dnn.describe(
            "layer normalization backward",
            d ->
                dnnl_layer_normalization_backward_primitive_desc_create(
                    d,
                    dnn.engine(),
                    dnnl_backward,
                    rows,
                    rows,
                    rows,
                    statistics,
                    epsilon,
                    dnnl_use_scale | dnnl_use_shift,
                    forward,
                    attr));
    Map<Integer, Operand> operands = new HashMap<>();
    operands.put(DNNL_ARG_SRC, new Operand(rows, layer.input(0)));
    operands.put(DNNL_ARG_DIFF_DST, new Operand(rows, gradient));
    operands.put(DNNL_ARG_MEAN, new Operand(statistics, mean));
    operands.put(DNNL_ARG_VARIANCE, new Operand(statistics, variance));
    operands.put(DNNL_ARG_SCALE, layer.program().dense(layer.input(1), channels));
    Buffer dx = layer.wants(0) ? layer.target(0) : Program.floats(layer.shape(0));
    operands.put(DNNL_ARG_DIFF_SRC, new Operand(rows, dx));
    Buffer dScale = layer.wants(1) ? layer.target(1) : Program.floats(channels);
    Buffer dShift = layer.wants(2) ? layer.target(2) : Program.floats(channels);
    operands.put(DNNL_ARG_DIFF_SCALE, layer.program().dense(dScale, channels));
    operands.put(DNNL_ARG_DIFF_SHIFT, layer.program().dense(dShift, channels));
    layer.program().primitive(desc, operands, List.of());
    List<Buffer> parts = List.of(dx, dScale, dShift);
    for (int i = 0; i < parts.size(); i++) {
      if (layer.wants(i)) {
        layer.contribute(i, parts.get(i));
      }
    }
  }
}
