package org.tastemaker.diffusion.condition;

import java.nio.FloatBuffer;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.Residence;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
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
  private final FloatBuffer samples;
  private final FloatBuffer timesteps;
  private final FloatBuffer texts;

  private UNetInputs(int rows, int channels, int height, int width, int length, int tokenWidth) {
    this.length = length;
    this.width = tokenWidth;
    this.sample = Nd4j.create(DataType.FLOAT, rows, channels, height, width);
    this.timestep = Nd4j.create(DataType.FLOAT, rows);
    this.text = Nd4j.create(DataType.FLOAT, rows, length, tokenWidth);
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
    return new UNetInputs(
        rows, unet.config().inChannels(), height, width, length, unet.config().crossAttentionDim());
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
   * Sets a row's condition. A U-Net of Stable Diffusion 1 or 2 reads its tokens alone.
   *
   * @param row from 0
   * @param condition of the U-Net's shape
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
    return Map.of(
        UNet2DConditionModel.SAMPLE, sample,
        UNet2DConditionModel.TIMESTEP, timestep,
        UNet2DConditionModel.TEXT, text);
  }

  @Override
  public void close() {
    sample.close();
    timestep.close();
    text.close();
  }
}
