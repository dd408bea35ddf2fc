package org.tastemaker.benchmarks;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/**
 * The times in JMH's result files.
 *
 * @param times microseconds per operation, by {@code Class.method parameter=value...}
 */
record JmhResults(Map<String, Double> times) {
  private static final Map<String, Double> MICROSECONDS =
      Map.of("ns/op", 1e-3, "us/op", 1., "ms/op", 1e3, "s/op", 1e6);

  /** Reads the file that {@code -rf json -rff FILE} wrote. */
  static JmhResults read(Path file) {
    Map<String, Double> times = new LinkedHashMap<>();
    for (JsonObject result : Json.readObjects(file)) {
      String name = result.text("benchmark");
      int method = name.lastIndexOf('.');
      StringBuilder key = new StringBuilder(name.substring(name.lastIndexOf('.', method - 1) + 1));
      result
          .optionalObject("params")
          .ifPresent(
              params ->
                  params
                      .toTexts()
                      .forEach((k, v) -> key.append(' ').append(k).append('=').append(v)));
      JsonObject metric = result.object("primaryMetric");
      Double unit = MICROSECONDS.get(metric.text("scoreUnit"));
      if (unit == null) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: %s must be measured as a time per operation, but was in %s",
                file,
                key,
                metric.text("scoreUnit")));
      }
      times.put(key.toString(), unit * Double.parseDouble(String.valueOf(metric.value("score"))));
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
