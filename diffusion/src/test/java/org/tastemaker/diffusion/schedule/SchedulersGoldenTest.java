package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;
import org.tastemaker.testing.Goldens;

/** Every sampler set-up of the reference file: diffusers' own trajectories, in single precision. */
class SchedulersGoldenTest {
  /**
   * Single precision in the reference: 6e-8 an operation, a few operations for each of the steps.
   */
  private static final double BOUND = 1e-4;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Goldens goldens = Goldens.open("schedulers.safetensors");

  @TestFactory
  Stream<DynamicTest> everySetUpReproducesItsTrajectory() {
    List<String> setUps =
        goldens.metadata().keySet().stream()
            .filter(name -> goldens.has(name + ".trajectory"))
            .toList();
    assertThat(setUps).isNotEmpty();
    return setUps.stream().map(name -> DynamicTest.dynamicTest(name, () -> check(name)));
  }

  private void check(String name) throws JsonProcessingException {
    // 1. The scheduler that the metadata describe.
    JsonNode setUp = JSON.readTree(goldens.metadata().get(name));
    ObjectNode json = setUp.get("config").deepCopy();
    json.put("_class_name", setUp.get("class").asText());
    SchedulerConfig config = SchedulerConfig.parse(json.toString());
    int steps = setUp.get("num_inference_steps").asInt();
    double eta = setUp.path("step").path("eta").asDouble(0);
    Scheduler scheduler =
        config.kind() == SchedulerKind.DDIM
            ? DdimScheduler.of(
                config, new DdimScheduler.Options(eta, DdimScheduler.FinalStep.DIFFUSERS))
            : Schedulers.of(config);
    SamplingRun run = scheduler.begin(steps);
    // 2. Its timesteps.
    double timesteps =
        Goldens.report(name, "timesteps", run.timesteps(), goldens.doubles(name + ".timesteps"));
    // 3. Its trajectory, each step from our own sample.
    FloatBuffer sample = goldens.floats(name + ".x_start");
    FloatBuffer outputs = goldens.floats(name + ".model_outputs");
    FloatBuffer noises = goldens.floats(name + ".noises");
    FloatBuffer trajectory = FloatBuffer.allocate(outputs.capacity());
    for (int i = 0; i < steps; i++) {
      FloatBuffer next = Goldens.row(trajectory, i, steps);
      run.step(i, Goldens.row(outputs, i, steps), sample, Goldens.row(noises, i, steps), next);
      sample = next;
    }
    double[] ours = Goldens.doubles(trajectory);
    double[] reference = goldens.doubles(name + ".trajectory");
    double error = Goldens.report(name, "trajectory", ours, reference);
    assertThat(timesteps).isLessThan(BOUND);
    assertThat(error).isLessThan(BOUND);
  }

  @Test
  void addNoiseIsThatOfStableDiffusion() throws JsonProcessingException {
    // The file does not say whose add_noise it is: that of its first DDIM set-up, unless it does.
    SchedulerConfig config = SchedulerConfig.stableDiffusion();
    String described = goldens.metadata().get("add_noise");
    if (described != null) {
      JsonNode settings = JSON.readTree(described);
      settings = settings.has("config") ? settings.get("config") : settings;
      ObjectNode json = settings.deepCopy();
      json.put("_class_name", "DDIMScheduler");
      config = SchedulerConfig.parse(json.toString());
    }
    if (!goldens.has("add_noise.x0")) {
      return; // another folder's file need not hold it; the module's own does
    }
    FloatBuffer clean = goldens.floats("add_noise.x0");
    FloatBuffer out = FloatBuffer.allocate(clean.capacity());
    NoiseSchedule.of(config)
        .addNoise(
            goldens.ints("add_noise.timesteps"), clean, goldens.floats("add_noise.noise"), out);
    double error =
        Goldens.report("add_noise", "out", Goldens.doubles(out), goldens.doubles("add_noise.out"));
    assertThat(error).isLessThan(BOUND);
  }
}
