package org.tastemaker.feedback.server;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * An answer to a request, as HTTP is to deliver it.
 *
 * @param status of HTTP
 * @param body JSON
 * @param retryAfter what the header of that name says; empty for no header
 * @param delivery how much of it arrives
 * @param delay on top of the server's latency
 */
record Outgoing(
    int status, String body, Optional<Duration> retryAfter, Delivery delivery, Duration delay) {

  /** How much of an answer arrives. */
  enum Delivery {
    /** All of it. */
    WHOLE,
    /** The head, and half of the body. */
    HALF,
    /** Nothing: the connection ends. */
    NONE
  }

  static Outgoing of(int status, String body) {
    return new Outgoing(status, body, Optional.empty(), Delivery.WHOLE, Duration.ZERO);
  }

  Outgoing retryAfter(Duration time) {
    return new Outgoing(status, body, Optional.of(time), delivery, delay);
  }

  Outgoing delivered(Delivery how) {
    return new Outgoing(status, body, retryAfter, how, delay);
  }

  Outgoing delayed(Duration time) {
    return new Outgoing(status, body, retryAfter, delivery, time);
  }

  byte[] bytes() {
    return body.getBytes(StandardCharsets.UTF_8);
  }
}
