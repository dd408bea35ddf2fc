package org.tastemaker.feedback.server;

import com.google.common.base.Splitter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Files and batches: {@code /files} and {@code /batches} of the API. A batch is validated, is in
 * progress and is finalized for set times by the server's clock; its lines are answered when the
 * time for that is over and somebody asks. Thread-safe.
 */
final class BatchDesk {
  private static final String FILES = "/v1/files";
  private static final String BATCHES = "/v1/batches";

  private final LineService service;
  private final Clock clock;
  private final Duration step;
  private final Map<String, String> files = new LinkedHashMap<>();
  private final Map<String, ServedBatch> batches = new LinkedHashMap<>();
  private final ConcurrentLinkedQueue<BatchFault> faults = new ConcurrentLinkedQueue<>();
  private final AtomicLong numbers = new AtomicLong();

  /**
   * A desk without files.
   *
   * @param step how long a batch is in each of its three states
   */
  BatchDesk(LineService service, Clock clock, Duration step) {
    this.service = service;
    this.clock = clock;
    this.step = step;
  }

  boolean serves(String path) {
    return path.equals(FILES)
        || path.equals(BATCHES)
        || path.startsWith(FILES + "/")
        || path.startsWith(BATCHES + "/");
  }

  void next(List<BatchFault> those) {
    faults.addAll(those);
  }

  /** Batches made so far. */
  synchronized int batches() {
    return batches.size();
  }

  /** Files that are there. */
  synchronized int files() {
    return files.size();
  }

  synchronized Outgoing answer(Incoming request) throws BadRequest {
    String path = request.path();
    List<String> steps = Splitter.on('/').splitToList(path.substring("/v1/".length()));
    String what = request.method() + " " + steps.get(0) + " " + (steps.size() - 1);
    return switch (what) {
      case "POST files 0" -> upload(request);
      case "GET files 2" -> Outgoing.of(200, file(steps.get(1)));
      case "DELETE files 1" -> delete(steps.get(1));
      case "POST batches 0" -> create(Json.object(request.body()));
      case "GET batches 0" -> list(request.query());
      case "GET batches 1" -> shown(batch(steps.get(1)));
      case "POST batches 2" -> cancel(steps.get(1));
      default ->
          throw new BadRequest(
              404, "unknown_url", "", "Unknown request URL: " + request.method() + " " + path);
    };
  }

  private Outgoing upload(Incoming request) throws BadRequest {
    Map<String, String> parts = Multipart.read(request.contentType(), request.body());
    String content = parts.get("file");
    if (content == null || !"batch".equals(parts.get("purpose"))) {
      throw BadRequest.because(
          "invalid_value", "purpose", "a file and the purpose batch are needed");
    }
    String id = keep(content);
    return Outgoing.of(
        200,
        Json.write(
            Map.of("id", id, "object", "file", "bytes", content.length(), "purpose", "batch")));
  }

  private String keep(String content) {
    String id = "file-" + numbers.incrementAndGet();
    files.put(id, content);
    return id;
  }

  private String file(String id) throws BadRequest {
    String content = files.get(id);
    if (content == null) {
      throw new BadRequest(404, "", "id", "No such File object: " + id);
    }
    return content;
  }

  private Outgoing delete(String id) throws BadRequest {
    file(id);
    files.remove(id);
    return Outgoing.of(200, Json.write(Map.of("id", id, "object", "file", "deleted", true)));
  }

  private Outgoing create(Map<?, ?> body) throws BadRequest {
    String input = Json.text(body.get("input_file_id"), "input_file_id");
    String endpoint = Json.text(body.get("endpoint"), "endpoint");
    BatchFault fault = faults.poll();
    ServedBatch batch =
        new ServedBatch(
            "batch_" + numbers.incrementAndGet(),
            endpoint,
            input,
            body.get("metadata") instanceof Map<?, ?> metadata ? metadata : Map.of(),
            clock.instant(),
            fault);
    batch.take(file(input));
    batches.put(batch.id(), batch);
    Outgoing answer = shown(batch);
    return fault == BatchFault.UNHEARD ? answer.delivered(Outgoing.Delivery.NONE) : answer;
  }

  private Outgoing list(String query) throws BadRequest {
    int limit = 20;
    @Nullable String after = null;
    for (String pair : Splitter.on('&').split(query)) {
      if (pair.startsWith("limit=")) {
        limit = Integer.parseInt(pair.substring(6));
      } else if (pair.startsWith("after=")) {
        after = pair.substring(6);
      }
    }
    List<ServedBatch> newestFirst = new ArrayList<>(batches.values());
    Collections.reverse(newestFirst);
    List<Object> page = new ArrayList<>();
    boolean begun = after == null;
    boolean more = false;
    for (ServedBatch batch : newestFirst) {
      if (begun && page.size() == limit) {
        more = true;
        break;
      }
      if (begun) {
        move(batch);
        page.add(batch.json());
      }
      begun = begun || batch.id().equals(after);
    }
    return Outgoing.of(200, Json.write(Map.of("object", "list", "data", page, "has_more", more)));
  }

  private Outgoing cancel(String id) throws BadRequest {
    batch(id).cancel();
    return shown(batch(id));
  }

  private ServedBatch batch(String id) throws BadRequest {
    ServedBatch batch = batches.get(id);
    if (batch == null) {
      throw new BadRequest(404, "", "id", "No batch found with id '" + id + "'.");
    }
    return batch;
  }

  private Outgoing shown(ServedBatch batch) throws BadRequest {
    move(batch);
    return Outgoing.of(200, Json.write(batch.json()));
  }

  /** Brings a batch to where it must be by now. */
  private void move(ServedBatch batch) {
    Instant now = clock.instant();
    long steps =
        step.isZero()
            ? Long.MAX_VALUE
            : Duration.between(batch.created(), now).toMillis() / Math.max(1, step.toMillis());
    Optional<ServedBatch.Files> made = batch.move(steps, service);
    if (made.isPresent()) {
      String output = made.get().output();
      String errors = made.get().errors();
      batch.filed(output.isEmpty() ? null : keep(output), errors.isEmpty() ? null : keep(errors));
    }
  }
}
