package org.tastemaker.feedback.openai;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is known by now of the models of a server. Thread-safe. */
final class LearntCapabilities {
  private static final Logger LOG = LoggerFactory.getLogger(LearntCapabilities.class);
  private static final int HIDDEN_TOKENS = 4096;

  private final String server;
  private final @Nullable CapabilityFile memory;
  private final ConcurrentMap<String, ModelCapabilities> capabilities;

  /**
   * Begins with what earlier runs learnt.
   *
   * @param file where lessons are kept for later runs, or null
   */
  LearntCapabilities(String server, @Nullable Path file) {
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

  /** Learns from an error; true where another request may do better. */
  boolean from(ApiError error, ModelCall call, ModelCapabilities used) {
    Optional<ModelCapabilities> less = TurnedDown.remaining(error, call, used);
    if (less.isEmpty()) {
      return false;
    }
    remember(call.model(), used, less.get());
    LOG.info("{} takes one parameter less: {}", call.model(), error.words());
    return true;
  }

  /** Where an answer was cut off while the model was thinking, the next one gets more room. */
  void from(ModelAnswer answer, ModelCall call, ModelCapabilities used) {
    if (answer.end() == ModelAnswer.End.TRUNCATED
        && answer.reasoningTokens() > 0
        && used.hiddenTokens() < 8 * HIDDEN_TOKENS) {
      int more = Math.max(HIDDEN_TOKENS, 2 * used.hiddenTokens());
      remember(call.model(), used, used.withHiddenTokens(more));
    }
  }

  /** Another thread may have learnt the same, or something else, meanwhile: then that counts. */
  private void remember(String model, ModelCapabilities used, ModelCapabilities learnt) {
    capabilities.compute(
        model,
        (name, now) -> {
          if (now != null && !now.equals(used)) {
            return now;
          }
          if (memory != null) {
            memory.keep(server, model, learnt);
          }
          return learnt;
        });
  }
}
