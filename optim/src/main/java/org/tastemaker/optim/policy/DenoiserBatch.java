package org.tastemaker.optim.policy;

import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.condition.Condition;
import org.tastemaker.diffusion.condition.UNetInputs;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.train.TrainingState;

/**
 * A U-Net's inputs and its output's cotangent for a number of rows, made once, and the function
 * that they go through. Every row has a timestep of its own.
 */
final class DenoiserBatch implements AutoCloseable {
  private final LatentDiffusion model;
  private final Set<String> inputNames;
  private final FunctionOptions options;
  private final LatentShape shape;
  private final int rows;
  private final UNetInputs inputs; // [R, ...]
  private final INDArray cotangent; // [R, C, h, w]
  private final FloatBuffer cotangents;
  private final Map<String, INDArray> outputCotangents;
  private @Nullable GraphFunction function;

  DenoiserBatch(LatentDiffusion model, FunctionOptions options, LatentShape shape, int rows) {
    this.model = model;
    this.inputNames = UNet2DConditionModel.inputs(model.components().unet().config());
    this.options = options;
    this.shape = shape;
    this.rows = rows;
    this.inputs =
        UNetInputs.of(model.components().unet(), rows, shape.height(), shape.width(), textLength());
    this.cotangent =
        Nd4j.create(DataType.FLOAT, rows, shape.channels(), shape.height(), shape.width());
    this.cotangents = FloatBuffers.of(cotangent);
    this.outputCotangents = Map.of(UNet2DConditionModel.OUT, cotangent);
  }

  private int textLength() {
    return model.conditioner().encoder().length();
  }

  /** Asks the model for its function, which says that frozen parameters may have changed. */
  void open() {
    function =
        model
            .components()
            .unet()
            .function(rows, shape.height(), shape.width(), textLength(), options);
  }

  int rows() {
    return rows;
  }

  /** Sets one row's inputs. */
  void setRow(int row, FloatBuffer x, double t, Condition condition) {
    setSample(row, x, t);
    inputs.setCondition(row, condition);
  }

  void setSample(int row, FloatBuffer x, double t) {
    inputs.samples().put(row * shape.size(), x, x.position(), shape.size());
    inputs.setTimestep(row, t);
  }

  /** Takes another batch's latents and timesteps. */
  void setSamplesOf(DenoiserBatch other) {
    inputs.setSamplesOf(other.inputs);
  }

  void setCondition(int row, Condition condition) {
    inputs.setCondition(row, condition);
  }

  /** To be filled before {@link #backward}, [R, C, h, w]. */
  FloatBuffer cotangents() {
    return cotangents;
  }

  /** The output, [R, C, h, w], valid until the next call. */
  FloatBuffer forward() {
    return FloatBuffers.of(
        Objects.requireNonNull(
            requireFunction().forward(inputs.arrays()).get(UNet2DConditionModel.OUT)));
  }

  /**
   * Adds the gradients of the parameters to those that a training has.
   *
   * @return those of the inputs that the function's options name, valid until the next call
   */
  Map<String, INDArray> backward(TrainingState state) {
    return state.backward(PolicyNetwork.UNET, requireFunction(), outputCotangents, inputNames);
  }

  private GraphFunction requireFunction() {
    return Objects.requireNonNull(function, "open() comes first");
  }

  @Override
  public void close() {
    inputs.close();
    cotangent.close();
  }
}
