package org.tastemaker.feedback.openai;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is known about the models of a server. Thread-safe. */
final class LearnedCapabilities {
  private static final Logger LOG = LoggerFactory.getLogger(LearnedCapabilities.class);
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

  /** Learns from an error; true if another request may succeed. */
  boolean from(ApiError error, ModelCall call, ModelCapabilities used) {
    Optional<ModelCapabilities> less = RejectedParameter.remaining(error, call, used);
    if (less.isEmpty()) {
      return false;
    }
    remember(call.model(), used, less.get());
    LOG.info(
        "{} rejected a parameter, which is left out from now on: {}", call.model(), error.words());
    return true;
  }

  /** If an answer was cut off while the model was thinking, the next one gets more room. */
  void from(ModelAnswer answer, ModelCall call, ModelCapabilities used) {
    if (answer.end() == ModelAnswer.End.TRUNCATED
        && answer.reasoningTokens() > 0
        && used.hiddenTokens() < 8 * HIDDEN_TOKENS) {
      int more = Math.max(HIDDEN_TOKENS, 2 * used.hiddenTokens());
      remember(call.model(), used, used.withHiddenTokens(more));
    }
  }

  /** If another thread has learned something meanwhile, that counts. */
  private void remember(String model, ModelCapabilities used, ModelCapabilities learned) {
    capabilities.compute(
        model,
        (name, now) -> {
          if (now != null && !now.equals(used)) {
            return now;
          }
          if (memory != null) {
            memory.keep(server, model, learned);
          }
          return learned;
        });
  }
}
