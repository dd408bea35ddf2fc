package org.tastemaker.feedback.openai;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** What is known about the models of a server. Thread-safe. */
final class LearnedCapabilities {
  private final String server;
  private final @Nullable CapabilityFile memory;
  private final Clock clock;
  private final ConcurrentMap<String, ModelCapabilities> assumed = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, Lesson> lessons;

  /**
   * Starts with what earlier runs learned.
   *
   * @param file where it is stored for later runs, or null
   * @param clock tells how old a lesson is
   */
  LearnedCapabilities(String server, @Nullable Path file, Clock clock) {
    this.server = server;
    this.memory = file == null ? null : new CapabilityFile(file);
    this.clock = clock;
    this.lessons = new ConcurrentHashMap<>(memory == null ? Map.of() : memory.read(server));
  }

  ModelCapabilities of(String model) {
    Lesson lesson = lessons.get(model);
    return lesson == null || lesson.isForgotten(clock.instant()) ? unlearned(model) : lesson.can();
  }

  void assume(String model, ModelCapabilities can) {
    assumed.put(model, can);
    lessons.remove(model);
  }

  /** Keeps what a call was changed by, from what was known to what a request succeeded with. */
  void keep(String model, ModelCapabilities before, ModelCapabilities after) {
    if (after.equals(before)) {
      return;
    }
    lessons.compute(
        model,
        (name, old) -> {
          Instant now = clock.instant();
          Lesson known =
              old == null || old.isForgotten(now) ? new Lesson(unlearned(model), now) : old;
          // Another thread may have learned something else meanwhile.
          Lesson learned = new Lesson(known.can().changedAs(before, after), known.since());
          if (memory != null && !learned.equals(old)) {
            memory.keep(server, model, learned);
          }
          return learned;
        });
  }

  private ModelCapabilities unlearned(String model) {
    return assumed.getOrDefault(model, ModelCapabilities.ALL);
  }
}
