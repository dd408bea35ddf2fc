package org.tastemaker.feedback.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.tastemaker.feedback.resilience.Sleeper;

/**
 * HTTP on the loopback interface: receives requests, waits for the latency, and delivers all of the
 * answer, half of it, or nothing. What requests mean is not its concern.
 */
final class LoopbackHttp implements AutoCloseable {
  private static final int LONGEST_REQUEST = 64 << 20;
  private static final String NO_DELAY = "sun.net.httpserver.nodelay";

  private final Function<Incoming, Outgoing> service;
  private final Duration latency;
  private final Clock clock;
  private final Sleeper sleeper;
  private final HttpServer http;
  private final ExecutorService threads;
  private final AtomicLong requests = new AtomicLong();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger mostInFlight = new AtomicInteger();

  /**
   * Opens a free port.
   *
   * @param service answers; called from several threads
   * @param latency of an answer, from the arrival of its request
   */
  LoopbackHttp(
      Function<Incoming, Outgoing> service, Duration latency, Clock clock, Sleeper sleeper) {
    this.service = service;
    this.latency = latency;
    this.clock = clock;
    this.sleeper = sleeper;
    // Without it, the JDK's server sends head and body apart, and each answer waits 40 ms for the
    // client's delayed acknowledgement. There is no other way to set it.
    if (System.getProperty(NO_DELAY) == null) {
      System.setProperty(NO_DELAY, "true");
    }
    try {
      this.http =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    } catch (IOException e) {
      throw new UncheckedIOException("no server can be opened on the loopback interface", e);
    }
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "loopback-server");
              thread.setDaemon(true);
              return thread;
            });
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  /** Host and port, such as {@code 127.0.0.1:40123}. */
  String address() {
    InetSocketAddress address = http.getAddress();
    return address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  /** Requests that came in. */
  long requests() {
    return requests.get();
  }

  int mostInFlight() {
    return mostInFlight.get();
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      send(exchange, answer(exchange));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The answer, when its time has come. The request is no longer in flight then: its caller may
   * send the next one before this thread is told that the answer has been written.
   */
  private Outgoing answer(HttpExchange exchange) throws IOException, InterruptedException {
    long number = requests.getAndIncrement();
    mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
    try {
      byte[] bytes = exchange.getRequestBody().readNBytes(LONGEST_REQUEST + 1);
      Instant arrival = clock.instant();
      if (bytes.length > LONGEST_REQUEST) {
        return ErrorBody.of(
            new BadRequest(
                413, "too_large", "", "a request may have " + LONGEST_REQUEST + " bytes"));
      }
      String body = new String(bytes, StandardCharsets.UTF_8);
      Outgoing answer =
          service.apply(
              new Incoming(
                  number,
                  exchange.getRequestMethod(),
                  exchange.getRequestURI().getPath(),
                  Objects.requireNonNullElse(exchange.getRequestURI().getRawQuery(), ""),
                  exchange.getRequestHeaders().getFirst("Authorization"),
                  Objects.requireNonNullElse(
                      exchange.getRequestHeaders().getFirst("Content-Type"), ""),
                  body));
      // What it took to make the answer is a part of its latency.
      Duration left =
          latency.plus(answer.delay()).minus(Duration.between(arrival, clock.instant()));
      if (!left.isZero() && !left.isNegative()) {
        sleeper.sleep(left);
      }
      return answer;
    } finally {
      inFlight.decrementAndGet();
    }
  }

  private static void send(HttpExchange exchange, Outgoing answer) throws IOException {
    if (answer.delivery() == Outgoing.Delivery.NONE) {
      return; // closing the exchange ends the connection
    }
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    answer.headers().forEach(exchange.getResponseHeaders()::set);
    byte[] body = answer.bytes();
    exchange.sendResponseHeaders(answer.status(), body.length);
    OutputStream out = exchange.getResponseBody();
    if (answer.delivery() == Outgoing.Delivery.HALF) {
      out.write(body, 0, body.length / 2);
      out.flush();
    } else {
      out.write(body);
    }
  }
}
