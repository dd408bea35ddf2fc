package org.tastemaker.examples.experiments;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.measure.Diversity;

/**
 * The measurements of one model, for each prompt.
 *
 * @param config of the trial, or of the measurement of the base model
 * @param values by measurement and prompt
 * @param floor of a bias: what a fair model scores by chance with the same number of images
 * @param images that were made and judged in training
 * @param kl KL divergence from the base model along a trajectory, in nats
 * @param message how the training ended
 */
record Findings(
    Settings config,
    Map<String, Map<String, Double>> values,
    Map<String, Double> floor,
    long images,
    double kl,
    String message) {
  static final String CONSISTENCY = "consistency with the prompt";
  static final String GENDER = "gender bias";
  static final String TONE = "skin tone bias";
  static final String HARM = "harm on neutral prompts";
  static final String DIVERSITY = "diversity within a category";
  static final String DIVERSITY_OCCUPATIONS = "diversity within an occupation";
  static final String DIVERSITY_NEUTRAL = "diversity within a neutral prompt";
  static final String OCCUPATION = "the occupation is shown";
  static final String NEUTRAL = "neutral prompts are answered";
  static final String UNCLEAR = "unclear images";

  Findings {
    Map<String, Map<String, Double>> copy = new LinkedHashMap<>();
    values.forEach((name, by) -> copy.put(name, Collections.unmodifiableMap(new TreeMap<>(by))));
    values = Collections.unmodifiableMap(copy);
    floor = Map.copyOf(floor);
  }

  static Findings of(
      Settings config,
      EmojiReport report,
      GlyphJudge judge,
      long images,
      double kl,
      String message) {
    Map<String, Map<String, Double>> values = new LinkedHashMap<>();
    values.put(CONSISTENCY, report.consistency().byPrompt());
    values.put(GENDER, report.genderBias().byPrompt());
    values.put(TONE, report.toneBias().byPrompt());
    values.put(HARM, report.harm().byPrompt());
    values.put(DIVERSITY, report.diversity().byPrompt());
    values.put(DIVERSITY_OCCUPATIONS, diversity(report, judge, EmojiPrompts.OCCUPATIONS));
    values.put(DIVERSITY_NEUTRAL, diversity(report, judge, EmojiPrompts.NEUTRAL));
    values.put(OCCUPATION, answered(report, EmojiPrompts.OCCUPATIONS));
    values.put(NEUTRAL, answered(report, EmojiPrompts.NEUTRAL));
    Map<String, Double> unclear = new TreeMap<>();
    report.images().forEach((prompt, of) -> unclear.put(prompt, share(of, l -> !l.clear())));
    values.put(UNCLEAR, unclear);
    return new Findings(
        config,
        values,
        Map.of(GENDER, report.genderBias().floor(), TONE, report.toneBias().floor()),
        images,
        kl,
        message);
  }

  /** These findings with the consistency of images that were sampled with other settings. */
  Findings withConsistency(String measurement, Map<String, List<EmojiReport.Labelled>> sampled) {
    Map<String, Map<String, Double>> all = new LinkedHashMap<>(values);
    Map<String, Double> shares = new TreeMap<>();
    sampled.forEach(
        (prompt, of) -> shares.put(prompt, share(of, l -> EmojiPrompts.shows(l, prompt))));
    all.put(measurement, shares);
    return new Findings(config, all, floor, images, kl, message);
  }

  private static Map<String, Double> diversity(
      EmojiReport report, GlyphJudge judge, List<String> prompts) {
    Map<String, List<Image>> images = new TreeMap<>();
    for (String prompt : prompts) {
      images.put(prompt, report.of(prompt).stream().map(EmojiReport.Labelled::image).toList());
    }
    if (images.values().stream().noneMatch(of -> of.size() > 1)) {
      return Map.of(); // one image makes no pair
    }
    return Diversity.of(images, judge::distance, Seed.of(1)).byPrompt();
  }

  private static Map<String, Double> answered(EmojiReport report, List<String> prompts) {
    Map<String, Double> shares = new TreeMap<>();
    for (String prompt : prompts) {
      shares.put(prompt, share(report.of(prompt), l -> EmojiPrompts.shows(l, prompt)));
    }
    return shares;
  }

  private static double share(
      List<EmojiReport.Labelled> images, Predicate<GlyphJudge.Label> predicate) {
    return images.stream().mapToDouble(i -> predicate.test(i.label()) ? 1 : 0).average().orElse(0);
  }

  /** The values of a row's prompts. */
  Map<String, Double> of(Row row) {
    Map<String, Double> all = values.get(row.measurement());
    if (all == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there is no measurement '%s'; there are %s",
              row.measurement(),
              values.keySet()));
    }
    Map<String, Double> some = new TreeMap<>(all);
    if (!row.prompts().isEmpty()) {
      some.keySet().retainAll(row.prompts());
    }
    return some;
  }

  void write(Path file) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("config", config.values());
    json.put("images", images);
    json.put("kl", word(kl));
    json.put("message", message);
    json.put("floor", words(floor));
    Map<String, Object> byMeasurement = new LinkedHashMap<>();
    values.forEach((name, by) -> byMeasurement.put(name, words(by)));
    json.put("values", byMeasurement);
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      AtomicFiles.write(file, Json.writePretty(json) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write findings to " + file, e);
    }
  }

  /**
   * Reads a file that {@link #write} wrote.
   *
   * @throws IllegalArgumentException if it is not such a file
   */
  static Findings read(Path file) {
    try {
      JsonObject json = Json.readObject(file);
      if (!json.has("values") || !json.has("config")) {
        throw new IllegalArgumentException(file + " holds no findings of an experiment");
      }
      JsonObject all = json.object("values");
      Map<String, Map<String, Double>> values = new LinkedHashMap<>();
      all.names().forEach(name -> values.put(name, doubles(all.object(name))));
      return new Findings(
          StoredSettings.read(json.object("config")),
          values,
          json.optionalObject("floor").map(Findings::doubles).orElse(Map.of()),
          json.longInteger("images", 0),
          json.has("kl") ? Double.parseDouble(String.valueOf(json.value("kl"))) : Double.NaN,
          json.text("message", ""));
    } catch (UncheckedIOException | JsonException e) {
      throw new IllegalArgumentException(file + " holds no findings: " + e.getMessage(), e);
    }
  }

  private static Map<String, Double> doubles(JsonObject object) {
    Map<String, Double> values = new TreeMap<>();
    object
        .names()
        .forEach(name -> values.put(name, Double.valueOf(String.valueOf(object.value(name)))));
    return values;
  }

  private static Map<String, Object> words(Map<String, Double> values) {
    Map<String, Object> words = new TreeMap<>();
    values.forEach((name, value) -> words.put(name, word(value)));
    return words;
  }

  /** JSON has no NaN and no infinities: they are written as words. */
  private static Object word(double value) {
    return Double.isFinite(value) ? (Object) value : String.valueOf(value);
  }
}
