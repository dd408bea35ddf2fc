package org.tastemaker.core.run;

import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/** One line of {@code notices.jsonl}. There are few, so the file is not kept open. */
final class NoticeLine {
  private static final String FILE = "notices.jsonl";

  private NoticeLine() {}

  static void append(Path folder, RunEvent.Notice notice, Clock clock) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("step", notice.step());
    json.put("time", clock.instant().toString());
    json.put("message", notice.message());
    try (LineLog log = LineLog.open(folder.resolve(FILE))) {
      long unused = log.append(Json.write(json));
      log.force();
    }
  }

  /** All notices of a run; a line that cannot be read is left out. */
  static List<RunEvent.Notice> read(Path folder) {
    return LineLog.read(folder.resolve(FILE)).lines().stream()
        .map(NoticeLine::parse)
        .flatMap(Optional::stream)
        .toList();
  }

  private static Optional<RunEvent.Notice> parse(String line) {
    try {
      JsonObject json = Json.parseObject(line, "a notice");
      Instant unused = Instant.parse(json.text("time"));
      return Optional.of(new RunEvent.Notice(json.longInteger("step"), json.text("message")));
    } catch (IllegalArgumentException | DateTimeException e) {
      return Optional.empty();
    }
  }
}
