package org.tastemaker.feedback.openai;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.tastemaker.feedback.FeedbackException;

/** Questions to the models of a server, each asked until its request is accepted. */
final class ModelQuestions {
  /** Each parameter can be rejected once, some in two steps; and room for thought can grow. */
  private static final int MOST_LESSONS = 16;

  private final PaidCalls calls;
  private final LearnedCapabilities learned;
  private final String server;

  ModelQuestions(PaidCalls calls, LearnedCapabilities learned, String server) {
    this.calls = calls;
    this.learned = learned;
    this.server = server;
  }

  /** Asks a model, and uses the answer, or the refusal, while the call still is in flight. */
  <T> T complete(WireFormat format, ModelCall call, Function<Supplier<ModelAnswer>, T> first) {
    Trial trial = new Trial(learned, call);
    for (int lesson = 0; lesson <= MOST_LESSONS; lesson++) {
      Optional<T> used = attempt(format.format(), call, trial, first);
      if (used.isPresent()) {
        return used.get();
      }
    }
    throw new FeedbackException.InvalidRequest(
        "the server at "
            + server
            + " rejected one parameter after another for "
            + call.model()
            + "; is it an OpenAI-compatible server?",
        true);
  }

  /** Empty if something was learned: the next attempt is changed by it. */
  private <B, T> Optional<T> attempt(
      CallFormat<B> format, ModelCall call, Trial trial, Function<Supplier<ModelAnswer>, T> first) {
    ModelCapabilities can = trial.can();
    return calls.post(
        new PaidCalls.Post<>(
            "a question to " + call.model(),
            call.model(),
            false,
            trial.estimate(),
            service -> format.request(service, call, can),
            Billed::read,
            format.form()),
        trial::learns,
        received -> {
          B body = received.body();
          if (format.failed(body)) {
            ApiError failure = received.asError().get();
            if (Diagnosis.of(failure) == ErrorKind.CONTENT) {
              return Optional.of(
                  first.apply(
                      () -> {
                        throw new FeedbackException.Refused(failure.words());
                      }));
            }
            throw new ErrorInAnswer(failure, format.isOnlyAnError(body));
          }
          ModelAnswer answer = format.answer(body, received.billed(), call);
          return trial.wantsMoreRoom(answer)
              ? Optional.empty()
              : Optional.of(first.apply(() -> trial.whole(answer)));
        });
  }
}
