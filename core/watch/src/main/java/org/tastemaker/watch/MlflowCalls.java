package org.tastemaker.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSource;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/** The methods of MLflow's REST API 2.0 that a run needs. Each is tried once. */
final class MlflowCalls {
  static final String MISSING = "RESOURCE_DOES_NOT_EXIST";

  private static final MediaType JSON = MediaType.get("application/json");
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int MOST_BYTES = 1 << 20; // of an answer
  private static final int LONGEST_QUOTE = 300;

  private final MlflowServer server;
  private final OkHttpClient client;

  MlflowCalls(MlflowServer server) {
    this.server = server;
    this.client =
        new OkHttpClient.Builder()
            .callTimeout(TIMEOUT)
            .readTimeout(TIMEOUT)
            .writeTimeout(TIMEOUT)
            .followRedirects(false) // a page for people to log in is no answer
            .retryOnConnectionFailure(false) // who calls, waits between attempts
            .build();
  }

  /** The id of an experiment, which is made if it is not there. */
  String experiment(String name) throws MlflowFailure {
    Optional<String> there = experimentIfThere(name);
    if (there.isPresent()) {
      return there.get();
    }
    try {
      return post("experiments/create", Map.of("name", name)).text("experiment_id");
    } catch (MlflowFailure e) {
      if (e.is("RESOURCE_ALREADY_EXISTS")) { // another run was faster
        return experimentIfThere(name).orElseThrow(() -> e);
      }
      throw e;
    }
  }

  private Optional<String> experimentIfThere(String name) throws MlflowFailure {
    String method = "experiments/get-by-name";
    try {
      JsonObject answer = call(method, server.request(method, "experiment_name", name).get());
      return Optional.of(answer.object("experiment").text("experiment_id"));
    } catch (MlflowFailure e) {
      if (e.is(MISSING)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Begins a run; returns its id. */
  String createRun(String experiment, String name, long start) throws MlflowFailure {
    return post(
            "runs/create",
            Map.of(
                "experiment_id",
                experiment,
                "run_name",
                name,
                "start_time",
                start,
                "tags",
                List.of(pair("mlflow.source.name", "tastemaker"))))
        .object("run")
        .object("info")
        .text("run_id");
  }

  /** Sets the status of a run: RUNNING, or with the time when it ended FINISHED or FAILED. */
  void updateRun(String run, String status, Optional<Long> end) throws MlflowFailure {
    Map<String, Object> body = new TreeMap<>(Map.of("run_id", run, "status", status));
    end.ifPresent(time -> body.put("end_time", time));
    JsonObject unused = post("runs/update", body);
  }

  /**
   * Adds numbers and settings to a run.
   *
   * @param metrics at most 1000
   * @param params at most 100
   */
  void logBatch(String run, List<MlflowItem.Measured> metrics, Map<String, String> params)
      throws MlflowFailure {
    JsonObject unused =
        post(
            "runs/log-batch",
            Map.of(
                "run_id",
                run,
                "metrics",
                metrics.stream()
                    .map(
                        number ->
                            Map.of(
                                "key",
                                number.name(),
                                "value",
                                number.value(),
                                "timestamp",
                                number.time(),
                                "step",
                                number.step()))
                    .toList(),
                "params",
                params.entrySet().stream().map(e -> pair(e.getKey(), e.getValue())).toList()));
  }

  void setTag(String run, String key, String value) throws MlflowFailure {
    JsonObject unused = post("runs/set-tag", Map.of("run_id", run, "key", key, "value", value));
  }

  /** Ends the calls that go on, which then fail. */
  void cancel() {
    client.dispatcher().cancelAll();
  }

  /** Lets go of threads and connections. */
  void close() {
    client.dispatcher().executorService().shutdown();
    client.connectionPool().evictAll();
  }

  private static Map<String, String> pair(String key, String value) {
    return Map.of("key", key, "value", value);
  }

  private JsonObject post(String method, Map<String, ?> body) throws MlflowFailure {
    return call(method, server.request(method).post(RequestBody.create(Json.write(body), JSON)));
  }

  private JsonObject call(String method, Request.Builder request) throws MlflowFailure {
    String where = server + ", " + method;
    try (Response response = client.newCall(request.build()).execute()) {
      BufferedSource source = response.body().source();
      boolean unused = source.request(MOST_BYTES); // of one that is, the beginning is no JSON
      String body = source.getBuffer().readUtf8(Math.min(MOST_BYTES, source.getBuffer().size()));
      if (!response.isSuccessful()) {
        throw refused(where, response, body);
      }
      return Json.parseObject(body, "the answer of " + where);
    } catch (IOException e) {
      throw failed(where + ": " + e, MlflowFailure.UNREACHABLE, "", Duration.ZERO);
    } catch (IllegalArgumentException e) { // a page, mostly
      throw failed(e + "; is the address that of MLflow itself?", 200, "", Duration.ZERO);
    }
  }

  private MlflowFailure refused(String where, Response response, String body) {
    String code = "";
    String words = body;
    try {
      JsonObject error = Json.parseObject(body, where);
      code = error.text("error_code", "");
      words = error.text("message", body);
    } catch (IllegalArgumentException e) {
      // its words are the body's
    }
    String hint =
        switch (response.code()) {
          case 401, 403 -> "; check withToken(...) or withPassword(...)";
          case 301, 302, 303, 307, 308 -> "; it is not followed: check the address";
          default -> "";
        };
    String after = response.header("Retry-After", "0");
    return failed(
        String.format(
            Locale.ROOT,
            "%s: status %d %s '%s'%s",
            where,
            response.code(),
            code,
            words.length() > LONGEST_QUOTE ? words.substring(0, LONGEST_QUOTE) : words,
            hint),
        response.code(),
        code,
        after != null && after.matches("\\d{1,5}")
            ? Duration.ofSeconds(Long.parseLong(after))
            : Duration.ZERO);
  }

  private MlflowFailure failed(String message, int status, String code, Duration after) {
    return new MlflowFailure(server.redact(message), status, code, after);
  }
}
