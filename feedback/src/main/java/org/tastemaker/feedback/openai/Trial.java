package org.tastemaker.feedback.openai;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Usage;

/**
 * One call, asked until a request is accepted: what its errors teach is tried in the next request,
 * and known to others once a request has succeeded.
 */
final class Trial {
  private static final Logger LOG = LoggerFactory.getLogger(Trial.class);

  private final LearnedCapabilities learned;
  private final ModelCall call;
  private final ModelCapabilities base;
  private ModelCapabilities can;
  private int generations;

  Trial(LearnedCapabilities learned, ModelCall call) {
    this.learned = learned;
    this.call = call;
    this.base = learned.of(call.model());
    this.can = base;
  }

  /** What the next request may hold. */
  ModelCapabilities can() {
    return can;
  }

  /** What the next request will use at most. */
  Usage estimate() {
    return new Usage(1, call.estimatedInput(), 0, (long) call.maxTokens() + can.hiddenTokens());
  }

  /** Learns from an error; true if another request may succeed. */
  boolean learns(ApiError error) {
    Optional<ModelCapabilities> less =
        switch (Diagnosis.of(error)) {
          case FORM -> weaker();
          case GENERATION -> generations++ == 0 ? Optional.of(can) : weaker();
          case SYSTEM ->
              can.systemRole() ? Optional.of(can.withSystemRole(false)) : Optional.empty();
          case PARAMETER -> RejectedParameter.remaining(error, call, can);
          default -> Optional.empty();
        };
    if (less.isEmpty()) {
      return false;
    }
    if (!less.get().equals(can)) {
      LOG.info("{} rejected a request, which is changed: {}", call.model(), error.words());
    }
    can = less.get();
    return true;
  }

  /** A request was accepted: what it was changed by is remembered. */
  void succeeded() {
    learned.keep(call.model(), base, can);
  }

  private Optional<ModelCapabilities> weaker() {
    if (call.form() == null) {
      return Optional.empty();
    }
    return switch (can.structure()) {
      case JSON_SCHEMA -> Optional.of(can.withStructure(ModelCapabilities.Structure.JSON_OBJECT));
      case JSON_OBJECT -> Optional.of(can.withStructure(ModelCapabilities.Structure.WORDS));
      case WORDS -> Optional.empty();
    };
  }
}
