package org.tastemaker.feedback.openai;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** What is known about the models of a server. Thread-safe. */
final class LearnedCapabilities {
  private static final int HIDDEN_TOKENS = 4096;

  private final String server;
  private final @Nullable CapabilityFile memory;
  private final ConcurrentMap<String, ModelCapabilities> capabilities;

  /**
   * Starts with what earlier runs learned.
   *
   * @param file where it is stored for later runs, or null
   */
  LearnedCapabilities(String server, @Nullable Path file) {
    this.server = server;
    this.memory = file == null ? null : new CapabilityFile(file);
    this.capabilities = new ConcurrentHashMap<>(memory == null ? Map.of() : memory.read(server));
  }

  ModelCapabilities of(String model) {
    return capabilities.getOrDefault(model, ModelCapabilities.ALL);
  }

  void assume(String model, ModelCapabilities can) {
    capabilities.put(model, can);
  }

  /** Keeps what a call was changed by, from what was known to what a request succeeded with. */
  void keep(String model, ModelCapabilities before, ModelCapabilities after) {
    if (after.equals(before)) {
      return;
    }
    capabilities.compute(
        model,
        (name, now) -> {
          ModelCapabilities known = now == null ? ModelCapabilities.ALL : now;
          ModelCapabilities learned = known.changedAs(before, after);
          if (memory != null && !learned.equals(now)) {
            memory.keep(server, model, learned);
          }
          return learned;
        });
  }

  /** If an answer was cut off while the model was thinking, the next one gets more room. */
  void from(ModelAnswer answer, ModelCall call, ModelCapabilities used) {
    if (answer.end() == ModelAnswer.End.TRUNCATED
        && answer.reasoningTokens() > 0
        && used.hiddenTokens() < 8 * HIDDEN_TOKENS) {
      int more = Math.max(HIDDEN_TOKENS, 2 * used.hiddenTokens());
      keep(call.model(), used, used.withHiddenTokens(more));
    }
  }
}
