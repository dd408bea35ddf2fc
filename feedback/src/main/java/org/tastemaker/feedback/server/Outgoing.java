package org.tastemaker.feedback.server;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * An answer to a request, as HTTP is to deliver it.
 *
 * @param status of HTTP
 * @param body JSON
 * @param headers by their names; the type is JSON where they do not say another
 * @param delivery how much of it arrives
 * @param delay on top of the server's latency
 */
record Outgoing(
    int status, String body, Map<String, String> headers, Delivery delivery, Duration delay) {

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
    return new Outgoing(status, body, Map.of(), Delivery.WHOLE, Duration.ZERO);
  }

  Outgoing retryAfter(Duration time) {
    return with(Map.of("Retry-After", String.valueOf(time.toMillis() / 1000.0)));
  }

  Outgoing with(Map<String, String> more) {
    Map<String, String> all = new TreeMap<>(headers);
    all.putAll(more);
    return new Outgoing(status, body, all, delivery, delay);
  }

  Outgoing saying(String words) {
    return new Outgoing(status, words, headers, delivery, delay);
  }

  Outgoing delivered(Delivery how) {
    return new Outgoing(status, body, headers, how, delay);
  }

  Outgoing delayed(Duration time) {
    return new Outgoing(status, body, headers, delivery, time);
  }

  byte[] bytes() {
    return body.getBytes(StandardCharsets.UTF_8);
  }
}
