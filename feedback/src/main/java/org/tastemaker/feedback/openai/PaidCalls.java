package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import okhttp3.ConnectionPool;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;
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
  private static final String AUTHORIZATION = "Authorization";
  private static final int LONGEST_DOWNLOAD = 64 * 1024 * 1024;

  private final HttpUrl baseUrl;
  private final ApiKey key;
  private final Ledger ledger;
  private final Clock clock;
  private final ResilientCaller caller;
  private final OkHttpClient http;
  private final OpenAiService service;

  PaidCalls(
      HttpUrl baseUrl,
      ApiKey key,
      Ledger ledger,
      Clock clock,
      ResilientCaller caller,
      int inFlight,
      Duration timeout) {
    this.baseUrl = baseUrl;
    this.key = key;
    this.ledger = ledger;
    this.clock = clock;
    this.caller = caller;
    this.http =
        new OkHttpClient.Builder()
            .callTimeout(timeout)
            .readTimeout(timeout)
            .writeTimeout(timeout)
            .connectTimeout(Duration.ofSeconds(10))
            .socketFactory(new PromptSockets())
            .retryOnConnectionFailure(false) // a silent retry may be billed
            .connectionPool(new ConnectionPool(inFlight, 5, TimeUnit.MINUTES))
            .addInterceptor(chain -> withoutKey(chain.proceed(signed(chain.request()))))
            .build();
    this.service =
        new Retrofit.Builder()
            .baseUrl(baseUrl)
            .client(http)
            .addConverterFactory(MoshiConverterFactory.create(Wire.MOSHI))
            .build()
            .create(OpenAiService.class);
  }

  @Override
  public void close() {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }

  /** What is specific to a call. */
  record Post<T>(
      String what,
      String model,
      Usage estimate,
      Function<OpenAiService, Call<T>> call,
      Function<T, Billed> billed) {}

  /** What an answer says about its cost; the usage is null if it does not say. */
  record Billed(@Nullable String model, @Nullable Usage usage, String id) {}

  /**
   * Makes a call.
   *
   * @param learns whether something was learned from an error, so that another request may succeed
   * @param read makes the result of a body; may throw a {@link JsonDataException}, which counts as
   *     a failure of the server
   * @return empty if something was learned
   */
  <T, R> Optional<R> post(Post<T> post, Predicate<ApiError> learns, Function<T, R> read) {
    long tokens = post.estimate.inputTokens() + post.estimate.outputTokens();
    Call<T> prepared = post.call.apply(service);
    prepared.request(); // writes the body now, so that a call in flight waits for the network only
    return caller.call(
        post.what,
        tokens,
        number -> {
          Ledger.Entry entry = ledger.begin(post.model, post.estimate);
          long used = tokens;
          try {
            Response<T> response = (number == 1 ? prepared : prepared.clone()).execute();
            ServerHints hints = ServerHints.read(response.headers()::get, clock.instant());
            caller.apply(hints);
            if (!response.isSuccessful()) {
              entry.free();
              used = 0;
              ApiError error = error(response);
              if (learns.test(error)) {
                return Optional.empty();
              }
              throw HttpFailures.of(error, hints, baseUrl.toString(), post.what);
            }
            T body = response.body();
            if (body == null) {
              throw new JsonDataException("an empty body");
            }
            Billed billed = post.billed.apply(body);
            if (billed.usage != null) {
              String model = Objects.requireNonNullElse(billed.model, post.model);
              entry.paid(model, billed.usage, billed.id);
              used = billed.usage.inputTokens() + billed.usage.outputTokens();
            }
            return Optional.of(read.apply(body));
          } catch (IOException e) {
            if (HttpFailures.neverArrived(e)) {
              entry.free();
              used = 0;
            }
            throw interruptedOr(e, HttpFailures.of(e, baseUrl.toString(), post.what, key));
          } catch (JsonDataException e) {
            throw HttpFailures.garbled(e, baseUrl.toString(), post.what, key);
          } finally {
            entry.unknown(); // counts only if no outcome was recorded before
            caller.settleTokens(tokens, used);
          }
        });
  }

  /** Fetches what an answer points to. */
  byte[] download(String url) {
    HttpUrl address = HttpUrl.parse(url);
    if (address == null) {
      throw new FeedbackException.MalformedVerdict(
          "data[0].url",
          "an image's address must be an http or https URL, but was of another kind");
    }
    String what = "the download of an image";
    return caller.call(
        what,
        0,
        number -> {
          try {
            Response<ResponseBody> response = service.download(url).execute();
            ServerHints hints = ServerHints.read(response.headers()::get, clock.instant());
            if (!response.isSuccessful()) {
              throw HttpFailures.of(error(response), hints, address.host(), what);
            }
            try (ResponseBody body = Objects.requireNonNull(response.body())) {
              if (body.source().request(LONGEST_DOWNLOAD + 1L)) {
                throw AttemptFailed.forGood(
                    new FeedbackException.InvalidRequest(
                        what + " was ended: it has over " + LONGEST_DOWNLOAD + " bytes", false));
              }
              return body.bytes();
            }
          } catch (IOException e) {
            throw interruptedOr(e, HttpFailures.of(e, address.host(), what, key));
          }
        });
  }

  private Request signed(Request request) {
    Request.Builder signed = request.newBuilder().header("User-Agent", "tastemaker");
    String authorization = key.authorization();
    boolean ours =
        request.url().host().equals(baseUrl.host()) && request.url().port() == baseUrl.port();
    if (authorization != null && ours && request.method().equals("POST")) {
      signed.header(AUTHORIZATION, authorization);
    }
    return signed.build();
  }

  /** A server, or a proxy before it, may repeat the key in its answer, which is kept. */
  private okhttp3.Response withoutKey(okhttp3.Response response) throws IOException {
    if (response.request().header(AUTHORIZATION) == null) {
      return response;
    }
    ResponseBody body = response.body();
    String text = body.string();
    return response
        .newBuilder()
        .body(ResponseBody.create(key.isIn(text) ? key.redact(text) : text, body.contentType()))
        .build();
  }

  private ApiError error(Response<?> response) throws IOException {
    try (ResponseBody body = response.errorBody()) {
      return ApiError.read(response.code(), body == null ? "" : body.string(), key);
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
