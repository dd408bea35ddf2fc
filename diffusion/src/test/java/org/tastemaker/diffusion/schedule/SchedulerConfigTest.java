package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SchedulerConfigTest {
  private static final String STABLE_DIFFUSION_1 =
      """
      {
        "_class_name": "PNDMScheduler",
        "_diffusers_version": "0.6.0",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "num_train_timesteps": 1000,
        "set_alpha_to_one": false,
        "skip_prk_steps": true,
        "steps_offset": 1,
        "trained_betas": null,
        "clip_sample": false
      }
      """;

  @Test
  void stableDiffusionsFileIsANoiseScheduleForAnotherSampler() {
    SchedulerConfig pndm = SchedulerConfig.parse(STABLE_DIFFUSION_1);
    assertThat(pndm.kind()).isEqualTo(SchedulerKind.PNDM);
    SchedulerConfig ddim = pndm.as(SchedulerKind.DDIM);
    assertThat(ddim.clipRange()).isInfinite();
    assertThat(DdimScheduler.of(ddim).begin(10).timesteps())
        .isEqualTo(DdimScheduler.of(SchedulerConfig.stableDiffusion()).begin(10).timesteps());
    assertThat(NoiseSchedule.of(pndm).alphaCumprod(981))
        .isEqualTo(NoiseSchedule.of(ddim).alphaCumprod(981));
  }

  @Test
  void whatWasNotGivenTakesTheDefaultOfTheNewClass() {
    SchedulerConfig pndm = SchedulerConfig.parse(STABLE_DIFFUSION_1);
    assertThat(pndm.timestepSpacing()).isEqualTo(TimestepSpacing.LEADING);
    assertThat(pndm.as(SchedulerKind.DPM_SOLVER_MULTISTEP).timestepSpacing())
        .isEqualTo(TimestepSpacing.LINSPACE);
  }

  @Test
  void aClassThatNeverClipsIsReadAsOneThatDoesNot() {
    SchedulerConfig pndm = SchedulerConfig.of(SchedulerKind.PNDM, Map.of("steps_offset", 1));
    assertThat(pndm.as(SchedulerKind.DDIM).clipRange()).isInfinite();
    assertThat(pndm.as(SchedulerKind.LCM).clipRange()).isInfinite();
    // One that does by default keeps to it.
    assertThat(SchedulerConfig.of(SchedulerKind.DDIM, Map.of()).as(SchedulerKind.DDPM).clipRange())
        .isEqualTo(1);
  }

  @Test
  void theAlgorithmOfAnotherClassIsNotTakenOver() {
    SchedulerConfig solver =
        SchedulerConfig.of(
            SchedulerKind.DPM_SOLVER_MULTISTEP,
            Map.of("algorithm_type", "sde-dpmsolver++", "solver_type", "heun"));
    SchedulerConfig deis = solver.as(SchedulerKind.DEIS_MULTISTEP);
    assertThat(deis.text("algorithm_type")).isEqualTo("deis");
    assertThat(deis.text("solver_type")).isEqualTo("logrho");
  }

  @Test
  void aFileOfAnUnknownClassCanBeReadAsAKnownOne(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("scheduler_config.json");
    Files.writeString(
        file,
        """
        {"_class_name": "SASolverScheduler", "beta_start": 0.00085, "beta_end": 0.012,
         "beta_schedule": "scaled_linear", "algorithm_type": "data_prediction", "predictor_order": 2}
        """);
    assertThatThrownBy(() -> SchedulerConfig.read(file))
        .hasMessageContaining("SASolverScheduler")
        .hasMessageContaining("LatentDiffusion.load(folder, SchedulerKind.DDIM)");
    SchedulerConfig read = SchedulerConfig.read(file, SchedulerKind.DPM_SOLVER_MULTISTEP);
    assertThat(read.text("algorithm_type")).isEqualTo("dpmsolver++");
    assertThat(read.text("beta_schedule")).isEqualTo("scaled_linear");
  }

  @ParameterizedTest
  @EnumSource
  void theDefaultsOfEveryClassSurviveWritingAndReading(SchedulerKind kind) {
    SchedulerConfig config = SchedulerConfig.of(kind, Map.of("steps_offset", 1));
    SchedulerConfig read = SchedulerConfig.parse(config.toJson());
    assertThat(read.kind()).isEqualTo(kind);
    assertThat(kind.defaults().keySet())
        .allSatisfy(
            name -> assertThat(read.setting(name)).as(name).isEqualTo(config.setting(name)));
  }

  @Test
  void settingsOfOtherClassesSurviveWritingAndReading() {
    SchedulerConfig config = SchedulerConfig.parse(STABLE_DIFFUSION_1);
    assertThat(SchedulerConfig.parse(config.toJson()).given())
        .containsEntry("clip_sample", false)
        .containsEntry("skip_prk_steps", true);
  }

  @Test
  void pythonsInfinityIsRead() {
    SchedulerConfig config =
        SchedulerConfig.parse(
            "{\"_class_name\": \"DPMSolverMultistepScheduler\", \"lambda_min_clipped\": -Infinity}");
    assertThat(config.number("lambda_min_clipped")).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(config.toJson()).doesNotContain("Infinity");
  }

  @Test
  void aFileIsReadAndNamedInItsErrors(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("scheduler_config.json");
    Files.writeString(file, STABLE_DIFFUSION_1);
    assertThat(SchedulerConfig.read(file)).isEqualTo(SchedulerConfig.parse(STABLE_DIFFUSION_1));
    Files.writeString(file, "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}");
    assertThatThrownBy(() -> SchedulerConfig.read(file))
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining("_class_name is \"FlowMatchEulerDiscreteScheduler\"")
        .hasMessageContaining("DDIMScheduler, DDPMScheduler");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          DDIM | "prediction_type": "score" | prediction_type must be one of [epsilon, sample, v_prediction], but was score
          DDIM | "beta_schedule": "sigmoid" | beta_schedule must be one of [linear, scaled_linear, squaredcos_cap_v2], but was sigmoid
          DDIM | "timestep_spacing": "even" | timestep_spacing must be one of [leading, linspace, trailing], but was even
          DDIM | "dynamic_thresholding_ratio": 0 | dynamic_thresholding_ratio must be in (0, 1], but was 0
          DDIM | "num_train_timesteps": 0 | num_train_timesteps must be from 1 to 100000, but was 0
          DDIM | "num_train_timesteps": 10.5 | num_train_timesteps must be a whole number, but was 10.5
          DDIM | "clip_sample": "no" | clip_sample must be true or false, but was no
          DDIM | "clip_sample_range": 0 | clip_sample_range must be above 0, but was 0
          DDIM | "beta_start": -0.1 | beta_start must be in (0, 1), but was -0.1
          DDIM | "beta_end": 1.5 | beta_end must be at least beta_start and below 1, but was 1.5
          DDIM | "steps_offset": -1 | steps_offset must be from 0 to num_train_timesteps, 1000, but was -1
          DDIM | "trained_betas": [0.1] | trained_betas must be as many values as num_train_timesteps, 1000, but was 1 values
          DDIM | "trained_betas": 3 | trained_betas must be a list of numbers, but was 3
          DDPM | "variance_type": "learned_range" | variance_type must be one of [fixed_large, fixed_small, fixed_small_log], but was learned_range
          DPM_SOLVER_MULTISTEP | "algorithm_type": "deis" | algorithm_type must be one of [dpmsolver, dpmsolver++, sde-dpmsolver, sde-dpmsolver++], but was deis
          DPM_SOLVER_MULTISTEP | "algorithm_type": "dpmsolver" | final_sigmas_type must be sigma_min with algorithm_type dpmsolver, but was zero
          DPM_SOLVER_MULTISTEP | "solver_order": 4 | solver_order must be 1, 2 or 3, but was 4
          UNIPC_MULTISTEP | "solver_type": "midpoint" | solver_type must be one of [bh1, bh2], but was midpoint
          LCM | "original_inference_steps": 2000 | original_inference_steps must be from 1 to num_train_timesteps, 1000, but was 2000
          DPM_SOLVER_MULTISTEP | "use_flow_sigmas": true | use_flow_sigmas must be false (true is not supported), but was true
          LMS_DISCRETE | "use_beta_sigmas": true, "use_karras_sigmas": true | use_karras_sigmas and use_beta_sigmas must be true one at a time, but was true
          EULER_DISCRETE | "interpolation_type": "cubic" | interpolation_type must be one of [linear, log_linear], but was cubic
          EULER_DISCRETE | "final_sigmas_type": "one" | final_sigmas_type must be one of [sigma_min, zero], but was one
          """)
  void aSettingThatIsWrongOrNotSupportedIsNamed(SchedulerKind kind, String json, String message) {
    assertThatThrownBy(
            () ->
                SchedulerConfig.parse(
                    "{\"_class_name\": \"%s\", %s}".formatted(kind.className(), json)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(kind.className())
        .hasMessageContaining(message);
  }

  @Test
  void textThatIsNoConfigurationIsAnError() {
    assertThatThrownBy(() -> SchedulerConfig.parse("{\"beta_end\": "))
        .hasMessageStartingWith("scheduler configuration is not JSON: ");
    assertThatThrownBy(() -> SchedulerConfig.parse("[]"))
        .hasMessage("scheduler configuration: expected an object at $, but it is []");
    assertThatThrownBy(() -> SchedulerConfig.parse("{}"))
        .hasMessageContaining("has no _class_name");
  }

  @Test
  void changingASettingThatTheClassDoesNotKnowIsAnError() {
    assertThatThrownBy(() -> SchedulerConfig.stableDiffusion().with("sampler", "fast"))
        .hasMessageContaining("DDIMScheduler has no setting sampler; it has [num_train_timesteps,");
  }
}
