package org.tastemaker.core.run;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/**
 * One line of {@code metrics.jsonl}. JSON has no NaN and no infinities: they are written as words.
 */
record MetricsLine(long step, Instant time, Map<String, Double> values) {
  String toJson() {
    Map<String, Object> metrics = new TreeMap<>();
    values.forEach(
        (name, value) -> metrics.put(name, Double.isFinite(value) ? value : value.toString()));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("step", step);
    json.put("time", time.toString());
    json.put("metrics", metrics);
    return Json.write(json);
  }

  static Optional<MetricsLine> parse(String line) {
    if (!line.startsWith("{\"step\":") || !line.endsWith("}")) {
      return Optional.empty(); // without the cost of an exception for each of many lines
    }
    try {
      JsonObject json = Json.parseObject(line, "a line of metrics");
      JsonObject metrics = json.object("metrics");
      Map<String, Double> values = new TreeMap<>();
      for (String name : metrics.names()) {
        values.put(name, Double.valueOf(String.valueOf(metrics.value(name))));
      }
      return Optional.of(
          new MetricsLine(json.longInteger("step"), Instant.parse(json.text("time")), values));
    } catch (IllegalArgumentException | DateTimeException e) {
      return Optional.empty();
    }
  }
}
