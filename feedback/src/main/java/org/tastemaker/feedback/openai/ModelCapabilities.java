package org.tastemaker.feedback.openai;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;

/**
 * What a model, on a server, can do. Nothing is inferred from a name: the client starts with {@link
 * #ALL} or what the user sets, and removes what an error calls unsupported.
 *
 * @param logprobs gives log-probabilities of the tokens; reasoning models do not
 * @param topLogprobs how many alternatives of a token it gives, 1 to 20
 * @param temperature can be set; reasoning models have their own
 * @param seed accepts a seed
 * @param detail of an image can be set
 * @param effort of reasoning can be set
 * @param systemRole takes a system message; where it does not, its text begins the user's
 * @param structure how the format of an answer can be forced
 * @param limit by which parameter the length of an answer is limited
 * @param hiddenTokens room for reasoning on top of the answer's own length
 */
@RecordBuilder
public record ModelCapabilities(
    boolean logprobs,
    int topLogprobs,
    boolean temperature,
    boolean seed,
    boolean detail,
    boolean effort,
    boolean systemRole,
    Structure structure,
    Limit limit,
    int hiddenTokens)
    implements ModelCapabilitiesBuilder.With {
  /** Everything. */
  public static final ModelCapabilities ALL =
      new ModelCapabilities(
          true,
          20,
          true,
          true,
          true,
          true,
          true,
          Structure.JSON_SCHEMA,
          Limit.MAX_COMPLETION_TOKENS,
          0);

  public ModelCapabilities {
    Objects.requireNonNull(structure, "structure == null");
    Objects.requireNonNull(limit, "limit == null");
    if (topLogprobs < 1 || topLogprobs > 20 || hiddenTokens < 0) {
      throw new IllegalArgumentException(
          "topLogprobs must be 1 to 20 and hiddenTokens at least 0, but were "
              + topLogprobs
              + " and "
              + hiddenTokens);
    }
  }

  /** How the format of an answer can be forced. */
  public enum Structure {
    /** By a strict JSON schema. */
    JSON_SCHEMA,
    /** To be JSON; the schema is described in the prompt. */
    JSON_OBJECT,
    /** Not at all; the schema is described in the prompt. */
    WORDS
  }

  /** By which parameter the length of an answer is limited. */
  public enum Limit {
    /** {@code max_completion_tokens}, the current one. */
    MAX_COMPLETION_TOKENS,
    /** {@code max_tokens}, its predecessor, the only one that many compatible servers support. */
    MAX_TOKENS,
    /** None. */
    NONE
  }

  /** These, changed by what another change, of {@code before} to {@code after}, changed. */
  ModelCapabilities changedAs(ModelCapabilities before, ModelCapabilities after) {
    return with(
        can ->
            can.logprobs(logprobs && (after.logprobs || !before.logprobs))
                .topLogprobs(
                    after.topLogprobs == before.topLogprobs
                        ? topLogprobs
                        : Math.min(topLogprobs, after.topLogprobs))
                .temperature(temperature && (after.temperature || !before.temperature))
                .seed(seed && (after.seed || !before.seed))
                .detail(detail && (after.detail || !before.detail))
                .effort(effort && (after.effort || !before.effort))
                .systemRole(systemRole && (after.systemRole || !before.systemRole))
                .structure(
                    after.structure == before.structure
                        ? structure
                        : weaker(structure, after.structure))
                .limit(after.limit == before.limit ? limit : weaker(limit, after.limit))
                .hiddenTokens(
                    after.hiddenTokens > before.hiddenTokens
                        ? Math.max(hiddenTokens, after.hiddenTokens)
                        : after.hiddenTokens < before.hiddenTokens
                            ? after.hiddenTokens
                            : hiddenTokens));
  }

  /** The later of two: what a model can do less of comes later. */
  private static <E extends Enum<E>> E weaker(E a, E b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  /**
   * These capabilities without log-probabilities, a temperature and a seed: as reasoning models
   * have.
   *
   * @param hiddenTokens room for reasoning on top of the answer's own length
   * @return new capabilities
   */
  public ModelCapabilities ofAReasoningModel(int hiddenTokens) {
    return with(
        can -> can.logprobs(false).temperature(false).seed(false).hiddenTokens(hiddenTokens));
  }
}
