package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.testing.Goldens;

/** Every sampler set-up of the reference file: diffusers' own trajectories, in single precision. */
class SchedulersGoldenTest {
  /**
   * Single precision in the reference: 6e-8 an operation, a few operations for each of the steps.
   */
  private static final double BOUND = 1e-4;

  private final Goldens goldens = Goldens.open("schedulers.safetensors");

  @TestFactory
  Stream<DynamicTest> everySetUpReproducesItsTrajectory() {
    return Stream.of(goldens, Goldens.open("samplers.safetensors"))
        .flatMap(
            file -> {
              List<String> setUps =
                  file.metadata().keySet().stream()
                      .filter(name -> file.has(name + ".trajectory"))
                      .toList();
              assertThat(setUps).isNotEmpty();
              return setUps.stream()
                  .map(name -> DynamicTest.dynamicTest(name, () -> new SetUp(file, name).check()));
            });
  }

  /** One of the samplers, with the model's outputs and the noise that the reference had. */
  private static final class SetUp {
    private final Goldens goldens;
    private final String name;

    SetUp(Goldens goldens, String name) {
      this.goldens = goldens;
      this.name = name;
    }

    void check() {
      // 1. The scheduler that the metadata describe.
      JsonObject setUp = Json.parseObject(goldens.metadata().getOrDefault(name, ""), name);
      SchedulerConfig config = config(setUp.object("config"), setUp.text("class"));
      double eta = setUp.optionalObject("step").map(step -> step.number("eta", 0)).orElse(0.0);
      Scheduler scheduler =
          config.kind() == SchedulerKind.DDIM
              ? DdimScheduler.of(
                  config, new DdimScheduler.Options(eta, DdimScheduler.FinalStep.DIFFUSERS))
              : Schedulers.of(config);
      SamplingRun run = scheduler.begin(setUp.integer("num_inference_steps"));
      // 2. Its timesteps.
      assertThat(error("timesteps", run.timesteps())).isLessThan(BOUND);
      // 3. Its trajectory, each step from our own sample, and what the model is given.
      int steps = run.steps().size();
      FloatBuffer outputs = goldens.floats(name + ".model_outputs");
      FloatBuffer trajectory = FloatBuffer.allocate(outputs.capacity());
      FloatBuffer inputs = FloatBuffer.allocate(outputs.capacity());
      FloatBuffer sample = goldens.floats(name + ".x_start");
      int drawn = 0;
      for (int i = 0; i < steps; i++) {
        run.scaleInput(i, sample, Goldens.row(inputs, i, steps));
        FloatBuffer next = Goldens.row(trajectory, i, steps);
        FloatBuffer noise = noise(drawn, i, run);
        drawn += noise == null ? 0 : 1;
        run.step(i, Goldens.row(outputs, i, steps), sample, noise, next);
        sample = next;
      }
      assertThat(error("trajectory", Goldens.doubles(trajectory))).isLessThan(BOUND);
      if (goldens.has(name + ".model_inputs")) {
        assertThat(error("model_inputs", Goldens.doubles(inputs))).isLessThan(BOUND);
      }
    }

    /** The noise of a step: in the order of the steps that draw, or one for each step. */
    private @Nullable FloatBuffer noise(int drawn, int i, SamplingRun run) {
      if (run.steps().get(i).rule().sigma() == 0) {
        return null;
      }
      FloatBuffer noises = goldens.floats(name + ".noises");
      int count = goldens.shape(name + ".noises")[0];
      return Goldens.row(noises, count == run.steps().size() ? i : drawn, count);
    }

    private double error(String tensor, double[] ours) {
      return Goldens.report(name, tensor, ours, goldens.doubles(name + "." + tensor));
    }
  }

  @Test
  void addNoiseIsThatOfStableDiffusion() {
    // The file does not say whose add_noise it is: that of its first DDIM set-up, unless it does.
    SchedulerConfig config = SchedulerConfig.stableDiffusion();
    String described = goldens.metadata().get("add_noise");
    if (described != null) {
      JsonObject settings = Json.parseObject(described, "add_noise");
      config = config(settings.optionalObject("config").orElse(settings), "DDIMScheduler");
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

  /** The configuration of some settings, read as one of a class. */
  static SchedulerConfig config(JsonObject settings, String className) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>(settings.toMap());
    json.put("_class_name", className);
    return SchedulerConfig.parse(Json.write(json));
  }
}
