package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.ResponseBody;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.resilience.AttemptFailed;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.ServerHints;
import retrofit2.Call;
import retrofit2.Response;
import retrofit2.Retrofit;
import retrofit2.converter.moshi.MoshiConverterFactory;

/**
 * Single HTTP calls that may cost money: each is recorded in the ledger before and after it is
 * made, whatever its outcome, signed with the key, and retried by the {@link ResilientCaller}. What
 * the calls mean is not its concern.
 */
final class PaidCalls implements AutoCloseable {
  /** What the answers of a kind of call are bounded by. */
  record Connection(
      HttpUrl baseUrl, ApiKey key, Redirects redirects, BodyLimits bodies, Duration timeout) {}

  private final HttpUrl baseUrl;
  private final ApiKey key;
  private final AnswerJson json;
  private final Ledger ledger;
  private final Clock clock;
  private final ResilientCaller caller;
  private final OkHttpClient http;
  private final OpenAiService words;
  private final OpenAiService images;
  private final Redirects redirects;

  PaidCalls(
      Connection connection, Ledger ledger, Clock clock, ResilientCaller caller, int inFlight) {
    this.baseUrl = connection.baseUrl;
    this.key = connection.key;
    this.json = new AnswerJson(key);
    this.ledger = ledger;
    this.clock = clock;
    this.caller = caller;
    this.redirects = connection.redirects;
    this.http = Transport.shared(connection.timeout, inFlight);
    this.words = service(connection, connection.bodies.answerBytes());
    this.images = service(connection, connection.bodies.imageBytes());
  }

  private OpenAiService service(Connection connection, int mostBytes) {
    return new Retrofit.Builder()
        .baseUrl(baseUrl)
        .client(Transport.bounded(http, baseUrl, key, connection.redirects, mostBytes))
        .addConverterFactory(MoshiConverterFactory.create(Wire.MOSHI))
        .build()
        .create(OpenAiService.class);
  }

  @Override
  public void close() {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }

  /**
   * What is specific to a call.
   *
   * @param ofImages whether its answer may be as long as an image
   * @param billed reads from an answer what it costs, whatever else there is in it
   */
  record Post<T>(
      String what,
      String model,
      boolean ofImages,
      Usage estimate,
      Function<OpenAiService, Call<ResponseBody>> call,
      BiFunction<AnswerJson, byte[], Billed> billed,
      Class<T> form) {}

  /**
   * An answer of status 200.
   *
   * @param asError what it says as an error
   */
  record Received<T>(T body, Billed billed, Supplier<ApiError> asError) {}

  /**
   * Makes a call.
   *
   * @param learns whether something was learned from an error, so that another request may succeed
   * @param read makes the result of an answer; may throw a {@link JsonDataException}, which counts
   *     as a failure of the server, or an {@link ErrorInAnswer}
   * @return empty if something was learned, or read gives nothing
   */
  <T, R> Optional<R> post(
      Post<T> post, Predicate<ApiError> learns, Function<Received<T>, Optional<R>> read) {
    long tokens = post.estimate.inputTokens() + post.estimate.outputTokens();
    Call<ResponseBody> prepared = post.call.apply(post.ofImages ? images : words);
    prepared.request(); // writes the body now, so that a call in flight waits for the network only
    AtomicInteger bought = new AtomicInteger();
    return caller.call(
        post.what,
        tokens,
        number -> {
          Ledger.Entry entry = ledger.begin(post.model, post.estimate);
          long used = tokens;
          ServerHints hints = ServerHints.NONE;
          byte[] body = new byte[0];
          try {
            Response<ResponseBody> response = (number == 1 ? prepared : prepared.clone()).execute();
            hints = ServerHints.read(response.headers()::get, clock.instant());
            caller.apply(hints);
            if (!response.isSuccessful()) {
              entry.free();
              used = 0;
              ApiError error = error(response);
              if (learns.test(error)) {
                return Optional.empty();
              }
              throw failure(response, error, hints, baseUrl.toString(), post.what);
            }
            body = AnswerBody.plain(bytes(response), json);
            byte[] said = body;
            Billed billed = post.billed.apply(json, body);
            Usage counted = billed.usage();
            if (counted != null) {
              String model = billed.model().isEmpty() ? post.model : billed.model();
              entry.paid(model, counted, billed.id());
              used = counted.inputTokens() + counted.outputTokens();
            }
            return read.apply(
                new Received<>(
                    json.read(post.form, body), billed, () -> errorIn(said, response.code())));
          } catch (ErrorInAnswer e) {
            if (e.isFree()) {
              entry.free(); // unless the answer said what it costs
            }
            if (learns.test(e.error())) {
              return Optional.empty();
            }
            AttemptFailed failed =
                ErrorFailures.of(e.error(), hints, baseUrl.toString(), post.what);
            throw e.isFree() ? failed : onceMore(failed, bought);
          } catch (IOException e) {
            if (HttpFailures.neverArrived(e)) {
              entry.free();
              used = 0;
            }
            throw interruptedOr(e, HttpFailures.of(e, baseUrl.toString(), post.what, key));
          } catch (JsonDataException e) {
            ApiError said = errorIn(body, 200);
            throw onceMore(
                HttpFailures.garbled(e, said, baseUrl.toString(), post.what, key), bought);
          } finally {
            entry.unknown(); // counts only if no outcome was recorded before
            caller.settleTokens(tokens, used);
          }
        });
  }

  /** The service for requests that are only looked at. */
  OpenAiService words() {
    return words;
  }

  /** The service with limits of its own, for files. */
  OpenAiService files(int mostBytes, Duration timeout) {
    OkHttpClient patient =
        http.newBuilder().callTimeout(timeout).readTimeout(timeout).writeTimeout(timeout).build();
    return new Retrofit.Builder()
        .baseUrl(baseUrl)
        .client(Transport.bounded(patient, baseUrl, key, redirects, mostBytes))
        .addConverterFactory(MoshiConverterFactory.create(Wire.MOSHI))
        .build()
        .create(OpenAiService.class);
  }

  /**
   * Makes a call that costs nothing.
   *
   * @param again whether it may be sent again where nobody knows whether it has arrived
   */
  byte[] unpaid(String what, boolean again, Supplier<Call<ResponseBody>> call) {
    return caller.call(
        what,
        0,
        number -> {
          try {
            Response<ResponseBody> response = call.get().execute();
            ServerHints hints = ServerHints.read(response.headers()::get, clock.instant());
            caller.apply(hints);
            if (!response.isSuccessful()) {
              int status = response.code();
              AttemptFailed failed =
                  failure(response, error(response), hints, baseUrl.toString(), what);
              boolean clear = status < 500 && status != 408 && status != 409;
              throw again || clear ? failed : AttemptFailed.forGood(failed.failure());
            }
            return bytes(response);
          } catch (IOException e) {
            AttemptFailed failed =
                interruptedOr(e, HttpFailures.of(e, baseUrl.toString(), what, key));
            throw again || HttpFailures.neverArrived(e)
                ? failed
                : AttemptFailed.forGood(failed.failure());
          }
        });
  }

  /** Fetches what an answer points to. */
  byte[] download(String url) {
    HttpUrl address = key.isIn(url) ? null : HttpUrl.parse(url);
    if (address == null || (baseUrl.isHttps() && !address.isHttps())) {
      throw new FeedbackException.MalformedVerdict(
          "data[0].url",
          "an image's address must be an http or https URL, https if the server's is, and without"
              + " the key, but was of another kind");
    }
    String what = "the download of an image";
    return caller.call(
        what,
        0,
        number -> {
          try {
            Response<ResponseBody> response = images.download(address.toString()).execute();
            ServerHints hints = ServerHints.read(response.headers()::get, clock.instant());
            if (!response.isSuccessful()) {
              throw failure(response, error(response), hints, address.host(), what);
            }
            return bytes(response);
          } catch (IOException e) {
            throw interruptedOr(e, HttpFailures.of(e, address.host(), what, key));
          }
        });
  }

  private AttemptFailed failure(
      Response<?> response, ApiError error, ServerHints hints, String where, String what) {
    return response.code() >= 300 && response.code() < 400
        ? HttpFailures.redirected(
            response.raw().request(), response.headers().get("Location"), error, where, what, key)
        : ErrorFailures.of(error, hints, where, what);
  }

  /** What may have been paid for and cannot be used is bought again at most once. */
  private static AttemptFailed onceMore(AttemptFailed failed, AtomicInteger bought) {
    return bought.incrementAndGet() < 2 || !failed.isWorthRetrying()
        ? failed
        : AttemptFailed.server(failed.failure(), false, null);
  }

  private ApiError errorIn(byte[] body, int status) {
    return ErrorReader.read(status, new String(body, StandardCharsets.UTF_8), key);
  }

  private static byte[] bytes(Response<ResponseBody> response) throws IOException {
    try (ResponseBody body = response.body()) {
      return body == null ? new byte[0] : body.bytes(); // within its limit by the transport
    }
  }

  private ApiError error(Response<?> response) throws IOException {
    try (ResponseBody body = response.errorBody()) {
      return ErrorReader.read(response.code(), body == null ? "" : body.string(), key);
    }
  }

  /** OkHttp reports an interrupted thread as a failed call. */
  private AttemptFailed interruptedOr(IOException failure, AttemptFailed otherwise)
      throws InterruptedException {
    if (Thread.interrupted()) {
      InterruptedException interrupted = new InterruptedException("interrupted in a call");
      interrupted.initCause(key.redact(failure));
      throw interrupted;
    }
    return otherwise;
  }
}
