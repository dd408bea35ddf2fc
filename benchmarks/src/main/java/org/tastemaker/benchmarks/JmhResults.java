package org.tastemaker.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * The times in JMH's result files.
 *
 * @param times microseconds an operation, by {@code Class.method parameter=value...}
 */
record JmhResults(Map<String, Double> times) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, Double> MICROSECONDS =
      Map.of("ns/op", 1e-3, "us/op", 1., "ms/op", 1e3, "s/op", 1e6);

  /** Reads the file that {@code -rf json -rff FILE} wrote. */
  static JmhResults read(Path file) throws IOException {
    Map<String, Double> times = new LinkedHashMap<>();
    for (JsonNode result : JSON.readTree(file.toFile())) {
      String name = result.path("benchmark").asText();
      int method = name.lastIndexOf('.');
      StringBuilder key = new StringBuilder(name.substring(name.lastIndexOf('.', method - 1) + 1));
      result
          .path("params")
          .fields()
          .forEachRemaining(
              p -> key.append(' ').append(p.getKey()).append('=').append(p.getValue().asText()));
      JsonNode metric = result.path("primaryMetric");
      Double unit = MICROSECONDS.get(metric.path("scoreUnit").asText());
      if (unit == null) {
        throw new IllegalArgumentException(
            "%s: %s must be measured as a time an operation, but was in %s"
                .formatted(file, key, metric.path("scoreUnit").asText()));
      }
      times.put(key.toString(), unit * metric.path("score").asDouble());
    }
    return new JmhResults(times);
  }

  /** The settings that a class was measured with, such as {@code images=512}. */
  Set<String> settings(String type) {
    Set<String> settings = new TreeSet<>();
    for (String key : times.keySet()) {
      if (key.startsWith(type + ".")) {
        int space = key.indexOf(' ');
        settings.add(space < 0 ? "" : key.substring(space + 1));
      }
    }
    return settings;
  }

  /** The time of a method, if it was measured. */
  OptionalDouble time(String type, String method, String setting) {
    Double time = times.get((type + "." + method + " " + setting).trim());
    return time == null ? OptionalDouble.empty() : OptionalDouble.of(time);
  }
}
