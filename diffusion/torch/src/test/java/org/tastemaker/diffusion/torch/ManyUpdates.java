package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.AdamStep;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.ResidentTraining.Kind;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.testing.MemoryGrowth;

/**
 * Prints by how much the process grows over trainings of ten updates each, as many as a step of a
 * policy has, where the engine computes.
 */
final class ManyUpdates {
  private static final int WARM_UP = 100;
  private static final int TRAININGS = 400;

  private ManyUpdates() {}

  /** Takes no arguments. */
  public static void main(String[] args) {
    Fixture fixture = new Fixture();
    Weights store = new Weights();
    GraphDefinition graph = fixture.graph(true);
    List<INDArray> parameters =
        List.of(
            Objects.requireNonNull(fixture.weights.get("time.weight")),
            Objects.requireNonNull(fixture.weights.get("blocks.0.scale")),
            Objects.requireNonNull(fixture.weights.get("blocks.1.kernel")),
            Objects.requireNonNull(fixture.weights.get("blocks.1.scale")));
    Map<String, INDArray> inputs = Map.of("x", fixture.x, "t", fixture.t);
    Map<String, INDArray> cotangents = Map.of("out", fixture.cotangent);
    try (TorchFunction function =
        fixture.function(store, graph, false, 1, true, new Fixture.Limit())) {
      MemoryGrowth.print(
          WARM_UP, TRAININGS, i -> run(function, store, parameters, inputs, cotangents));
    }
  }

  private static void run(
      TorchFunction function,
      Weights store,
      List<INDArray> parameters,
      Map<String, INDArray> inputs,
      Map<String, INDArray> cotangents) {
    try (TorchTraining training =
        new TorchTraining(
            ImmutableList.copyOf(parameters),
            true,
            new Device(DeviceType.CPU),
            store,
            new MemoryGuard(() -> {}, rows -> {}),
            100)) {
      for (int i = 0; i < parameters.size(); i++) {
        training.upload(Kind.WEIGHTS, i, FloatBuffers.of(parameters.get(i)));
      }
      for (int update = 1; update <= 10; update++) {
        training.begin();
        function.forward(inputs);
        function.backward(cotangents, training);
        double unused = training.squares();
        training.update(new AdamStep(0.5, 0, 0.9, 0.999, 1e-8, 0, 0.1, 0.001));
        training.average(0.1);
      }
      for (int i = 0; i < parameters.size(); i++) {
        training.download(Kind.WEIGHTS, i, FloatBuffers.of(parameters.get(i)));
      }
    }
  }
}
