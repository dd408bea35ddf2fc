package org.tastemaker.human.desk;

import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.LineLog;
import org.tastemaker.core.run.OwnerLock;

/** What was handed out, answered and taken back: a line each. */
final class DeskLog implements AutoCloseable {
  /** Receives what the log holds. */
  interface Taker {
    void given(Assignment assignment);

    void answered(DeskAnswer answer);

    void undone(String person, String id, String undoes);
  }

  private static final String HEADER = "{\"format\":\"tastemaker-answers\",\"version\":1}";

  private final LineLog log;
  private final OwnerLock lock;
  private final long damaged;

  private DeskLog(LineLog log, OwnerLock lock, long damaged) {
    this.log = log;
    this.lock = lock;
    this.damaged = damaged;
  }

  static DeskLog open(Path file, Taker taker) {
    OwnerLock lock = OwnerLock.take(OwnerLock.beside(file), "the answers " + file);
    LineLog log = null;
    boolean open = false;
    try {
      List<String> lines = lines(file);
      log = LineLog.open(file);
      if (lines.isEmpty()) {
        log.append(HEADER);
        log.force();
      }
      DeskLog desk = new DeskLog(log, lock, replay(lines, taker));
      open = true;
      return desk;
    } finally {
      if (!open) {
        if (log != null) {
          log.close();
        }
        lock.close();
      }
    }
  }

  /** Reads without owning the file. */
  static long read(Path file, Taker taker) {
    return replay(lines(file), taker);
  }

  private static List<String> lines(Path file) {
    List<String> lines = LineLog.read(file).lines();
    if (!lines.isEmpty() && !lines.get(0).equals(HEADER)) {
      throw new IllegalStateException(
          file + " holds no answers of people: it is left unchanged; choose another file");
    }
    return lines;
  }

  private static long replay(List<String> lines, Taker taker) {
    Map<String, Assignment> given = new HashMap<>();
    long damaged = 0;
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      try {
        JsonObject json = Json.parseObject(line, "a line of answers");
        switch (json.text("kind")) {
          case "given" -> {
            Assignment assignment =
                new Assignment(
                    json.text("assignment"),
                    json.text("question"),
                    json.text("person"),
                    json.integers("shown"),
                    Assignment.Check.valueOf(json.text("check").toUpperCase(Locale.ROOT)),
                    Instant.parse(json.text("time")));
            given.put(assignment.id(), assignment);
            taker.given(assignment);
          }
          case "undone" -> taker.undone(json.text("person"), json.text("id"), json.text("undoes"));
          default -> taker.answered(answer(json, given.get(json.text("assignment"))));
        }
      } catch (RuntimeException e) { // whatever a damaged disk or another program has left
        damaged++;
      }
    }
    return damaged;
  }

  private static DeskAnswer answer(JsonObject json, @Nullable Assignment assignment) {
    if (assignment == null) {
      throw new IllegalArgumentException("an answer to what was never handed out");
    }
    return new DeskAnswer(
        json.text("id"),
        assignment,
        DeskAnswer.Kind.valueOf(json.text("kind").toUpperCase(Locale.ROOT)),
        json.has("order")
            ? Optional.of(Ranking.ofTiers(assignment.shown().size(), json.integerLists("order")))
            : Optional.empty(),
        Instant.parse(json.text("time")),
        json.longInteger("millis"));
  }

  long damaged() {
    return damaged;
  }

  void given(Assignment assignment) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", "given");
    json.put("assignment", assignment.id());
    json.put("question", assignment.question());
    json.put("person", assignment.person());
    json.put("shown", assignment.shown());
    json.put("check", assignment.check().name().toLowerCase(Locale.ROOT));
    json.put("time", assignment.time().toString());
    log.append(Json.write(json));
  }

  /** It is on disk when this returns. */
  void answered(DeskAnswer answer) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", answer.kind().name().toLowerCase(Locale.ROOT));
    json.put("id", answer.id());
    json.put("assignment", answer.assignment().id());
    answer.order().ifPresent(order -> json.put("order", order.tiers()));
    json.put("time", answer.time().toString());
    json.put("millis", answer.millis());
    log.append(Json.write(json));
    log.force();
  }

  /** It is on disk when this returns. */
  void undone(String person, String id, String undoes, Instant time) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", "undone");
    json.put("id", id);
    json.put("person", person);
    json.put("undoes", undoes);
    json.put("time", time.toString());
    log.append(Json.write(json));
    log.force();
  }

  @Override
  public void close() {
    try (lock) {
      log.close();
    }
  }
}
