package org.tastemaker.core.run;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.JsonNode;

/**
 * One line of {@code metrics.jsonl}. JSON has no NaN and no infinities: they are written as words.
 */
record MetricsLine(long step, Instant time, Map<String, Double> values) {
  String toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("step", step);
    json.put("time", time.toString());
    json.put("metrics", new TreeMap<>(values));
    try {
      return RunFile.JSON.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("numbers by name are always JSON", e);
    }
  }

  static Optional<MetricsLine> parse(String line) {
    try {
      JsonNode json = RunFile.JSON.readTree(line);
      if (!json.path("step").isIntegralNumber() || !json.path("metrics").isObject()) {
        return Optional.empty();
      }
      Map<String, Double> values = new TreeMap<>();
      json.get("metrics")
          .fields()
          .forEachRemaining(
              field -> values.put(field.getKey(), Double.valueOf(field.getValue().asText())));
      return Optional.of(
          new MetricsLine(
              json.get("step").asLong(), Instant.parse(json.path("time").asText()), values));
    } catch (JsonProcessingException | DateTimeException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
