package org.tastemaker.feedback.cache;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/** The outcome of a question, for the cache: a verdict, a refusal, or a malformed answer. */
final class CachedAnswer {
  private static final int FORMAT = 1;
  private static final JsonAdapter<Content> JSON =
      new Moshi.Builder().build().adapter(Content.class).indent(" ");

  private final @Nullable Verdict verdict;
  private final @Nullable FeedbackException failure;

  private CachedAnswer(@Nullable Verdict verdict, @Nullable FeedbackException failure) {
    this.verdict = verdict;
    this.failure = failure;
  }

  /** Asks; refusals and malformed answers are outcomes too. */
  static CachedAnswer of(Supplier<Verdict> ask) {
    try {
      return new CachedAnswer(ask.get(), null);
    } catch (FeedbackException.Refused | FeedbackException.MalformedVerdict e) {
      return new CachedAnswer(null, e);
    }
  }

  /** Whether it is a refusal or a malformed answer. */
  boolean isFailure() {
    return failure != null;
  }

  /** The answer for the caller that paid for it. */
  Verdict first() {
    if (verdict == null) {
      throw failure();
    }
    return verdict;
  }

  /** The answer for all others. */
  Verdict replay() {
    if (verdict == null) {
      throw unpaid(failure());
    }
    return verdict.fromCache();
  }

  /** Checks that a verdict is about as many positions as the question. */
  CachedAnswer requireFits(Question question) {
    if (verdict != null) {
      verdict.requireFits(question);
    }
    return this;
  }

  String toJson(Question question, String settings) {
    return JSON.toJson(
        new Content(
            FORMAT,
            new Asked(
                settings,
                question.kind().name(),
                question.prompt().text(),
                question.rubric().id(),
                question.images().stream().map(image -> image.sha256()).toList(),
                question.sample(),
                question.attempt().number(),
                question.attempt().complaint()),
            verdict == null ? null : Kept.of(verdict),
            failure == null ? null : Failed.of(failure)));
  }

  /**
   * Reads a file's text.
   *
   * @throws IllegalArgumentException if it is not what {@link #toJson} wrote
   */
  static CachedAnswer fromJson(String text) {
    try {
      Content content = JSON.fromJson(text);
      if (content == null || content.format != FORMAT) {
        throw new IllegalArgumentException("it is not of format " + FORMAT);
      }
      if (content.verdict != null) {
        return new CachedAnswer(content.verdict.verdict(), null);
      }
      if (content.failure != null) {
        return new CachedAnswer(null, content.failure.exception());
      }
      throw new IllegalArgumentException("it holds neither a verdict nor a failure");
    } catch (IOException | JsonDataException | NullPointerException e) {
      throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
    }
  }

  private FeedbackException failure() {
    if (failure == null) {
      throw new IllegalStateException("neither a verdict nor a failure");
    }
    return failure;
  }

  /** A cached failure: it costs nothing now. */
  private static FeedbackException unpaid(FeedbackException failure) {
    if (failure instanceof FeedbackException.Refused refused) {
      return new FeedbackException.Refused(refused.reason());
    }
    return failure instanceof FeedbackException.MalformedVerdict malformed
        ? new FeedbackException.MalformedVerdict(malformed.path(), message(malformed))
        : failure;
  }

  private static String message(FeedbackException failure) {
    return String.valueOf(failure.getMessage());
  }

  /**
   * The file; the records are public, in a class that is not, since Moshi calls their accessors.
   * What was asked is there for human readers; the file's name is the key.
   */
  public record Content(
      int format, @Nullable Asked asked, @Nullable Kept verdict, @Nullable Failed failure) {}

  public record Asked(
      String settings,
      String kind,
      String prompt,
      String rubric,
      List<String> images,
      int sample,
      int attempt,
      @Nullable String complaint) {}

  public record Failed(String type, @Nullable String path, String message, Cost cost) {
    static Failed of(FeedbackException failure) {
      return failure instanceof FeedbackException.Refused refused
          ? new Failed("refused", null, refused.reason(), Cost.of(failure.usage()))
          : new Failed(
              "malformed",
              failure instanceof FeedbackException.MalformedVerdict m ? m.path() : null,
              CachedAnswer.message(failure),
              Cost.of(failure.usage()));
    }

    FeedbackException exception() {
      return switch (type) {
        case "refused" -> new FeedbackException.Refused(message, cost.usage());
        case "malformed" ->
            new FeedbackException.MalformedVerdict(path == null ? "" : path, message, cost.usage());
        default -> throw new IllegalArgumentException("no failure is of the type '" + type + "'");
      };
    }
  }

  public record Kept(
      Reply overall, Map<String, Reply> byCriterion, String rationale, Cost cost, String model) {
    static Kept of(Verdict verdict) {
      Map<String, Reply> byCriterion = new TreeMap<>();
      verdict.byCriterion().forEach((name, answer) -> byCriterion.put(name, Reply.of(answer)));
      return new Kept(
          Reply.of(verdict.overall()),
          byCriterion,
          verdict.rationale(),
          Cost.of(verdict.usage()),
          verdict.model());
    }

    Verdict verdict() {
      return new Verdict(
          overall.answer(),
          byCriterion.entrySet().stream()
              .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().answer())),
          rationale,
          cost.usage(),
          model,
          false);
    }
  }

  public record Reply(
      int size,
      List<List<Integer>> tiers,
      @Nullable List<@Nullable Double> scores,
      @Nullable Double firstIsBetter) {
    static Reply of(Verdict.Answer answer) {
      List<@Nullable Double> scores =
          answer.scores().isEmpty()
              ? null
              : answer.scores().stream()
                  .map(score -> score.isPresent() ? (Double) score.getAsDouble() : null)
                  .collect(Collectors.toList());
      OptionalDouble soft = answer.firstIsBetter();
      return new Reply(
          answer.order().size(),
          answer.order().tiers(),
          scores,
          soft.isPresent() ? (Double) soft.getAsDouble() : null);
    }

    Verdict.Answer answer() {
      return new Verdict.Answer(
          Ranking.ofTiers(size, tiers),
          scores == null ? List.of() : scores.stream().map(Reply::optional).toList(),
          optional(firstIsBetter));
    }

    private static OptionalDouble optional(@Nullable Double value) {
      return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }
  }

  public record Cost(long requests, long input, long cached, long output) {
    static Cost of(Usage usage) {
      return new Cost(
          usage.requests(), usage.inputTokens(), usage.cachedInputTokens(), usage.outputTokens());
    }

    Usage usage() {
      return new Usage(requests, input, cached, output);
    }
  }
}
