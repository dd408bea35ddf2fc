package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import okhttp3.RequestBody;
import okio.Buffer;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * Answers a question from what came back of batches, and notes it for the next batch otherwise.
 *
 * <p>A line's answer is read like that of a call. A line that met a limit, an error of the server
 * or the end of the day goes into the next batch. A line that was rejected is asked live: what is
 * wrong with it is then found out, and learned, as for any other question. An answer that cannot be
 * read is bought again once.
 *
 * <p>Thread-safe.
 */
final class BatchJudge implements Judge {
  private static final int MOST_UNREADABLE = 2;

  private final ChatGptJudge live;
  private final Function<Question, String> keys;
  private final BatchResults results;
  private final BatchWriter writer;
  private final AtomicInteger first;
  private final AtomicInteger rejected;

  /**
   * A judge for one round.
   *
   * @param first how many questions that no batch has answered may still be asked live
   * @param rejected how many whose line was rejected
   */
  BatchJudge(
      ChatGptJudge live,
      Function<Question, String> keys,
      BatchResults results,
      BatchWriter writer,
      AtomicInteger first,
      int rejected) {
    this.live = live;
    this.keys = keys;
    this.results = results;
    this.writer = writer;
    this.first = first;
    this.rejected = new AtomicInteger(rejected);
  }

  @Override
  public String name() {
    return live.name();
  }

  @Override
  public Verdict ask(Question question) {
    return ask(question, Supplier::get);
  }

  @Override
  public <T> T ask(Question question, Function<Supplier<Verdict>, T> use) {
    String key = keys.apply(question);
    List<BatchResults.Outcome> outcomes = results.of(key);
    int unreadable = 0;
    boolean failed = false;
    for (BatchResults.Outcome outcome : outcomes) {
      if (outcome.status() == 200) {
        try {
          Optional<T> used = read(live.options().wireFormat().format(), question, outcome, use);
          if (used.isPresent()) {
            return used.get();
          }
        } catch (ErrorInAnswer e) {
          failed = true;
        } catch (JsonDataException e) {
          unreadable++;
        }
      }
    }
    if (unreadable >= MOST_UNREADABLE) {
      return use.apply(
          () -> {
            throw AnswerReader.malformed("", "JSON", "something else, twice", Usage.NONE);
          });
    }
    ModelCall call = live.call(question);
    String can = live.client().capabilities(call.model()).toString();
    boolean asLive =
        outcomes.isEmpty() ? take(first) : (failed || isRejected(outcomes, can)) && take(rejected);
    if (asLive) {
      return live.ask(question, use);
    }
    writer.note(key, body(call), can, live.estimate(question));
    throw new FeedbackException.Pending("the answer comes with a batch");
  }

  /** Whether the last line was rejected, and nothing was learned since. */
  private static boolean isRejected(List<BatchResults.Outcome> outcomes, String can) {
    BatchResults.Outcome last = outcomes.get(outcomes.size() - 1);
    int status = last.status();
    return status >= 400
        && status < 500
        && status != 408
        && status != 409
        && status != 429
        && last.part().state().can().equals(can);
  }

  private static boolean take(AtomicInteger left) {
    return left.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
  }

  /** Empty if the answer was cut off in thought, and the next request gives more room. */
  private <B, T> Optional<T> read(
      CallFormat<B> format,
      Question question,
      BatchResults.Outcome outcome,
      Function<Supplier<Verdict>, T> use) {
    OpenAiClient.Parts parts = live.client().parts();
    ModelCall call = live.call(question);
    byte[] bytes = outcome.body().getBytes(StandardCharsets.UTF_8);
    B body = parts.json().read(format.form(), bytes);
    if (format.failed(body)) {
      throw new ErrorInAnswer(
          ErrorReader.read(200, outcome.body(), parts.key()), format.isOnlyAnError(body));
    }
    ModelAnswer answer = format.answer(body, Billed.read(parts.json(), bytes), call);
    ModelCapabilities can = live.client().capabilities(call.model());
    boolean isFirst = can.toString().equals(outcome.part().state().can()); // of the batch's lines
    Optional<ModelCapabilities> more = Trial.roomier(answer, can);
    if (more.isPresent() && isFirst) {
      parts.learned().keep(call.model(), can, more.get());
    }
    return answer.isCutOffInThought() && (more.isPresent() || !isFirst)
        ? Optional.empty()
        : Optional.of(use.apply(() -> live.read(question, answer)));
  }

  /** The body of the request that would be sent for this question alone. */
  private String body(ModelCall call) {
    OpenAiClient.Parts parts = live.client().parts();
    @Nullable RequestBody body =
        live.options()
            .wireFormat()
            .format()
            .request(parts.calls().words(), call, live.client().capabilities(call.model()))
            .request()
            .body();
    Buffer buffer = new Buffer();
    try {
      Objects.requireNonNull(body, "a question has a body").writeTo(buffer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return buffer.readUtf8();
  }
}
