package org.tastemaker.diffusion.testing.engine;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

/**
 * What a U-Net gives on an engine, at random inputs that are always the same.
 *
 * @param out its output for two latents of 8 x 8
 * @param gradients of all its weights, by name
 */
public record UNetRun(float[] out, Map<String, float[]> gradients) {
  private static final int SIDE = 8;
  private static final int TEXT = 7;

  /**
   * Runs it forward and backward.
   *
   * @param model the U-Net
   * @param engine that runs it
   * @return copies of what it gave
   */
  public static UNetRun of(UNet2DConditionModel model, Engine engine) {
    Values values = new Values(3);
    GraphFunction function =
        model.function(2, SIDE, SIDE, TEXT, FunctionOptions.training().withEngine(engine));
    Map<String, INDArray> inputs = new HashMap<>();
    int channels = model.config().inChannels();
    inputs.put(UNet2DConditionModel.SAMPLE, values.array(1, 2, channels, SIDE, SIDE));
    inputs.put(UNet2DConditionModel.TIMESTEP, values.array(0, 2).addi(501));
    inputs.put(
        UNet2DConditionModel.TEXT, values.array(1, 2, TEXT, model.config().crossAttentionDim()));
    model
        .config()
        .added()
        .ifPresent(it -> inputs.put(UNet2DConditionModel.ADDED, values.array(1, 2, it.width())));
    INDArray out = requireNonNull(function.forward(inputs).get(UNet2DConditionModel.OUT));
    float[] copy = out.dup('c').data().asFloat();
    Map<String, float[]> gradients = new LinkedHashMap<>();
    function
        .backward(Map.of(UNet2DConditionModel.OUT, values.array(1, out.shape())))
        .forEach((name, gradient) -> gradients.put(name, gradient.dup('c').data().asFloat()));
    return new UNetRun(copy, gradients);
  }

  /**
   * How far the output is from another one.
   *
   * @param reference the other
   * @return the norm of the difference, relative to that of the reference
   */
  public double error(UNetRun reference) {
    return error(out, reference.out);
  }

  /**
   * How far numbers are from others.
   *
   * @param actual some numbers
   * @param reference as many, not all zero
   * @return the norm of the difference, relative to that of the reference
   */
  public static double error(float[] actual, float[] reference) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < reference.length; i++) {
      error += Math.pow(actual[i] - reference[i], 2);
      norm += Math.pow(reference[i], 2);
    }
    return Math.sqrt(error / norm);
  }
}
