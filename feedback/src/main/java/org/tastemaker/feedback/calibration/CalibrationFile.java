package org.tastemaker.feedback.calibration;

import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.Settings;

/** A calibration as JSON: its numbers with all digits, unknown ones as null. */
final class CalibrationFile {
  private static final String FORMAT = "tastemaker-calibration";
  private static final int VERSION = 1;

  private CalibrationFile() {}

  static String write(JudgeCalibration c) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("version", VERSION);
    json.put("judge", c.judge().values());
    json.put("rubric", c.rubric());
    json.put("rubricText", c.rubricText());
    json.put("data", c.data());
    json.put("learnedAt", c.learnedAt().toString());
    json.put("prompts", c.prompts());
    json.put("positionBias", estimate(c.positionBias()));
    json.put("shareOfFirst", estimate(c.shareOfFirst()));
    json.put("slope", estimate(c.slope()));
    json.put("tieMargin", estimate(c.tieMargin()));
    json.put("flips", estimate(c.flips()));
    HeldOut check = c.check();
    Map<String, @Nullable Object> held = new LinkedHashMap<>();
    held.put("prompts", check.prompts());
    held.put("pairs", check.pairs());
    held.put("lossBefore", number(check.lossBefore()));
    held.put("lossAfter", number(check.lossAfter()));
    held.put("gain", estimate(check.gain()));
    held.put("errorBefore", number(check.errorBefore()));
    held.put("errorAfter", number(check.errorAfter()));
    held.put("tiesBefore", number(check.tiesBefore()));
    held.put("tiesAfter", number(check.tiesAfter()));
    json.put("heldOut", held);
    Map<String, Object> correction = new LinkedHashMap<>();
    correction.put("slope", c.correction().slope());
    correction.put("positionBias", c.correction().positionBias());
    correction.put("tieMargin", c.correction().tieMargin());
    json.put("correction", correction);
    json.put("reason", c.reason());
    return Json.writePretty(json) + "\n";
  }

  static JudgeCalibration read(Path file) {
    String text = Json.readText(file);
    try {
      return parse(text, file.toString());
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "the calibration " + file + " is damaged: learnedAt is no time: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the calibration "
              + file
              + " cannot be used: "
              + e.getMessage()
              + "; learn it again from the study's votes and dataset",
          e);
    }
  }

  private static JudgeCalibration parse(String text, String where) {
    JsonObject json = Json.parseObject(text, where);
    if (!json.text("format", "").equals(FORMAT)) {
      throw new IllegalArgumentException("it is no calibration: it has no format " + FORMAT);
    }
    int version = json.integer("version");
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "it is of version " + version + ", and this program reads version " + VERSION);
    }
    JsonObject held = json.object("heldOut");
    JsonObject correction = json.object("correction");
    return new JudgeCalibration(
        new Settings(json.object("judge").toTexts()),
        json.text("rubric"),
        json.text("rubricText"),
        json.text("data"),
        Instant.parse(json.text("learnedAt")),
        json.longInteger("prompts"),
        estimate(json.object("positionBias")),
        estimate(json.object("shareOfFirst")),
        estimate(json.object("slope")),
        estimate(json.object("tieMargin")),
        estimate(json.object("flips")),
        new HeldOut(
            held.longInteger("prompts"),
            held.longInteger("pairs"),
            held.number("lossBefore", Double.NaN),
            held.number("lossAfter", Double.NaN),
            estimate(held.object("gain")),
            held.number("errorBefore", Double.NaN),
            held.number("errorAfter", Double.NaN),
            held.number("tiesBefore", Double.NaN),
            held.number("tiesAfter", Double.NaN)),
        new Correction(
            correction.number("slope"),
            correction.number("positionBias"),
            correction.number("tieMargin")),
        json.text("reason"));
  }

  private static Map<String, @Nullable Object> estimate(Estimate estimate) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("value", number(estimate.value()));
    json.put("low", number(estimate.low()));
    json.put("high", number(estimate.high()));
    json.put("n", estimate.n());
    return json;
  }

  private static Estimate estimate(JsonObject json) {
    return new Estimate(
        json.number("value", Double.NaN),
        json.number("low", Double.NaN),
        json.number("high", Double.NaN),
        json.longInteger("n"));
  }

  private static @Nullable Double number(double value) {
    return Double.isNaN(value) ? null : value;
  }
}
