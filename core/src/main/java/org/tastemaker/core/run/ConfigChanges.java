package org.tastemaker.core.run;

import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.json.Json;

/**
 * The settings that a run was resumed with where they are not those of {@code run.json}, which is
 * written once: a line of {@code config-changes.jsonl} for each time, with the new values.
 */
final class ConfigChanges {
  private static final String FILE = "config-changes.jsonl";

  private ConfigChanges() {}

  /** The settings of {@code run.json}, or later ones. */
  static RunFile applyTo(RunFile run, Path folder) {
    Map<String, Object> config = new TreeMap<>(run.config());
    Path file = folder.resolve(FILE);
    for (String line : LineLog.read(file).lines()) {
      config.putAll(Json.parseObject(line, file.toString()).object("config").toValues());
    }
    return new RunFile(run.format(), config, run.provenance());
  }

  static void append(Path folder, long step, Map<String, Object> changed, Clock clock) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("step", step);
    json.put("time", clock.instant().toString());
    json.put("config", changed);
    try (LineLog log = LineLog.open(folder.resolve(FILE))) {
      long unused = log.append(Json.write(json));
      log.force();
    }
  }
}
