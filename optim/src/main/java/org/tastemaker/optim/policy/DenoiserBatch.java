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
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.train.TrainingState;

/**
 * A U-Net's inputs and its output's cotangent for a number of rows, made once, and the function
 * that they go through. Every row has a timestep of its own.
 *
 * <p>Where the model's adapter is active in a part of the denoising only, rows outside of it go
 * through the U-Net without the adapter, and have no gradient. A batch with rows of both kinds goes
 * through both.
 */
final class DenoiserBatch implements AutoCloseable {
  private final LatentDiffusion model;
  private final Set<String> inputNames;
  private final FunctionOptions options;
  private final LatentShape shape;
  private final int rows;
  private final int trainSteps;
  private final boolean ranged; // whether the adapter is active in a part only
  private final UNetInputs inputs; // [R, ...]
  private final double[] timesteps; // [R]
  private final INDArray cotangent; // [R, C, h, w]
  private final FloatBuffer cotangents;
  private final Map<String, INDArray> outputCotangents;
  private final FloatBuffer merged; // [R, C, h, w]
  private @Nullable GraphFunction function;
  private @Nullable GraphFunction plain;

  DenoiserBatch(LatentDiffusion model, FunctionOptions options, LatentShape shape, int rows) {
    this.model = model;
    this.inputNames = UNet2DConditionModel.inputs(model.components().unet().config());
    this.options = options;
    this.shape = shape;
    this.rows = rows;
    this.trainSteps = model.components().scheduler().trainSteps();
    this.ranged = !model.adapted().isAll() && !options.adapter().equals(Adapter.NONE);
    this.inputs =
        UNetInputs.of(model.components().unet(), rows, shape.height(), shape.width(), textLength());
    this.timesteps = new double[rows];
    this.cotangent =
        Nd4j.create(DataType.FLOAT, rows, shape.channels(), shape.height(), shape.width());
    this.cotangents = FloatBuffers.of(cotangent);
    this.outputCotangents = Map.of(UNet2DConditionModel.OUT, cotangent);
    this.merged = FloatBuffer.allocate(ranged ? rows * shape.size() : 0);
  }

  private int textLength() {
    return model.conditioner().encoder().length();
  }

  /** Asks the model for its function, which says that frozen parameters may have changed. */
  void open() {
    function = function(options);
    plain =
        ranged
            ? function(
                FunctionOptions.inference()
                    .withEngine(options.engine())
                    .withInputGradients(options.inputGradients()))
            : function;
  }

  private GraphFunction function(FunctionOptions of) {
    return model
        .components()
        .unet()
        .function(rows, shape.height(), shape.width(), textLength(), of);
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
    timesteps[row] = t;
  }

  /** Takes another batch's latents and timesteps. */
  void setSamplesOf(DenoiserBatch other) {
    inputs.setSamplesOf(other.inputs);
    System.arraycopy(other.timesteps, 0, timesteps, 0, rows);
  }

  void setCondition(int row, Condition condition) {
    inputs.setCondition(row, condition);
  }

  /** To be filled before {@link #backward}, [R, C, h, w]. */
  FloatBuffer cotangents() {
    return cotangents;
  }

  /** How many rows the adapter acts on; all of them where it is active everywhere. */
  int active() {
    int count = 0;
    for (int row = 0; row < rows; row++) {
      count += isActive(row) ? 1 : 0;
    }
    return count;
  }

  private boolean isActive(int row) {
    return !ranged || model.adapted().contains(timesteps[row], trainSteps);
  }

  /** The output, [R, C, h, w], valid until the next call. */
  FloatBuffer forward() {
    int active = active();
    if (active == rows) {
      return forward(function);
    }
    FloatBuffer without = forward(plain);
    if (active == 0) {
      return without;
    }
    FloatBuffer with = forward(function);
    for (int row = 0; row < rows; row++) {
      int at = row * shape.size();
      merged.put(at, isActive(row) ? with : without, at, shape.size());
    }
    return merged;
  }

  private FloatBuffer forward(@Nullable GraphFunction by) {
    return FloatBuffers.of(
        Objects.requireNonNull(require(by).forward(inputs.arrays()).get(UNet2DConditionModel.OUT)));
  }

  /**
   * Adds the gradients of the parameters to those that a training has, where the adapter is active
   * in some rows.
   *
   * @return those of the inputs that the function's options name, valid until the next call
   */
  Map<String, INDArray> backward(TrainingState state) {
    int active = active();
    if (active == 0) {
      return options.inputGradients().isEmpty()
          ? Map.of()
          : require(plain).backward(outputCotangents);
    }
    if (active < rows) {
      if (!options.inputGradients().isEmpty()) {
        throw new IllegalStateException(
            "rows with the adapter and rows without it have no common gradient by their inputs");
      }
      for (int row = 0; row < rows; row++) {
        if (!isActive(row)) {
          cotangents.put(row * shape.size(), new float[shape.size()]);
        }
      }
    }
    return state.backward(PolicyNetwork.UNET, require(function), outputCotangents, inputNames);
  }

  /** Adds a gradient of 0, so that the parameters have one. */
  void backwardZeros(TrainingState state) {
    cotangents.put(0, new float[rows * shape.size()]);
    FloatBuffer unused = forward(function);
    Map<String, INDArray> unusedToo =
        state.backward(PolicyNetwork.UNET, require(function), outputCotangents, inputNames);
  }

  private static GraphFunction require(@Nullable GraphFunction function) {
    return Objects.requireNonNull(function, "open() comes first");
  }

  @Override
  public void close() {
    inputs.close();
    cotangent.close();
  }
}
