package org.tastemaker.diffusion.schedule;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;

/**
 * The settings of a noise schedule and its sampler, as in diffusers' {@code scheduler_config.json}.
 *
 * <p>What was given is kept apart from the defaults, because the defaults belong to the class: a
 * file of one class can be used as another ({@link #as}), as with {@code from_config} in diffusers.
 * Stable Diffusion 1.x's file names the PNDM scheduler; to sample it in another way:
 *
 * <pre>{@code
 * SchedulerConfig config = SchedulerConfig.read(model.resolve("scheduler/scheduler_config.json"));
 * Scheduler sampler = Schedulers.of(config.as(SchedulerKind.DDIM));
 * }</pre>
 *
 * <p>Every setting is checked on creation. A setting that would change the result in a way that is
 * not supported is an error; names that the class does not know are kept and have no effect, as in
 * diffusers.
 *
 * @param kind the scheduler's class
 * @param given the settings that differ from the class's defaults or were written down, by their
 *     diffusers names; values are numbers, booleans, strings or lists of numbers
 */
public record SchedulerConfig(SchedulerKind kind, Map<String, Object> given) {
  private static final String CLIP = "clip_sample";

  /** A configuration may hold a beta for each of up to 100,000 training steps. */
  private static final JsonLimits LIMITS = new JsonLimits(4 << 20, 20, 110_000);

  /**
   * Checks every setting.
   *
   * @param kind the scheduler's class
   * @param given copied
   * @throws IllegalArgumentException naming the setting, its value and what is supported
   */
  public SchedulerConfig {
    Objects.requireNonNull(kind, "kind == null");
    given = Collections.unmodifiableMap(new LinkedHashMap<>(given));
    new SchedulerConfigCheck(kind, given).run();
  }

  /**
   * The configuration of a class with some settings of its own and its defaults for the rest.
   *
   * @param kind the scheduler's class
   * @param settings by their diffusers names; null stands for "not set"
   * @return the configuration
   */
  public static SchedulerConfig of(SchedulerKind kind, Map<String, ?> settings) {
    Map<String, Object> copy = new LinkedHashMap<>(settings);
    copy.values().removeIf(Objects::isNull);
    return new SchedulerConfig(kind, copy);
  }

  /**
   * Stable Diffusion 1.x's noise schedule, sampled by DDIM: {@code scaled_linear} betas from
   * 0.00085 to 0.012, 1000 training steps, an offset of 1, no clipping.
   *
   * @return the configuration
   */
  public static SchedulerConfig stableDiffusion() {
    return of(
        SchedulerKind.DDIM,
        Map.of(
            "beta_start",
            0.00085,
            "beta_end",
            0.012,
            "beta_schedule",
            "scaled_linear",
            "clip_sample",
            false,
            "set_alpha_to_one",
            false,
            "steps_offset",
            1));
  }

  /**
   * Read a {@code scheduler_config.json}.
   *
   * @param file the file
   * @return the configuration
   * @throws UncheckedIOException if the file cannot be read
   * @throws IllegalArgumentException if it is not a supported configuration; the message names the
   *     file
   */
  public static SchedulerConfig read(Path file) {
    String json = Json.readText(file, LIMITS);
    try {
      return parse(json);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Read a {@code scheduler_config.json} as that of a given class, whatever class it names: what
   * both know is taken, and the class's defaults for the rest.
   *
   * @param file the file
   * @param kind the scheduler's class
   * @return the configuration
   * @throws UncheckedIOException if the file cannot be read
   * @throws IllegalArgumentException if a setting that the class knows is not supported; the
   *     message names the file
   */
  public static SchedulerConfig read(Path file, SchedulerKind kind) {
    String json = Json.readText(file, LIMITS);
    try {
      JsonObject root = Json.parsePythonObject(json, "scheduler configuration", LIMITS);
      Map<String, Object> settings = settings(root);
      Object named = root.value("_class_name");
      for (SchedulerKind known : SchedulerKind.values()) {
        if (known.className().equals(named)) {
          return new SchedulerConfig(known, settings).as(kind);
        }
      }
      return new SchedulerConfig(kind, readAs(kind, settings));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Read the text of a {@code scheduler_config.json}.
   *
   * @param json a JSON object with a {@code _class_name}
   * @return the configuration
   * @throws IllegalArgumentException if it is not a supported configuration
   */
  public static SchedulerConfig parse(String json) {
    // The files hold -Infinity without quotes, as Python writes it.
    JsonObject root = Json.parsePythonObject(json, "scheduler configuration", LIMITS);
    if (!(root.value("_class_name") instanceof String className)) {
      throw new IllegalArgumentException(
          "scheduler configuration has no _class_name, for example \"DDIMScheduler\"");
    }
    return new SchedulerConfig(SchedulerKind.of(className), settings(root));
  }

  private static Map<String, Object> settings(JsonObject root) {
    Map<String, Object> settings = new LinkedHashMap<>();
    for (String name : root.names()) {
      Object value = root.value(name);
      // Names that begin with an underscore are diffusers' own notes; null stands for "not set".
      if (!name.startsWith("_") && value != null) {
        settings.put(name, value);
      }
    }
    return settings;
  }

  /** Settings of another class, without the names of that class's algorithms. */
  private static Map<String, Object> readAs(SchedulerKind kind, Map<String, Object> settings) {
    Map<String, Object> own = new LinkedHashMap<>(settings);
    own.entrySet()
        .removeIf(one -> !SchedulerConfigCheck.isChoice(kind, one.getKey(), one.getValue()));
    return own;
  }

  /**
   * The text that diffusers reads back as the same configuration: the class's settings, and with
   * them the given ones that other classes know.
   *
   * @return a JSON object
   */
  public String toJson() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("_class_name", kind.className());
    kind.defaults().keySet().forEach(name -> all.put(name, setting(name)));
    given.forEach(all::putIfAbsent);
    // The default of lambda_min_clipped, and not a number that JSON knows.
    all.values().removeIf(value -> value instanceof Double d && d.isInfinite());
    return Json.writePretty(all);
  }

  /**
   * The same settings for another class, whose defaults hold for what was not given.
   *
   * @param other the class
   * @return the configuration
   */
  public SchedulerConfig as(SchedulerKind other) {
    // The names of algorithms are those of their class.
    Map<String, Object> settings =
        other == kind ? new LinkedHashMap<>(given) : readAs(other, given);
    // A class that never clips is read as one that does not, and not by the other's default:
    // latents are not within [-1, 1].
    if (other.defaults().containsKey(CLIP) && !kind.defaults().containsKey(CLIP)) {
      settings.putIfAbsent(CLIP, false);
    }
    return new SchedulerConfig(other, settings);
  }

  /**
   * A copy with one setting changed.
   *
   * @param name its name in diffusers; must be one that the class knows
   * @param value the value
   * @return the copy
   */
  public SchedulerConfig with(String name, Object value) {
    if (!kind.defaults().containsKey(name)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s has no setting %s; it has %s",
              kind.className(),
              name,
              kind.defaults().keySet()));
    }
    Map<String, Object> changed = new LinkedHashMap<>(given);
    changed.put(name, value);
    return new SchedulerConfig(kind, changed);
  }

  /**
   * How many noise levels the model was trained on, T.
   *
   * @return at least 1
   */
  public int trainSteps() {
    return integer("num_train_timesteps");
  }

  /**
   * What the model's output means.
   *
   * @return the prediction type
   */
  public PredictionType predictionType() {
    return PredictionType.of(text("prediction_type"));
  }

  /** How sampling timesteps are picked. */
  TimestepSpacing timestepSpacing() {
    return TimestepSpacing.of(text("timestep_spacing"));
  }

  /** The same of a multistep solver; linspace for one that knows no other. */
  TimestepSpacing solverSpacing() {
    return kind.defaults().containsKey("timestep_spacing")
        ? timestepSpacing()
        : TimestepSpacing.LINSPACE;
  }

  /** Whether the last step lands on the smallest noise level, and not on the clean sample. */
  boolean landsOnSmallest() {
    return kind.defaults().containsKey("final_sigmas_type")
        && text("final_sigmas_type").equals("sigma_min");
  }

  /**
   * The range to which the predicted clean sample is clipped.
   *
   * @return a positive bound of the absolute value; infinite where nothing is clipped
   */
  public double clipRange() {
    return flag(CLIP) ? number("clip_sample_range") : Double.POSITIVE_INFINITY;
  }

  int stepsOffset() {
    return integer("steps_offset");
  }

  /** The value of a setting: the given one, or else the class's default, or else null. */
  @Nullable Object setting(String name) {
    Object value = given.get(name);
    return value != null ? value : kind.defaults().get(name);
  }

  /** A boolean setting; false for a class that does not know it. */
  boolean flag(String name) {
    return kind.defaults().containsKey(name) && Boolean.TRUE.equals(setting(name));
  }

  /** Whether a setting by name has a value; false for a class that does not know it. */
  boolean is(String name, String value) {
    return kind.defaults().containsKey(name) && value.equals(setting(name));
  }

  int integer(String name) {
    return ((Number) required(name)).intValue();
  }

  /** A setting that is a list of whole numbers. */
  List<Integer> integers(String name) {
    return setting(name) instanceof List<?> list
        ? list.stream().map(one -> ((Number) one).intValue()).toList()
        : List.of();
  }

  double number(String name) {
    return ((Number) required(name)).doubleValue();
  }

  OptionalDouble optionalNumber(String name) {
    return setting(name) instanceof Number number
        ? OptionalDouble.of(number.doubleValue())
        : OptionalDouble.empty();
  }

  String text(String name) {
    return (String) required(name);
  }

  /** The betas that were written down, or null where a formula gives them. */
  double @Nullable [] trainedBetas() {
    return setting("trained_betas") instanceof List<?> list
        ? list.stream().mapToDouble(beta -> ((Number) beta).doubleValue()).toArray()
        : null;
  }

  private Object required(String name) {
    return Objects.requireNonNull(setting(name), name);
  }
}
