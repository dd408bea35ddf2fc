package org.tastemaker.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

/**
 * A U-Net of Stable Diffusion 1.5's size forward, where a GPU's libraries take other kernels than
 * for small ones. The processor computes it with oneDNN, since {@code replay} would take minutes.
 */
final class SizeCheck implements AutoCloseable {
  private final UNet2DConditionModel unet;
  private final Map<String, INDArray> inputs = new LinkedHashMap<>();
  private final Map<String, double[]> right;

  /**
   * Draws the weights and computes what is right.
   *
   * @param model as {@link Workload#unet} names it
   */
  SizeCheck(String model, Seed seed) {
    try {
      unet = Workload.unet(model);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int side = unet.config().sampleSize();
    inputs.put(UNet2DConditionModel.SAMPLE, Workload.normal(seed.split(0), 1, 4, side, side));
    inputs.put(UNet2DConditionModel.TIMESTEP, Workload.normal(seed.split(1), 1).muli(0).addi(501));
    inputs.put(
        UNet2DConditionModel.TEXT,
        Workload.normal(seed.split(2), 1, 77, unet.config().crossAttentionDim()));
    right = outputs(Engines.named("onednn"));
  }

  /** One check. */
  void run(Checks checks, String precision, Engine engine, Tolerance tolerance) {
    checks.run(
        precision + " U-Net of full size",
        () -> tolerance.judge(Difference.of(outputs(engine), right, Map.of(), Map.of()), ""));
  }

  private Map<String, double[]> outputs(Engine engine) {
    int side = unet.config().sampleSize();
    return Difference.copy(
        unet.function(1, side, side, 77, FunctionOptions.inference().withEngine(engine))
            .forward(inputs));
  }

  @Override
  public void close() {
    unet.close();
    inputs.values().forEach(INDArray::close);
  }
}
