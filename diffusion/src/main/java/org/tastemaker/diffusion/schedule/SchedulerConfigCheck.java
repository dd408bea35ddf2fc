package org.tastemaker.diffusion.schedule;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks the settings that a scheduler class knows: their types, their ranges, what is supported.
 */
final class SchedulerConfigCheck {
  /** Settings that select something by name, with the names that are supported. */
  private static final Map<String, Set<String>> CHOICES =
      Map.of(
          "beta_schedule", Set.of("linear", "scaled_linear", "squaredcos_cap_v2"),
          "prediction_type", Set.of("epsilon", "v_prediction", "sample"),
          "timestep_spacing", Set.of("leading", "trailing", "linspace"),
          "final_sigmas_type", Set.of("zero", "sigma_min"),
          "interpolation_type", Set.of("linear", "log_linear"),
          "timestep_type", Set.of("discrete", "continuous"),
          "variance_type", Set.of("fixed_small", "fixed_small_log", "fixed_large"));

  private static final Set<String> DPM_ALGORITHMS =
      Set.of("dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver");

  /** Ways to place noise levels, of which diffusers allows one. */
  private static final List<String> LEVELS =
      List.of("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas");

  /** Switches of diffusers that change the result and that nothing here implements. */
  private static final Set<String> UNSUPPORTED = Set.of("use_flow_sigmas");

  /** A hundred times as many as any model has: the schedule is a table of so many numbers. */
  private static final int MOST_STEPS = 100_000;

  private static final int LONGEST = 200;

  private final SchedulerKind kind;
  private final Map<String, Object> given;

  SchedulerConfigCheck(SchedulerKind kind, Map<String, Object> given) {
    this.kind = kind;
    this.given = given;
  }

  void run() {
    kind.defaults().forEach(this::check);
    int trainSteps = (int) number("num_train_timesteps");
    require(
        trainSteps >= 1 && trainSteps <= MOST_STEPS,
        "num_train_timesteps",
        trainSteps,
        "from 1 to " + MOST_STEPS);
    if (given.get("trained_betas") instanceof List<?> betas) {
      for (Object beta : betas) {
        require(
            beta instanceof Number n && n.doubleValue() >= 0 && n.doubleValue() <= 1,
            "trained_betas",
            beta,
            "numbers in [0, 1]");
      }
      require(
          betas.size() == trainSteps,
          "trained_betas",
          betas.size() + " values",
          "as many values as num_train_timesteps, " + trainSteps);
    } else {
      double start = number("beta_start");
      double end = number("beta_end");
      require(start > 0 && start < 1, "beta_start", start, "in (0, 1)");
      require(end >= start && end < 1, "beta_end", end, "at least beta_start and below 1");
    }
    long offset = (long) number("steps_offset");
    require(
        offset >= 0 && offset <= trainSteps,
        "steps_offset",
        offset,
        "from 0 to num_train_timesteps, " + trainSteps);
    if (kind.defaults().containsKey("clip_sample_range")) {
      double range = number("clip_sample_range");
      require(range > 0, "clip_sample_range", range, "above 0");
    }
    if (kind.defaults().containsKey("solver_order")) {
      double order = number("solver_order");
      require(order >= 1 && order <= 3, "solver_order", order, "1, 2 or 3");
    }
    if (kind.defaults().containsKey("dynamic_thresholding_ratio")) {
      double ratio = number("dynamic_thresholding_ratio");
      require(ratio > 0 && ratio <= 1, "dynamic_thresholding_ratio", ratio, "in (0, 1]");
    }
    if (kind.defaults().containsKey("original_inference_steps")) {
      double original = number("original_inference_steps");
      require(
          original >= 1 && original <= trainSteps,
          "original_inference_steps",
          original,
          "from 1 to num_train_timesteps, " + trainSteps);
    }
    checkAlgorithm();
    List<String> levels =
        LEVELS.stream()
            .filter(flag -> kind.defaults().containsKey(flag))
            .filter(flag -> Boolean.TRUE.equals(given.get(flag)))
            .toList();
    require(levels.size() <= 1, String.join(" and ", levels), true, "true one at a time");
  }

  private void checkAlgorithm() {
    boolean ofNoise =
        given.get("algorithm_type") instanceof String name
            && kind != SchedulerKind.DEIS_MULTISTEP
            && !name.endsWith("++");
    Object end = given.get("final_sigmas_type");
    require(
        !ofNoise || !kind.defaults().containsKey("final_sigmas_type") || "sigma_min".equals(end),
        "final_sigmas_type",
        end == null ? "zero" : end,
        "sigma_min with algorithm_type " + given.get("algorithm_type"));
    require(
        number("solver_order", 0) < 3 || !"sde-dpmsolver".equals(given.get("algorithm_type")),
        "solver_order",
        given.get("solver_order"),
        "1 or 2 with algorithm_type sde-dpmsolver");
  }

  /** What a setting may be chosen from, in a class; null where it may be anything. */
  private static @Nullable Set<String> choices(SchedulerKind kind, String name) {
    return switch (name) {
      case "algorithm_type" ->
          kind == SchedulerKind.DEIS_MULTISTEP ? Set.of("deis") : DPM_ALGORITHMS;
      case "solver_type" ->
          switch (kind) {
            case DEIS_MULTISTEP -> Set.of("logrho");
            case UNIPC_MULTISTEP -> Set.of("bh1", "bh2");
            default -> Set.of("midpoint", "heun");
          };
      default -> CHOICES.get(name);
    };
  }

  /** Whether an algorithm's name is one of a class's; true for every other setting. */
  static boolean isChoice(SchedulerKind kind, String name, Object value) {
    boolean ofAlgorithm = name.equals("algorithm_type") || name.equals("solver_type");
    Set<String> choices = choices(kind, name);
    return !ofAlgorithm || choices == null || choices.contains(value);
  }

  private void check(String name, @Nullable Object byDefault) {
    Object value = given.get(name);
    if (value == null) {
      return;
    }
    Set<String> choices = choices(kind, name);
    if (choices != null) {
      require(choices.contains(value), name, value, "one of " + choices.stream().sorted().toList());
    } else if (UNSUPPORTED.contains(name)) {
      require(Boolean.FALSE.equals(value), name, value, "false (true is not supported)");
    } else if (name.equals("trained_betas") || byDefault instanceof List<?>) {
      require(value instanceof List<?>, name, value, "a list of numbers");
    } else if (byDefault instanceof Boolean) {
      require(value instanceof Boolean, name, value, "true or false");
    } else if (byDefault instanceof Integer) {
      require(
          value instanceof Number n && n.doubleValue() == n.intValue(),
          name,
          value,
          "a whole number");
    } else {
      require(value instanceof Number n && !Double.isNaN(n.doubleValue()), name, value, "a number");
    }
  }

  private static String shorten(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
  }

  private double number(String name) {
    Object value = given.get(name);
    Object used = value != null ? value : kind.defaults().get(name);
    return ((Number) Objects.requireNonNull(used, name)).doubleValue();
  }

  private double number(String name, double otherwise) {
    return kind.defaults().containsKey(name) ? number(name) : otherwise;
  }

  private void require(boolean condition, String name, @Nullable Object value, String expected) {
    if (!condition) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: %s must be %s, but was %s",
              kind.className(),
              name,
              expected,
              shorten(String.valueOf(value))));
    }
  }
}
