package org.tastemaker.feedback.annotate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.tastemaker.core.Rubric;

/**
 * The first line of a dataset: what decides its judgements. A job goes on with a dataset only under
 * an equal header.
 *
 * @param rubric the rubric's {@link Rubric#id}
 * @param rubricText the rubric with its words, so that an edited text under an old version is
 *     noticed
 * @param settings protocol, seed, judge, and what else the job was told to hold on to
 */
public record DatasetHeader(String rubric, String rubricText, Map<String, String> settings) {
  static final String FORMAT = "tastemaker-preferences";

  /** How a file that is ours begins, even where a crash has cut its first line. */
  static final String BEGINNING = "{\"format\":\"" + FORMAT + "\",";

  private static final int VERSION = 1;

  public DatasetHeader {
    settings = Map.copyOf(settings);
  }

  static DatasetHeader of(Rubric rubric, Map<String, String> settings) {
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
    json.put("settings", new TreeMap<>(settings));
    return DatasetLine.sealed(json);
  }

  /** The header of a line; empty if it is none, or is damaged. */
  static Optional<DatasetHeader> parse(String line) {
    if (!line.startsWith(BEGINNING)) {
      return Optional.empty();
    }
    return DatasetLine.unsealed(line)
        .filter(json -> json.path("version").asInt() == VERSION)
        .map(
            (JsonNode json) ->
                new DatasetHeader(
                    json.path("rubric").asText(),
                    json.path("rubricText").asText(),
                    DatasetLine.texts(json.path("settings"))));
  }

  /** What another header says differently, for a message; empty if nothing. */
  String differences(DatasetHeader other) {
    List<String> out = new ArrayList<>();
    if (!rubric.equals(other.rubric)) {
      out.add("rubric " + rubric + " there, " + other.rubric + " here");
    } else if (!rubricText.equals(other.rubricText)) {
      out.add("the text of rubric " + rubric + ", which needs a new version");
    }
    TreeSet<String> names = new TreeSet<>(settings.keySet());
    names.addAll(other.settings.keySet());
    for (String name : names) {
      String there = settings.get(name);
      String here = other.settings.get(name);
      if (there == null || !there.equals(here)) {
        out.add(
            name
                + " "
                + (there == null ? "absent" : "'" + there + "'")
                + " there, "
                + (here == null ? "absent" : "'" + here + "'")
                + " here");
      }
    }
    return String.join("; ", out);
  }
}
