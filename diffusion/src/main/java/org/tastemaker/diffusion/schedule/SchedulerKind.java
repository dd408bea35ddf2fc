package org.tastemaker.diffusion.schedule;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler classes of diffusers whose configuration is understood, each with that class's
 * defaults. The first four can sample; the others are read for their noise schedule.
 */
public enum SchedulerKind {
  /** Denoising diffusion implicit models: {@link DdimScheduler}. */
  DDIM(
      "DDIMScheduler",
      "clip_sample",
      true,
      "set_alpha_to_one",
      true,
      "thresholding",
      false,
      "dynamic_thresholding_ratio",
      0.995,
      "clip_sample_range",
      1.0,
      "sample_max_value",
      1.0,
      "timestep_spacing",
      "leading",
      "rescale_betas_zero_snr",
      false),
  /** Denoising diffusion probabilistic models: {@code DdpmScheduler}. */
  DDPM(
      "DDPMScheduler",
      "variance_type",
      "fixed_small",
      "clip_sample",
      true,
      "thresholding",
      false,
      "dynamic_thresholding_ratio",
      0.995,
      "clip_sample_range",
      1.0,
      "sample_max_value",
      1.0,
      "timestep_spacing",
      "leading",
      "rescale_betas_zero_snr",
      false),
  /** DPM-Solver++, multistep: {@code DpmSolverScheduler}. */
  DPM_SOLVER_MULTISTEP(
      "DPMSolverMultistepScheduler",
      "solver_order",
      2,
      "thresholding",
      false,
      "dynamic_thresholding_ratio",
      0.995,
      "sample_max_value",
      1.0,
      "algorithm_type",
      "dpmsolver++",
      "solver_type",
      "midpoint",
      "lower_order_final",
      true,
      "euler_at_final",
      false,
      "use_karras_sigmas",
      false,
      "use_exponential_sigmas",
      false,
      "use_beta_sigmas",
      false,
      "use_lu_lambdas",
      false,
      "use_flow_sigmas",
      false,
      "final_sigmas_type",
      "zero",
      "lambda_min_clipped",
      Double.NEGATIVE_INFINITY,
      "variance_type",
      null,
      "timestep_spacing",
      "linspace",
      "rescale_betas_zero_snr",
      false),
  /** Euler's method in Karras' variables: {@code EulerScheduler}. */
  EULER_DISCRETE(
      "EulerDiscreteScheduler",
      "interpolation_type",
      "linear",
      "use_karras_sigmas",
      false,
      "use_exponential_sigmas",
      false,
      "use_beta_sigmas",
      false,
      "sigma_min",
      null,
      "sigma_max",
      null,
      "timestep_spacing",
      "linspace",
      "timestep_type",
      "discrete",
      "rescale_betas_zero_snr",
      false,
      "final_sigmas_type",
      "zero"),
  /** Pseudo numerical methods, Stable Diffusion 1.x's own scheduler: a noise schedule only. */
  PNDM(
      "PNDMScheduler",
      "skip_prk_steps",
      false,
      "set_alpha_to_one",
      false,
      "timestep_spacing",
      "leading"),
  /** Linear multistep: a noise schedule only. */
  LMS_DISCRETE(
      "LMSDiscreteScheduler",
      "use_karras_sigmas",
      false,
      "use_exponential_sigmas",
      false,
      "use_beta_sigmas",
      false,
      "timestep_spacing",
      "linspace");

  private final String className;

  /** Unmodifiable; a plain map because some defaults are null. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final Map<String, @Nullable Object> defaults;

  SchedulerKind(String className, @Nullable Object... defaults) {
    this.className = className;
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    all.put("num_train_timesteps", 1000);
    all.put("beta_start", 0.0001);
    all.put("beta_end", 0.02);
    all.put("beta_schedule", "linear");
    all.put("trained_betas", null);
    all.put("prediction_type", "epsilon");
    all.put("steps_offset", 0);
    for (int i = 0; i < defaults.length; i += 2) {
      all.put(Objects.toString(defaults[i]), defaults[i + 1]);
    }
    this.defaults = Collections.unmodifiableMap(all);
  }

  /**
   * The name of the class in diffusers.
   *
   * @return such as {@code "DDIMScheduler"}
   */
  public String className() {
    return className;
  }

  /** The settings that the class takes, with its defaults; a value may be null. */
  Map<String, @Nullable Object> defaults() {
    return defaults;
  }

  static SchedulerKind of(String className) {
    for (SchedulerKind kind : values()) {
      if (kind.className.equals(className)) {
        return kind;
      }
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "_class_name is \"%s\", which is not a supported scheduler. Supported: %s. Another model's schedule can be read as one of these by naming it.",
            className,
            Arrays.stream(values())
                .map(SchedulerKind::className)
                .collect(Collectors.joining(", "))));
  }
}
