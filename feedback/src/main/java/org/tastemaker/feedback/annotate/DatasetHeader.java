package org.tastemaker.feedback.annotate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.run.Settings;

/**
 * The first line of a dataset: what decides its judgements. A job resumes a dataset only if the
 * headers are equal.
 *
 * @param rubric the rubric's {@link Rubric#id}
 * @param rubricText the full text of the rubric, so that an edit without a new version is noticed
 * @param settings protocol, seed, judge, and further settings of the job
 */
public record DatasetHeader(String rubric, String rubricText, Settings settings) {
  static final String FORMAT = "tastemaker-preferences";

  /** How every dataset begins, even if a crash has cut its first line. */
  static final String BEGINNING = "{\"format\":\"" + FORMAT + "\",";

  private static final int VERSION = 1;

  /**
   * The header of a dataset that is asked for by a rubric, without further settings.
   *
   * @param rubric any
   * @return its id and its full text
   */
  public static DatasetHeader forRubric(Rubric rubric) {
    return of(rubric, Settings.none());
  }

  static DatasetHeader of(Rubric rubric, Settings settings) {
    StringBuilder text = new StringBuilder(rubric.instructions());
    for (Rubric.Criterion criterion : rubric.criteria()) {
      text.append("\n[")
          .append(criterion.name())
          .append(", ")
          .append(criterion.scope())
          .append("] ")
          .append(criterion.description());
    }
    return new DatasetHeader(rubric.id(), text.toString(), settings);
  }

  String toLine() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("version", VERSION);
    json.put("rubric", rubric);
    json.put("rubricText", rubricText);
    json.put("settings", settings.values());
    return DatasetLine.sealed(json);
  }

  /** Parses a line; empty if it is not a header, or is damaged. */
  static Optional<DatasetHeader> parse(String line) {
    if (!line.startsWith(BEGINNING)) {
      return Optional.empty();
    }
    try {
      return DatasetLine.unsealed(line)
          .filter(json -> json.integer("version") == VERSION)
          .map(
              json ->
                  new DatasetHeader(
                      json.text("rubric"),
                      json.text("rubricText"),
                      new Settings(json.object("settings").toTexts())));
    } catch (JsonException e) {
      return Optional.empty();
    }
  }

  /** What another header says differently now, for a message; empty if nothing. */
  String differences(DatasetHeader now) {
    List<String> out = new ArrayList<>();
    if (!rubric.equals(now.rubric)) {
      out.add("rubric is " + rubric + " in the dataset and " + now.rubric + " now");
    } else if (!rubricText.equals(now.rubricText)) {
      out.add("the text of rubric " + rubric + ", which needs a new version");
    }
    out.addAll(now.settings.differencesFrom(settings, "in the dataset"));
    return String.join("; ", out);
  }
}
