package org.tastemaker.feedback.server;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;

/**
 * What OpenAI's service does with a request: checks, routes, and answers or errors as JSON. HTTP is
 * not its concern.
 *
 * <p>Thread-safe.
 */
final class OpenAiRoutes implements Function<Incoming, Outgoing> {
  private static final List<Dialect> DIALECTS = List.of(new ChatDialect(), new ResponsesDialect());
  private static final String IMAGES = "/v1/images/generations";

  /**
   * How the service behaves.
   *
   * @param key the only key that is accepted; null for none
   * @param models that exist; empty for any
   * @param rejected parameters that are rejected
   * @param slowness of a {@link Fault#SLOW} answer
   * @param retryAfter what {@link Fault#RATE_LIMITED_WITH_DELAY} asks for
   * @param plan what some requests meet
   * @param clock by which batches move on
   * @param batchStep how long a batch is validated, in progress, and finalized
   */
  record Manners(
      @Nullable String key,
      Set<String> models,
      Set<String> rejected,
      Duration slowness,
      Duration retryAfter,
      ServerPlan plan,
      Clock clock,
      Duration batchStep) {}

  private final Judge judge;
  private final ImageAnswers images;
  private final RewriteAnswers rewrites;
  private final FaultPlan faults;
  private final Manners manners;
  private final List<RequestCheck> checks = RequestCheck.all();
  private final AtomicLong answers = new AtomicLong();
  private final Tally tally = new Tally();
  private final Tally told = new Tally();
  private final BatchDesk desk;

  OpenAiRoutes(
      Judge judge,
      ImageAnswers images,
      RewriteAnswers rewrites,
      FaultPlan faults,
      Manners manners) {
    this.judge = judge;
    this.images = images;
    this.rewrites = rewrites;
    this.faults = faults;
    this.manners = manners;
    this.desk = new BatchDesk(this::answerOfALine, manners.clock(), manners.batchStep());
  }

  /** Files and batches. */
  BatchDesk desk() {
    return desk;
  }

  /** Those that were sent whole, with what they cost. */
  Usage told() {
    return told.sum();
  }

  /** All answers that were made, of use or not. */
  Usage billed() {
    return tally.sum();
  }

  /** Correct answers so far. */
  long answers() {
    return answers.get();
  }

  @Override
  public Outgoing apply(Incoming request) {
    try {
      boolean ofBatches = desk.serves(request.path());
      Optional<Dialect> dialect = ofBatches ? Optional.empty() : dialect(request.path());
      checkKey(request.authorization());
      checkForm(request);
      Fault fault = faults.next(request.number());
      if (fault != null && !fault.isOfTheAnswer()) {
        faults.count(fault);
        Optional<Outgoing> error = ErrorBody.of(fault, manners.retryAfter());
        if (error.isPresent()) {
          return error.get();
        }
      }
      if (ofBatches) {
        return spoilt(desk.answer(request), fault);
      }
      Map<?, ?> body = Json.object(request.body());
      Optional<ServerPlan.Rule> rule = manners.plan().of(body);
      if (rule.isPresent() && rule.get().refuses()) {
        return rule.get().refusal();
      }
      check(body);
      String answer = dialect.isPresent() ? answer(body, dialect.get(), fault) : image(body);
      tally.add(answer);
      Outgoing usual = Outgoing.of(200, answer);
      Outgoing sent = spoilt(rule.isPresent() ? rule.get().reshaped(usual) : usual, fault);
      if (sent.delivery() == Outgoing.Delivery.WHOLE) {
        told.addIfSaid(sent.body());
      }
      return sent;
    } catch (BadRequest e) {
      return ErrorBody.of(e);
    }
  }

  /** Answers a line of a batch like the same request by itself, without a network's faults. */
  private Outgoing answerOfALine(String path, String text) {
    try {
      Dialect dialect = dialect(path).orElseThrow();
      checkForm(new Incoming(0, "POST", path, "", null, "application/json", text));
      Map<?, ?> body = Json.object(text);
      Optional<ServerPlan.Rule> rule = manners.plan().of(body);
      if (rule.isPresent() && rule.get().refuses()) {
        return rule.get().refusal();
      }
      check(body);
      String answer = answer(body, dialect, null);
      tally.add(answer);
      return Outgoing.of(200, answer);
    } catch (BadRequest e) {
      return ErrorBody.of(e);
    }
  }

  /** Empty for a request for an image. */
  private static Optional<Dialect> dialect(String path) throws BadRequest {
    Optional<Dialect> dialect = DIALECTS.stream().filter(d -> d.path().equals(path)).findFirst();
    if (dialect.isEmpty() && !path.equals(IMAGES)) {
      throw new BadRequest(404, "unknown_url", "", "Unknown request URL: " + path);
    }
    return dialect;
  }

  private String image(Map<?, ?> body) throws BadRequest {
    String made = images.answer(body);
    answers.incrementAndGet();
    return made;
  }

  private String answer(Map<?, ?> body, Dialect dialect, @Nullable Fault scripted)
      throws BadRequest {
    Optional<String> rewritten = rewrites.answer(body, dialect);
    if (rewritten.isPresent()) {
      answers.incrementAndGet();
      return rewritten.get();
    }
    AskedQuestion asked = AskedQuestion.read(body, dialect);
    AnswerWriter writer = new AnswerWriter(asked, dialect);
    Fault fault =
        scripted != null && scripted.isOfTheAnswer() ? scripted : faults.of(asked.question());
    if (fault != null) {
      faults.count(fault);
      return writer.of(fault);
    }
    try {
      String answer = writer.of(judge.ask(asked.question()));
      answers.incrementAndGet();
      return answer;
    } catch (FeedbackException.Refused e) {
      return writer.of(Fault.REFUSAL);
    } catch (FeedbackException.MalformedVerdict e) {
      return writer.of(Fault.WRONG_LABELS);
    } catch (RuntimeException e) { // a bug in the judge: asking again does not help
      throw new BadRequest(400, "judge_failed", "", "the judge failed: " + e);
    }
  }

  private Outgoing spoilt(Outgoing answer, @Nullable Fault fault) {
    if (fault == Fault.SLOW) {
      return answer.delayed(manners.slowness());
    }
    return fault == Fault.TRUNCATED_BODY ? answer.delivered(Outgoing.Delivery.HALF) : answer;
  }

  private void checkKey(@Nullable String given) throws BadRequest {
    if (manners.key() != null && !("Bearer " + manners.key()).equals(given)) {
      String shown = given == null ? "none" : given.replace("Bearer ", "");
      throw new BadRequest(
          401, "invalid_api_key", "", "Incorrect API key provided: " + shown + ".");
    }
  }

  /** Of a status that no client learns from. */
  private void checkForm(Incoming request) throws BadRequest {
    for (RequestCheck check : checks) {
      Optional<String> complaint = check.complaint(request);
      if (complaint.isPresent()) {
        throw new BadRequest(404, "not_as_described", "", complaint.get());
      }
    }
  }

  private void check(Map<?, ?> body) throws BadRequest {
    String model = String.valueOf(body.get("model"));
    if (!manners.models().isEmpty() && !manners.models().contains(model)) {
      throw new BadRequest(
          404, "model_not_found", "model", "The model `" + model + "` does not exist.");
    }
    for (String parameter : manners.rejected()) {
      boolean sent =
          parameter.equals("json_schema")
              ? body.get("response_format") instanceof Map<?, ?> format
                  && "json_schema".equals(format.get("type"))
              : body.containsKey(parameter);
      if (sent && parameter.equals("logprobs")) {
        throw new BadRequest(
            403, "", "", "You are not allowed to request logprobs from this model");
      }
      if (sent) {
        throw new BadRequest(
            400,
            "unsupported_parameter",
            parameter.equals("json_schema") ? "response_format" : parameter,
            "Unsupported parameter: '" + parameter + "' is not supported with this model.");
      }
    }
  }
}
