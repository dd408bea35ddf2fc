package org.tastemaker.optim.rows;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker that takes rows over HTTP, for {@link HttpCarrier}: on the loopback interface, unless it
 * is given another address. Who asks must know the secret. Bodies are bounded, and nothing in them
 * is run: rows are data.
 *
 * <pre>{@code
 * try (RowWorker worker = RowWorker.open(setup, RowWorker.processName("a"));
 *     RowServer server = RowServer.start(worker, secret)) {
 *   System.out.println(server.uri());
 *   Thread.currentThread().join();
 * }
 * }</pre>
 *
 * <p>The connection is not encrypted: between machines, use a private network or a tunnel.
 */
public final class RowServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RowServer.class);
  private static final int LEAST_SECRET = 16;
  private static final String NO_DELAY = "sun.net.httpserver.nodelay";

  private final RowWorker worker;
  private final String authorization;
  private final RowLimits limits;
  private final HttpServer http;
  private final ExecutorService threads;

  private RowServer(RowWorker worker, String secret, InetSocketAddress address, RowLimits limits) {
    if (secret.length() < LEAST_SECRET) {
      throw new IllegalArgumentException(
          "the secret must have at least " + LEAST_SECRET + " characters");
    }
    this.worker = Objects.requireNonNull(worker, "worker == null");
    this.authorization = RowWire.bearer(secret);
    this.limits = Objects.requireNonNull(limits, "limits == null");
    // Without it each small answer waits for the delayed acknowledgement of the one before it.
    if (System.getProperty(NO_DELAY) == null) {
      System.setProperty(NO_DELAY, "true");
    }
    try {
      this.http = HttpServer.create(address, 0);
    } catch (IOException e) {
      throw new UncheckedIOException("no worker can be opened at " + address, e);
    }
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "row-server");
              thread.setDaemon(true);
              return thread;
            });
    http.setExecutor(threads);
    http.createContext(RowWire.RUN, exchange -> handle(exchange, this::run));
    http.createContext(RowWire.ADAPTERS, exchange -> handle(exchange, this::adapter));
    http.start();
  }

  /**
   * Opens a worker at a free port of the loopback interface.
   *
   * @param worker does the rows; stays the caller's
   * @param secret of at least 16 characters, which the carrier knows too
   * @return the server: the caller closes it
   * @throws UncheckedIOException if no port can be opened
   */
  public static RowServer start(RowWorker worker, String secret) {
    return start(
        worker,
        secret,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        RowLimits.defaults());
  }

  /**
   * Opens a worker at an address.
   *
   * @param worker does the rows; stays the caller's
   * @param secret of at least 16 characters, which the carrier knows too
   * @param address such as one of a private network; the port 0 is a free one
   * @param limits of requests
   * @return the server: the caller closes it
   * @throws UncheckedIOException if it cannot be opened
   */
  public static RowServer start(
      RowWorker worker, String secret, InetSocketAddress address, RowLimits limits) {
    return new RowServer(worker, secret, address, limits);
  }

  /**
   * Where the worker is.
   *
   * @return such as {@code http://127.0.0.1:40123}
   */
  public URI uri() {
    InetSocketAddress address = http.getAddress();
    String host = address.getAddress().getHostAddress();
    return URI.create(
        String.format(
            Locale.ROOT,
            host.contains(":") ? "http://[%s]:%d" : "http://%s:%d",
            host,
            address.getPort()));
  }

  private interface Service {
    void serve(HttpExchange exchange) throws IOException;
  }

  private void handle(HttpExchange exchange, Service service) throws IOException {
    try (exchange) {
      String given =
          Objects.requireNonNullElse(
              exchange.getRequestHeaders().getFirst("Authorization"), "none");
      if (!RowWire.isSame(given, authorization)) {
        answer(exchange, 401, "the secret is another one");
        return;
      }
      service.serve(exchange);
    } catch (IOException e) {
      LOG.warn("a request broke off: {}", e.toString()); // its sender gives the rows to another
      throw e;
    } catch (RuntimeException e) {
      LOG.warn("a request failed", e);
      throw e;
    }
  }

  /** PUT of an adapter's file under its hash; HEAD says whether it is here. */
  private void adapter(HttpExchange exchange) throws IOException {
    String sha256 = exchange.getRequestURI().getPath().substring(RowWire.ADAPTERS.length());
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(worker.hasAdapter(sha256) ? 200 : 404, -1);
      return;
    }
    if (!exchange.getRequestMethod().equals("PUT")) {
      answer(exchange, 405, "an adapter is brought by PUT");
      return;
    }
    byte[] bytes = exchange.getRequestBody().readNBytes(limits.adapterBytes() + 1);
    if (bytes.length > limits.adapterBytes()) {
      answer(exchange, 413, "an adapter has at most " + limits.adapterBytes() + " bytes");
      return;
    }
    RowAdapter adapter = RowAdapter.ofBytes(bytes);
    if (!adapter.sha256().equals(sha256)) {
      answer(exchange, 400, "the adapter is not the one of its hash");
      return;
    }
    try {
      worker.take(adapter);
    } catch (RowException e) {
      answer(exchange, 409, String.valueOf(e.getMessage()));
      return;
    }
    answer(exchange, 200, "");
  }

  /** POST of rows; each result is sent as soon as it is there. */
  private void run(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      answer(exchange, 405, "rows are brought by POST");
      return;
    }
    List<WorkRow> rows;
    int attempt;
    try (InputStream in = exchange.getRequestBody()) {
      attempt = attempt(exchange.getRequestURI().getQuery());
      rows = RowWire.readWork(in, limits);
    } catch (RowException e) {
      answer(exchange, 400, String.valueOf(e.getMessage()));
      return;
    }
    try {
      worker.check(rows);
    } catch (RowException e) {
      answer(exchange, 409, String.valueOf(e.getMessage()));
      return;
    }
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      try {
        worker.run(rows, attempt, result -> send(out, result));
        RowWire.end(out);
      } catch (UncheckedIOException e) {
        throw e.getCause(); // nobody listens any more
      } catch (RuntimeException e) {
        LOG.warn("rows could not be done", e);
        RowWire.fail(out, e.toString());
      }
    }
  }

  private static void send(OutputStream out, ResultRow result) {
    try {
      RowWire.write(out, RowFormat.write(result));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int attempt(@Nullable String query) {
    if (query == null || !query.matches(RowWire.ATTEMPT + "[1-9][0-9]{0,5}")) {
      throw new RowException("expected the query attempt=1 or more, but it was " + query);
    }
    return Integer.parseInt(query.substring(RowWire.ATTEMPT.length()));
  }

  private static void answer(HttpExchange exchange, int status, String words) throws IOException {
    byte[] body = words.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }

  /** Closes the port. Requests that are in flight break off. */
  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }
}
