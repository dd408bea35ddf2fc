package org.tastemaker.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/**
 * A tracking server that keeps what it is told in memory, and rejects what MLflow rejects: too long
 * batches, other names, settings that change. What it does instead at times, a test says.
 */
final class FakeMlflow extends Dispatcher implements AutoCloseable {
  private final MockWebServer server = new MockWebServer();
  private final Deque<MockResponse> faults = new ArrayDeque<>();
  private final CountDownLatch held = new CountDownLatch(1);
  private @Nullable MockResponse always;
  private boolean holding;

  /** Names by id. */
  final Map<String, String> experiments = new TreeMap<>();

  final Map<String, Run> runs = new TreeMap<>();
  final List<String> methods = new ArrayList<>();
  final List<@Nullable String> authorizations = new ArrayList<>();

  /** A run. */
  static final class Run {
    final String experiment;
    final String name;
    String status = "RUNNING";
    @Nullable Long end;
    final List<String> metrics = new ArrayList<>();
    final Map<String, String> params = new TreeMap<>();
    final Map<String, String> tags = new TreeMap<>();
    int batches;

    Run(String experiment, String name) {
      this.experiment = experiment;
      this.name = name;
    }
  }

  FakeMlflow() throws IOException {
    server.setDispatcher(this);
    server.start();
  }

  String address() {
    return server.url("/").toString();
  }

  /** Answers the next request with a failure. */
  synchronized FakeMlflow failsWith(MockResponse response) {
    faults.add(response);
    return this;
  }

  /** Answers every request so, until told null. */
  synchronized FakeMlflow always(@Nullable MockResponse response) {
    always = response;
    return this;
  }

  /** Answers nothing until it is closed. */
  synchronized void hold() {
    holding = true;
  }

  static MockResponse status(int code, String error, String message) {
    return new MockResponse.Builder()
        .code(code)
        .body(Json.write(Map.of("error_code", error, "message", message)))
        .build();
  }

  Run onlyRun() {
    if (runs.size() != 1) {
      throw new AssertionError("there must be one run, but there are " + runs.keySet());
    }
    return runs.values().iterator().next();
  }

  @Override
  public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
    boolean wait;
    synchronized (this) {
      wait = holding;
    }
    if (wait) {
      held.await();
    }
    return answer(request);
  }

  private synchronized MockResponse answer(RecordedRequest request) {
    String target = Objects.requireNonNull(request.getTarget());
    String method = target.replaceFirst("^/api/2.0/mlflow/", "").replaceFirst("\\?.*", "");
    methods.add(method);
    authorizations.add(request.getHeaders().get("Authorization"));
    MockResponse fault = always != null ? always : faults.poll();
    if (fault != null) {
      return fault;
    }
    if (method.equals("experiments/get-by-name")) {
      return experiment(Objects.requireNonNull(request.getUrl().queryParameter("experiment_name")));
    }
    JsonObject body =
        Json.parseObject(Objects.requireNonNull(request.getBody()).utf8(), "a request");
    return switch (method) {
      case "experiments/create" -> {
        experiments.put("7", body.text("name"));
        yield ok(Map.of("experiment_id", "7"));
      }
      case "runs/create" -> {
        String id = "run" + (runs.size() + 1);
        runs.put(id, new Run(body.text("experiment_id"), body.text("run_name")));
        yield ok(Map.of("run", Map.of("info", Map.of("run_id", id))));
      }
      default -> {
        Run run = runs.get(body.text("run_id"));
        yield run == null
            ? status(404, "RESOURCE_DOES_NOT_EXIST", "Run not found")
            : of(run, method, body);
      }
    };
  }

  private MockResponse experiment(String name) {
    for (Map.Entry<String, String> entry : experiments.entrySet()) {
      if (entry.getValue().equals(name)) {
        return ok(Map.of("experiment", Map.of("experiment_id", entry.getKey(), "name", name)));
      }
    }
    return status(404, "RESOURCE_DOES_NOT_EXIST", "Could not find experiment");
  }

  private static MockResponse of(Run run, String method, JsonObject body) {
    switch (method) {
      case "runs/update" -> {
        run.status = body.text("status");
        run.end = body.has("end_time") ? body.longInteger("end_time") : null;
      }
      case "runs/set-tag" -> {
        requireName(body.text("key"));
        run.tags.put(body.text("key"), body.text("value"));
      }
      case "runs/log-batch" -> {
        List<JsonObject> metrics = body.objects("metrics");
        List<JsonObject> params = body.objects("params");
        Set<String> once = new HashSet<>();
        if (metrics.size() > 1000 || params.size() > 100) {
          return status(400, "INVALID_PARAMETER_VALUE", "too many");
        }
        for (JsonObject param : params) {
          String before = run.params.get(param.text("key"));
          requireName(param.text("key"));
          if (param.text("value").length() > 6000
              || !once.add(param.text("key"))
              || (before != null && !before.equals(param.text("value")))) {
            return status(400, "INVALID_PARAMETER_VALUE", "Changing param values is not allowed");
          }
        }
        params.forEach(param -> run.params.put(param.text("key"), param.text("value")));
        run.batches++;
        for (JsonObject metric : metrics) {
          requireName(metric.text("key"));
          run.metrics.add(
              metric.longInteger("step")
                  + " "
                  + metric.text("key")
                  + " "
                  + metric.number("value")
                  + " "
                  + metric.longInteger("timestamp"));
        }
      }
      default -> throw new UncheckedIOException(new IOException("no method " + method));
    }
    return ok(Map.of());
  }

  private static void requireName(String name) {
    if (!name.matches("[/\\w.\\- ]{1,250}") || name.startsWith("/") || name.contains("..")) {
      throw new AssertionError("MLflow does not allow the name " + name);
    }
  }

  private static MockResponse ok(Map<String, ?> body) {
    return new MockResponse.Builder().body(Json.write(body)).build();
  }

  @Override
  public void close() {
    held.countDown();
    server.close();
  }
}
