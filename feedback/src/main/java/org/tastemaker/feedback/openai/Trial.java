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
  private static final int FIRST_ROOM = 4096;
  private static final int MOST_ROOM = 8 * FIRST_ROOM;

  private static final Logger LOG = LoggerFactory.getLogger(Trial.class);

  private final LearnedCapabilities learned;
  private final ModelCall call;
  private final ModelCapabilities base;
  private ModelCapabilities can;
  private int generations;
  private boolean roomIsAll;
  private Usage spent = Usage.NONE;

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
          case SIZE -> lessRoom(error);
          default -> Optional.empty();
        };
    if (less.isEmpty()) {
      return false;
    }
    if (!less.get().equals(can)) {
      LOG.info("{} rejected a request, which is changed: {}", call.model(), error.words());
    }
    roomIsAll |= less.get().hiddenTokens() < can.hiddenTokens();
    can = less.get();
    return true;
  }

  /**
   * A request was accepted: what it was changed by is remembered.
   *
   * @return whether the answer was cut off in thought, and is to be bought again with more room
   */
  boolean wantsMoreRoom(ModelAnswer answer) {
    learned.keep(call.model(), base, can);
    Optional<ModelCapabilities> more = roomIsAll ? Optional.empty() : roomier(answer, can);
    if (more.isEmpty()) {
      return false;
    }
    spent = spent.plus(answer.usage());
    can = more.get();
    LOG.info(
        "{} was cut off in thought; it gets room for {} tokens of it",
        call.model(),
        can.hiddenTokens());
    return true;
  }

  /** More room, if an answer was cut off in thought and may get some. */
  static Optional<ModelCapabilities> roomier(ModelAnswer answer, ModelCapabilities can) {
    return answer.isCutOffInThought() && can.hiddenTokens() < MOST_ROOM
        ? Optional.of(
            can.withHiddenTokens(Math.min(MOST_ROOM, Math.max(FIRST_ROOM, 2 * can.hiddenTokens()))))
        : Optional.empty();
  }

  /** An answer with what those before it have used. */
  ModelAnswer whole(ModelAnswer answer) {
    return answer.after(spent);
  }

  /** Where the room for thought does not fit into the context: what is left of that. */
  private Optional<ModelCapabilities> lessRoom(ApiError error) {
    long left = ContextRoom.left(error.message()) - call.maxTokens();
    return left > 0 && left < can.hiddenTokens()
        ? Optional.of(can.withHiddenTokens((int) left))
        : Optional.empty();
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
