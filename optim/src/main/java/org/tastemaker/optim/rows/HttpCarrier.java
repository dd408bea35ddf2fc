package org.tastemaker.optim.rows;

import com.google.common.collect.Iterables;
import com.google.common.io.ByteSource;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Carries rows to worker processes over HTTP: {@link RowServer}s on this machine or a few others.
 *
 * <p>Each worker is given a few rows at a time, and the next when it has answered, so that a fast
 * one does more. When a worker breaks off, the results that it has sent count, and its other rows
 * go to the workers that are left. Rows that have broken off too often are an exception; so is a
 * carrier without workers. A worker that broke off is tried again at the next call of {@link
 * #carry}.
 */
public final class HttpCarrier implements RowCarrier, AutoCloseable {
  private final List<URI> workers;
  private final String secret;
  private final Options options;
  private final HttpClient client;
  private final ScheduledExecutorService watch;

  /**
   * How rows are carried.
   *
   * @param rowsPerRequest that a worker is given at a time, at least 1
   * @param attempts of a row on different workers before it is given up, at least 1
   * @param connect how long a worker may take to be reached
   * @param answer how long it may take for all rows of a request; then they go to another
   * @param limits of what comes back
   */
  @RecordBuilder
  public record Options(
      int rowsPerRequest, int attempts, Duration connect, Duration answer, RowLimits limits)
      implements HttpCarrierOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(limits, "limits == null");
      if (rowsPerRequest < 1 || attempts < 1) {
        throw new IllegalArgumentException(
            "rowsPerRequest and attempts must be at least 1, but were "
                + rowsPerRequest
                + " and "
                + attempts);
      }
      if (connect.isNegative() || connect.isZero() || answer.isNegative() || answer.isZero()) {
        throw new IllegalArgumentException(
            "connect and answer must be above 0, but were " + connect + " and " + answer);
      }
    }

    /**
     * 8 rows at a time, 3 attempts, 10 seconds to connect, 30 minutes for an answer.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(
          8, 3, Duration.ofSeconds(10), Duration.ofMinutes(30), RowLimits.defaults());
    }
  }

  private HttpCarrier(List<URI> workers, String secret, Options options) {
    this.workers = List.copyOf(workers);
    this.secret = Objects.requireNonNull(secret, "secret == null");
    this.options = Objects.requireNonNull(options, "options == null");
    if (this.workers.isEmpty()) {
      throw new IllegalArgumentException("there must be at least one worker, but there was none");
    }
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(options.connect())
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    this.watch =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "row-watch");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * A carrier.
   *
   * @param workers where they are, such as {@link RowServer#uri}; at least one. One that is named
   *     twice has two requests at a time, so that its judge does not wait between them
   * @param secret of the workers
   * @param options how rows are carried
   * @return the carrier: the caller closes it
   */
  public static HttpCarrier to(List<URI> workers, String secret, Options options) {
    return new HttpCarrier(workers, secret, options);
  }

  @Override
  public void carry(RowCargo cargo, Consumer<ResultRow> taker) {
    RowQueue queue = RowQueue.of(cargo, options.attempts(), workers.size());
    ExecutorService threads = Executors.newFixedThreadPool(workers.size());
    try {
      List<Future<?>> all = new ArrayList<>();
      for (URI worker : workers) {
        all.add(threads.submit(() -> serve(worker, queue, taker)));
      }
      all.forEach(Threads::join);
    } finally {
      queue.stop();
      threads.shutdownNow();
    }
    queue.requireDone();
  }

  /** One worker's turns, until there is nothing left to do or it breaks off. */
  private void serve(URI worker, RowQueue queue, Consumer<ResultRow> taker) {
    try {
      for (RowAdapter adapter : queue.cargo().adapters()) {
        bring(worker, adapter);
      }
      while (true) {
        RowQueue.Part part = queue.next(options.rowsPerRequest());
        if (part.isEmpty()) {
          return;
        }
        try {
          ask(
              worker,
              part,
              result -> {
                if (part.done(result.row())) { // a worker may not answer what it was not asked
                  taker.accept(result);
                }
              });
        } finally {
          queue.finish(part);
        }
      }
    } catch (IOException | RowException e) {
      queue.lose(worker.toString(), String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while rows were carried");
    } catch (RuntimeException | Error e) {
      queue.stop(); // the taker's: nothing more is wanted
      throw e;
    }
  }

  private void bring(URI worker, RowAdapter adapter) throws IOException, InterruptedException {
    URI at = worker.resolve(RowWire.ADAPTERS + adapter.sha256());
    HttpResponse<Void> here =
        client.send(
            request(at).method("HEAD", HttpRequest.BodyPublishers.noBody()).build(),
            HttpResponse.BodyHandlers.discarding());
    if (here.statusCode() == 200) {
      return;
    }
    HttpResponse<InputStream> response =
        client.send(
            request(at).PUT(HttpRequest.BodyPublishers.ofByteArray(adapter.bytes())).build(),
            HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      requireOk(worker, response.statusCode(), body);
    }
  }

  private void ask(URI worker, RowQueue.Part part, Consumer<ResultRow> taker)
      throws IOException, InterruptedException {
    URI at = worker.resolve(RowWire.RUN + "?" + RowWire.ATTEMPT + part.attempt());
    HttpResponse<InputStream> response =
        client.send(
            request(at)
                .POST(HttpRequest.BodyPublishers.ofInputStream(() -> open(body(part.rows()))))
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      ScheduledFuture<?> late =
          watch.schedule(() -> closeLate(in), options.answer().toMillis(), TimeUnit.MILLISECONDS);
      try {
        requireOk(worker, response.statusCode(), in);
        RowWire.readResults(in, options.limits(), taker);
      } finally {
        late.cancel(false);
      }
    }
  }

  private HttpRequest.Builder request(URI at) {
    return HttpRequest.newBuilder(at)
        .timeout(options.answer())
        .header("Authorization", RowWire.bearer(secret));
  }

  /** Row by row, so that one row's bytes are in memory at a time. */
  private static ByteSource body(List<WorkRow> rows) {
    Iterable<ByteSource> framed =
        Iterables.transform(rows, row -> framed(out -> RowWire.write(out, RowFormat.write(row))));
    return ByteSource.concat(Iterables.concat(framed, List.of(framed(RowWire::end))));
  }

  private interface Writing {
    void to(OutputStream out) throws IOException;
  }

  private static ByteSource framed(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      writing.to(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ByteSource.wrap(bytes.toByteArray());
  }

  private static InputStream open(ByteSource body) {
    try {
      return body.openStream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requireOk(URI worker, int status, @Nullable InputStream body)
      throws IOException {
    if (status != 200) {
      String words = body == null ? "" : new String(body.readNBytes(4096), StandardCharsets.UTF_8);
      throw new IOException(
          String.format(Locale.ROOT, "worker %s answered %s: %s", worker, status, words));
    }
  }

  private static void closeLate(InputStream in) {
    try {
      in.close(); // who reads it sees that it breaks off
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends the carrier's threads. The workers go on. */
  @Override
  public void close() {
    watch.shutdownNow();
  }
}
