package org.tastemaker.diffusion.condition;

import com.google.common.collect.ImmutableMap;
import java.nio.FloatBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.Residence;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * The arrays of a U-Net's inputs for a number of rows, made once and refilled: the one place where
 * a {@link Condition} enters a U-Net. Every row has a latent, a timestep and a condition of its
 * own.
 */
public final class UNetInputs implements AutoCloseable {
  private final int length; // L
  private final int width; // D
  private final INDArray sample; // [R, C, h, w]
  private final INDArray timestep; // [R]
  private final INDArray text; // [R, L, D]
  private final UNetConfig config;
  private final @Nullable INDArray added; // [R, A], where the U-Net has it
  private final FloatBuffer samples;
  private final FloatBuffer timesteps;
  private final FloatBuffer texts;

  private UNetInputs(UNetConfig config, int rows, int height, int width, int length) {
    this.config = config;
    this.length = length;
    this.width = config.crossAttentionDim();
    this.sample = Nd4j.create(DataType.FLOAT, rows, config.inChannels(), height, width);
    this.timestep = Nd4j.create(DataType.FLOAT, rows);
    this.text = Nd4j.create(DataType.FLOAT, rows, length, config.crossAttentionDim());
    this.added =
        config.added().map(it -> Nd4j.create(DataType.FLOAT, rows, it.width())).orElse(null);
    this.samples = FloatBuffers.of(sample);
    this.timesteps = FloatBuffers.of(timestep);
    this.texts = FloatBuffers.of(text);
  }

  /**
   * Inputs of zeros.
   *
   * @param unet whose inputs they are
   * @param rows R, at least 1
   * @param height h of the latents
   * @param width w of the latents
   * @param length L, how many tokens a text has
   * @return the inputs: the caller closes them
   */
  public static UNetInputs of(
      UNet2DConditionModel unet, int rows, int height, int width, int length) {
    return new UNetInputs(unet.config(), rows, height, width, length);
  }

  /**
   * The latents.
   *
   * @return [R, C, h, w], a view of the input, to be written by absolute index
   */
  public FloatBuffer samples() {
    return samples;
  }

  /**
   * Sets a row's timestep.
   *
   * @param row from 0
   * @param t the timestep
   */
  public void setTimestep(int row, double t) {
    timesteps.put(row, (float) t);
  }

  /**
   * Sets every row's timestep.
   *
   * @param t the timestep
   */
  public void setTimesteps(double t) {
    for (int row = 0; row < timesteps.capacity(); row++) {
      setTimestep(row, t);
    }
  }

  /**
   * Sets a row's condition. A U-Net of Stable Diffusion 1 or 2 reads its tokens alone, one of
   * Stable Diffusion XL the pooled vector and the sizes too.
   *
   * @param row from 0
   * @param condition of the U-Net's shape
   * @throws IllegalArgumentException if it is of another shape, or lacks what the U-Net reads
   */
  public void setCondition(int row, Condition condition) {
    if (condition.length() != length || condition.width() != width) {
      throw new IllegalArgumentException(
          "the U-Net reads tokens of shape ["
              + length
              + ", "
              + width
              + "], but the condition's are ["
              + condition.length()
              + ", "
              + condition.width()
              + "]");
    }
    texts.put(row * length * width, condition.tokens(), 0, length * width);
    if (added != null) {
      double[] sizes =
          condition
              .sizeIds()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "the U-Net is told the image's sizes beside the text, but the condition"
                              + " has none: take it from LatentDiffusion.conditions"))
              .values();
      float[] values = config.addedRow(condition.requirePooled(), sizes); // [A]
      FloatBuffers.of(added).put(row * values.length, values);
    }
  }

  /**
   * Sends the timesteps to where a function has its inputs.
   *
   * @param residence of a function for as many rows
   */
  public void sendTimestepsTo(Residence residence) {
    residence.upload(UNet2DConditionModel.TIMESTEP, 0, timesteps);
  }

  /**
   * Sends the texts to where a function has its inputs. The function keeps them until others, or
   * other users of the function, put something else there.
   *
   * @param residence of a function for as many rows
   */
  public void sendTextsTo(Residence residence) {
    residence.upload(UNet2DConditionModel.TEXT, 0, texts);
    if (added != null) {
      residence.upload(UNet2DConditionModel.ADDED, 0, FloatBuffers.of(added));
    }
  }

  /**
   * Copies the latents and timesteps of other inputs of the same shape.
   *
   * @param other to copy from
   */
  public void setSamplesOf(UNetInputs other) {
    samples.put(0, other.samples, 0, samples.capacity());
    timesteps.put(0, other.timesteps, 0, timesteps.capacity());
  }

  /**
   * The inputs by the names that the U-Net's functions know.
   *
   * @return the arrays themselves, not to be closed
   */
  public Map<String, INDArray> arrays() {
    ImmutableMap.Builder<String, INDArray> arrays = ImmutableMap.builder();
    arrays.put(UNet2DConditionModel.SAMPLE, sample);
    arrays.put(UNet2DConditionModel.TIMESTEP, timestep);
    arrays.put(UNet2DConditionModel.TEXT, text);
    if (added != null) {
      arrays.put(UNet2DConditionModel.ADDED, added);
    }
    return arrays.buildOrThrow();
  }

  @Override
  public void close() {
    sample.close();
    timestep.close();
    text.close();
    if (added != null) {
      added.close();
    }
  }
}
