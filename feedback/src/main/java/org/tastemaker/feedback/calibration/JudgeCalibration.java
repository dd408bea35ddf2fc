package org.tastemaker.feedback.calibration;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.annotate.DatasetHeader;

/**
 * What a study learned about a judge, to be saved beside its settings and used: see {@link
 * CalibrationLearner}, {@link CalibratedOracle}, {@link JudgePanel}.
 *
 * @param judge the settings that decide the judge's answers, as in the header of its dataset
 * @param rubric the rubric's {@link Rubric#id}
 * @param rubricText the rubric's full text, as in the header of its dataset
 * @param data SHA-256 of the groups and votes that it was learned from
 * @param learnedAt when
 * @param prompts how many of them it was learned on; those held out not counted
 * @param positionBias the advantage of being shown first, in logits
 * @param shareOfFirst how often the image shown first is preferred, among answers that prefer one
 * @param slope what the judge's logits must be multiplied with to be those of people's votes: 1 /
 *     temperature; below 1 for a judge that is too sure
 * @param tieMargin the difference of the two probabilities up to which people tie
 * @param flips how often the judge prefers the other image than most people, among pairs where both
 *     prefer one
 * @param check what the correction does on prompts held out
 * @param correction what is applied: {@link Correction#IDENTITY} where it does not help
 * @param reason why the correction is what it is, in words
 */
public record JudgeCalibration(
    Settings judge,
    String rubric,
    String rubricText,
    String data,
    Instant learnedAt,
    long prompts,
    Estimate positionBias,
    Estimate shareOfFirst,
    Estimate slope,
    Estimate tieMargin,
    Estimate flips,
    HeldOut check,
    Correction correction,
    String reason) {
  /** The setting of a dataset that says by which calibration its judgements were corrected. */
  public static final String SETTING = "calibration";

  private static final String FORMAT = "tastemaker-calibration";
  private static final int VERSION = 1;

  /** Settings that change which questions are drawn or how orders are made, and not the judge. */
  private static final Set<String> FREE = Set.of("seed", "maxAttempts", "aggregation", SETTING);

  public JudgeCalibration {
    Objects.requireNonNull(judge, "judge == null");
    Objects.requireNonNull(correction, "correction == null");
    Objects.requireNonNull(check, "check == null");
  }

  /**
   * Its identity: another calibration has another.
   *
   * @return 16 hexadecimal digits of the SHA-256 of its file
   */
  public String id() {
    return Hashing.sha256()
        .hashString(toJson(), StandardCharsets.UTF_8)
        .toString()
        .substring(0, 16);
  }

  /**
   * The judge's weight among several, the log-odds of being right: with it, the weighted majority
   * of independent judges is right most often (S. Nitzan and J. Paroush, "Optimal Decision Rules in
   * Uncertain Dichotomous Choice Situations", International Economic Review 23, 1982). One half is
   * added to right and to wrong, so that it is finite.
   *
   * @return at least 0; 0 for a judge that is no better than a coin, or of whom nothing is known
   */
  public double weight() {
    if (!flips.isKnown()) {
      return 0;
    }
    double wrong = flips.value() * flips.n();
    return Math.max(0, Math.log((flips.n() - wrong + 0.5) / (wrong + 0.5)));
  }

  /**
   * Where the calibration of a dataset's judge belongs.
   *
   * @param dataset what an annotation job writes
   * @return {@code <name>.calibration.json} in the same folder
   */
  public static Path beside(Path dataset) {
    return dataset.resolveSibling(dataset.getFileName() + ".calibration.json");
  }

  /**
   * Writes it, whole or not at all.
   *
   * @param file in an existing folder; replaced if it is there
   * @throws java.io.UncheckedIOException if it cannot be written
   */
  public void save(Path file) {
    AtomicFiles.write(file, toJson());
  }

  /**
   * Reads it.
   *
   * @param file what {@link #save} has written
   * @return an equal calibration
   * @throws java.io.UncheckedIOException if it cannot be read
   * @throws IllegalArgumentException if it is damaged, something else, or of a newer version; the
   *     message names the file
   */
  public static JudgeCalibration load(Path file) {
    String text = Json.readText(file);
    try {
      return parse(Json.parseObject(text, file.toString()));
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new IllegalArgumentException(
          "the calibration "
              + file
              + " cannot be used: "
              + e.getMessage()
              + "; learn it again from the study's votes and dataset",
          e);
    }
  }

  /**
   * Requires that it is of a judge as it is asked now. Of the settings, those that both sides have
   * are compared, except for the seed, the attempts and the aggregation; the judge and the protocol
   * must be among them.
   *
   * @param settings of the oracle
   * @param asked the rubric; its text is compared too
   * @throws IllegalArgumentException if something differs; the message says what
   */
  public void requireOf(Settings settings, Rubric asked) {
    requireOf(settings);
    requireRubric(DatasetHeader.forRubric(asked));
  }

  /** The same for a dataset. */
  void requireOf(DatasetHeader header) {
    requireOf(header.settings());
    requireRubric(header);
  }

  private void requireRubric(DatasetHeader header) {
    if (!rubric.equals(header.rubric())) {
      refuse(
          List.of("rubric is " + rubric + " in the calibration and " + header.rubric() + " now"));
    } else if (!rubricText.equals(header.rubricText())) {
      refuse(List.of("the text of rubric " + rubric + " is another one now"));
    }
  }

  void requireOf(Settings settings) {
    TreeMap<String, String> own = new TreeMap<>(judge.values());
    TreeMap<String, String> other = new TreeMap<>(settings.values());
    own.keySet().removeAll(FREE);
    other.keySet().removeAll(FREE);
    Set<String> always = Set.of("judge", "protocol");
    own.keySet().removeIf(name -> !other.containsKey(name) && !always.contains(name));
    other.keySet().removeIf(name -> !own.containsKey(name) && !always.contains(name));
    refuse(new Settings(other).differencesFrom(new Settings(own), "in the calibration"));
  }

  private static void refuse(List<String> differences) {
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          "the calibration is of another judge, or of another way to ask it: "
              + String.join("; ", differences)
              + ". Ask as it was asked in the study, or learn a calibration of this judge");
    }
  }

  /**
   * For people.
   *
   * @return some lines
   */
  public String words() {
    return String.format(
        Locale.ROOT,
        "calibration %s of %s, rubric %s, learned on %d prompts%n"
            + "  position bias, logits  %s%n"
            + "  share of shown first   %s%n"
            + "  slope (1 / temperature)%s%n"
            + "  tie margin             %s%n"
            + "  against most people    %s%n"
            + "  weight among judges    %.3f%n"
            + "  %s%n"
            + "  applied: slope %.3f, position bias %.3f, tie margin %.3f (%s)%n",
        id(),
        judge.values().getOrDefault("judge", "a judge"),
        rubric,
        prompts,
        positionBias,
        shareOfFirst,
        " " + slope,
        tieMargin,
        flips,
        weight(),
        check.words(),
        correction.slope(),
        correction.positionBias(),
        correction.tieMargin(),
        reason);
  }

  private static JudgeCalibration parse(JsonObject json) {
    if (!json.text("format", "").equals(FORMAT)) {
      throw new IllegalArgumentException("it is no calibration: it has no format " + FORMAT);
    }
    int version = json.integer("version");
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "it is of version " + version + ", and this program reads version " + VERSION);
    }
    return new JudgeCalibration(
        new Settings(json.object("judge").toTexts()),
        json.text("rubric"),
        json.text("rubricText"),
        json.text("data"),
        Instant.parse(json.text("learnedAt")),
        json.longInteger("prompts"),
        Estimate.read(json.object("positionBias")),
        Estimate.read(json.object("shareOfFirst")),
        Estimate.read(json.object("slope")),
        Estimate.read(json.object("tieMargin")),
        Estimate.read(json.object("flips")),
        HeldOut.read(json.object("heldOut")),
        Correction.read(json.object("correction")),
        json.text("reason"));
  }

  private String toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("version", VERSION);
    json.put("judge", judge.values());
    json.put("rubric", rubric);
    json.put("rubricText", rubricText);
    json.put("data", data);
    json.put("learnedAt", learnedAt.toString());
    json.put("prompts", prompts);
    json.put("positionBias", positionBias.toJson());
    json.put("shareOfFirst", shareOfFirst.toJson());
    json.put("slope", slope.toJson());
    json.put("tieMargin", tieMargin.toJson());
    json.put("flips", flips.toJson());
    json.put("heldOut", check.toJson());
    json.put("correction", correction.toJson());
    json.put("reason", reason);
    return Json.writePretty(json) + "\n";
  }
}
