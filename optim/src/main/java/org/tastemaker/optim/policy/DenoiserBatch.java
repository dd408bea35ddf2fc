package org.tastemaker.optim.policy;

import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * The arrays of a U-Net's inputs and of its output's cotangent for a number of rows, made once, and
 * the function that they go through. Every row has a timestep of its own.
 */
final class DenoiserBatch implements AutoCloseable {
  private final Components components;
  private final FunctionOptions options;
  private final LatentShape shape;
  private final int rows;
  private final int textSize; // L D
  private final INDArray sample; // [R, C, h, w]
  private final INDArray timestep; // [R]
  private final INDArray context; // [R, L, D]
  private final INDArray cotangent; // [R, C, h, w]
  private final FloatBuffer samples;
  private final FloatBuffer timesteps;
  private final FloatBuffer contexts;
  private final FloatBuffer cotangents;
  private final Map<String, INDArray> inputs;
  private final Map<String, INDArray> outputCotangents;
  private @Nullable GraphFunction function;

  DenoiserBatch(Components components, FunctionOptions options, LatentShape shape, int rows) {
    this.components = components;
    this.options = options;
    this.shape = shape;
    this.rows = rows;
    int length = components.tokenizer().maxLength();
    int width = components.unet().config().crossAttentionDim();
    this.textSize = length * width;
    this.sample =
        Nd4j.create(DataType.FLOAT, rows, shape.channels(), shape.height(), shape.width());
    this.timestep = Nd4j.create(DataType.FLOAT, rows);
    this.context = Nd4j.create(DataType.FLOAT, rows, length, width);
    this.cotangent = Nd4j.create(DataType.FLOAT, sample.shape());
    this.samples = FloatBuffers.of(sample);
    this.timesteps = FloatBuffers.of(timestep);
    this.contexts = FloatBuffers.of(context);
    this.cotangents = FloatBuffers.of(cotangent);
    this.inputs =
        Map.of(
            UNet2DConditionModel.SAMPLE, sample,
            UNet2DConditionModel.TIMESTEP, timestep,
            UNet2DConditionModel.TEXT, context);
    this.outputCotangents = Map.of(UNet2DConditionModel.OUT, cotangent);
  }

  /** Asks the model for its function, which says that frozen parameters may have changed. */
  void open() {
    function =
        components
            .unet()
            .function(
                rows, shape.height(), shape.width(), components.tokenizer().maxLength(), options);
  }

  int rows() {
    return rows;
  }

  /** Sets one row's inputs. */
  void setRow(int row, FloatBuffer x, double t, float[] text) {
    samples.put(row * shape.size(), x, x.position(), shape.size());
    timesteps.put(row, (float) t);
    contexts.put(row * textSize, text, 0, textSize);
  }

  /** Takes another batch's latents and timesteps. */
  void setSamplesOf(DenoiserBatch other) {
    samples.put(0, other.samples, 0, samples.capacity());
    timesteps.put(0, other.timesteps, 0, timesteps.capacity());
  }

  void setText(int row, float[] text) {
    contexts.put(row * textSize, text, 0, textSize);
  }

  /** The latents, [R, C, h, w]. */
  FloatBuffer samples() {
    return samples;
  }

  /** To be filled before {@link #backward}, [R, C, h, w]. */
  FloatBuffer cotangents() {
    return cotangents;
  }

  /** The output, [R, C, h, w], valid until the next call. */
  FloatBuffer forward() {
    return FloatBuffers.of(
        Objects.requireNonNull(requireFunction().forward(inputs).get(UNet2DConditionModel.OUT)));
  }

  /** The gradients by name, valid until the next call. */
  Map<String, INDArray> backward() {
    return requireFunction().backward(outputCotangents);
  }

  private GraphFunction requireFunction() {
    return Objects.requireNonNull(function, "open() comes first");
  }

  @Override
  public void close() {
    sample.close();
    timestep.close();
    context.close();
    cotangent.close();
  }
}
