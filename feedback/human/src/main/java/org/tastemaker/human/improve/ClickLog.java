package org.tastemaker.human.improve;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.LineLog;

/**
 * What was clicked, a line each, in {@code answers.jsonl}: on the disk before anybody is told that
 * it was taken. A line that a crash has cut off was never acknowledged, and is set aside.
 */
final class ClickLog implements AutoCloseable {
  private static final String FILE = "answers.jsonl";

  private final LineLog log;

  private ClickLog(LineLog log) {
    this.log = log;
  }

  static ClickLog open(Path folder) {
    return new ClickLog(LineLog.open(folder.resolve(FILE)));
  }

  /** All clicks that were taken. */
  static List<Click> read(Path folder) {
    Path file = folder.resolve(FILE);
    List<Click> clicks = new ArrayList<>();
    for (String line : LineLog.read(file).lines()) {
      clicks.add(Click.of(Json.parseObject(line, file + " line " + (clicks.size() + 1))));
    }
    return clicks;
  }

  void add(Click click) {
    log.append(Json.write(click.toJson()));
    log.force();
  }

  @Override
  public void close() {
    log.close();
  }
}
