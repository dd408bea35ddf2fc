package org.tastemaker.diffusion.schedule;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler classes of diffusers whose configuration is understood, each with that class's
 * defaults. Each can sample.
 */
public enum SchedulerKind {
  /** Denoising diffusion implicit models: {@link DdimScheduler}. */
  DDIM(
      "DDIMScheduler",
      with(
          "clip_sample",
          true,
          "set_alpha_to_one",
          true,
          "clip_sample_range",
          1.0,
          "timestep_spacing",
          "leading",
          "rescale_betas_zero_snr",
          false),
      Common.THRESHOLDING),
  /** Denoising diffusion probabilistic models: {@code DdpmScheduler}. */
  DDPM(
      "DDPMScheduler",
      with(
          "variance_type",
          "fixed_small",
          "clip_sample",
          true,
          "clip_sample_range",
          1.0,
          "timestep_spacing",
          "leading",
          "rescale_betas_zero_snr",
          false),
      Common.THRESHOLDING),
  /** DPM-Solver++, multistep: {@code DpmSolverScheduler}. */
  DPM_SOLVER_MULTISTEP(
      "DPMSolverMultistepScheduler",
      with(
          "solver_order",
          2,
          "algorithm_type",
          "dpmsolver++",
          "solver_type",
          "midpoint",
          "lower_order_final",
          true,
          "euler_at_final",
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
      Common.LEVELS,
      Common.THRESHOLDING),
  /** Euler's method in Karras' variables: {@code EulerScheduler}. */
  EULER_DISCRETE(
      "EulerDiscreteScheduler",
      with(
          "interpolation_type",
          "linear",
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
      Common.LEVELS),
  /** Pseudo numerical methods, Stable Diffusion 1.x's own: {@code PndmScheduler}. */
  PNDM(
      "PNDMScheduler",
      with("skip_prk_steps", false, "set_alpha_to_one", false, "timestep_spacing", "leading")),
  /** Linear multistep: {@code LmsScheduler}. */
  LMS_DISCRETE("LMSDiscreteScheduler", with("timestep_spacing", "linspace"), Common.LEVELS),
  /** Euler's method with noise added in each step: {@code EulerAncestralScheduler}. */
  EULER_ANCESTRAL_DISCRETE(
      "EulerAncestralDiscreteScheduler",
      with("timestep_spacing", "linspace", "rescale_betas_zero_snr", false)),
  /** Heun's method: {@code HeunScheduler}. Two evaluations a step. */
  HEUN_DISCRETE(
      "HeunDiscreteScheduler",
      with("timestep_spacing", "linspace"),
      Common.LEVELS,
      Common.STABLE_DIFFUSION,
      Common.CLIPPING),
  /** DPM-Solver-2 in Karras' variables: {@code Kdpm2Scheduler}. Two evaluations a step. */
  KDPM2_DISCRETE(
      "KDPM2DiscreteScheduler",
      with("timestep_spacing", "linspace"),
      Common.LEVELS,
      Common.STABLE_DIFFUSION),
  /** The same with noise added in each step: {@code Kdpm2Scheduler}. */
  KDPM2_ANCESTRAL_DISCRETE(
      "KDPM2AncestralDiscreteScheduler",
      with("timestep_spacing", "linspace"),
      Common.LEVELS,
      Common.STABLE_DIFFUSION),
  /** DPM-Solver++ in single steps: {@code DpmSolverSinglestepScheduler}. */
  DPM_SOLVER_SINGLESTEP(
      "DPMSolverSinglestepScheduler",
      with(
          "solver_order",
          2,
          "algorithm_type",
          "dpmsolver++",
          "solver_type",
          "midpoint",
          "lower_order_final",
          false,
          "use_flow_sigmas",
          false,
          "final_sigmas_type",
          "zero",
          "lambda_min_clipped",
          Double.NEGATIVE_INFINITY,
          "variance_type",
          null),
      Common.LEVELS,
      Common.THRESHOLDING),
  /** DPM-Solver++ of the stochastic equation: {@code DpmSolverSdeScheduler}. */
  DPM_SOLVER_SDE(
      "DPMSolverSDEScheduler",
      with("timestep_spacing", "linspace"),
      Common.LEVELS,
      Common.STABLE_DIFFUSION),
  /** A unified predictor and corrector: {@code UniPcScheduler}. */
  UNIPC_MULTISTEP(
      "UniPCMultistepScheduler",
      with(
          "solver_order",
          2,
          "predict_x0",
          true,
          "solver_type",
          "bh2",
          "lower_order_final",
          true,
          "disable_corrector",
          List.of(),
          "use_flow_sigmas",
          false,
          "timestep_spacing",
          "linspace",
          "final_sigmas_type",
          "zero",
          "rescale_betas_zero_snr",
          false),
      Common.LEVELS,
      Common.THRESHOLDING),
  /** Diffusion exponential integrators: {@code DeisScheduler}. */
  DEIS_MULTISTEP(
      "DEISMultistepScheduler",
      with(
          "solver_order",
          2,
          "algorithm_type",
          "deis",
          "solver_type",
          "logrho",
          "lower_order_final",
          true,
          "use_flow_sigmas",
          false,
          "timestep_spacing",
          "linspace"),
      Common.LEVELS,
      Common.THRESHOLDING),
  /** Latent consistency models: {@code LcmScheduler}. */
  LCM(
      "LCMScheduler",
      with(
          "beta_schedule",
          "scaled_linear",
          "original_inference_steps",
          50,
          "set_alpha_to_one",
          true,
          "timestep_spacing",
          "leading",
          "timestep_scaling",
          10.0,
          "rescale_betas_zero_snr",
          false),
      Common.THRESHOLDING,
      Common.STABLE_DIFFUSION,
      Common.CLIPPING),
  /** Trajectory consistency distillation: {@link TcdScheduler}. */
  TCD(
      "TCDScheduler",
      with(
          "beta_schedule",
          "scaled_linear",
          "original_inference_steps",
          50,
          "set_alpha_to_one",
          true,
          "timestep_spacing",
          "leading",
          "timestep_scaling",
          10.0,
          "rescale_betas_zero_snr",
          false),
      Common.STABLE_DIFFUSION);

  /** Settings that several classes have in common. */
  private static final class Common {
    static final @Nullable Object[] LEVELS =
        with("use_karras_sigmas", false, "use_exponential_sigmas", false, "use_beta_sigmas", false);
    static final @Nullable Object[] THRESHOLDING =
        with("thresholding", false, "dynamic_thresholding_ratio", 0.995, "sample_max_value", 1.0);
    static final @Nullable Object[] STABLE_DIFFUSION =
        with("beta_start", 0.00085, "beta_end", 0.012);
    static final @Nullable Object[] CLIPPING = with("clip_sample", false, "clip_sample_range", 1.0);
  }

  private final String className;

  /** Unmodifiable; a plain map because some defaults are null. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final Map<String, @Nullable Object> defaults;

  /** The defaults are names and values in turn, of this class and then of those in common. */
  SchedulerKind(String className, @Nullable Object[]... defaults) {
    this.className = className;
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    all.put("num_train_timesteps", 1000);
    all.put("beta_start", 0.0001);
    all.put("beta_end", 0.02);
    all.put("beta_schedule", "linear");
    all.put("trained_betas", null);
    all.put("prediction_type", "epsilon");
    all.put("steps_offset", 0);
    for (@Nullable Object[] some : defaults) {
      for (int i = 0; i < some.length; i += 2) {
        all.put(Objects.toString(some[i]), some[i + 1]);
      }
    }
    this.defaults = Collections.unmodifiableMap(all);
  }

  private static @Nullable Object[] with(@Nullable Object... namesAndValues) {
    return namesAndValues;
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
            "_class_name is \"%s\", which is not a supported scheduler. Supported: %s. The model can be loaded with one of these by naming it: LatentDiffusion.load(folder, SchedulerKind.DDIM).",
            className,
            Arrays.stream(values())
                .map(SchedulerKind::className)
                .collect(Collectors.joining(", "))));
  }
}
