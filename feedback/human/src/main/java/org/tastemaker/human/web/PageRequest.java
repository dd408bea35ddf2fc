package org.tastemaker.human.web;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/**
 * A request that has passed all checks of the server.
 *
 * @param method {@code GET} or {@code POST}
 * @param path of the page, such as {@code /api/state}; begins with a slash and has no {@code ..}
 * @param query its parameters, decoded; of one that is there twice, the first
 * @param visitor who sent it: the name that belongs to the token
 * @param body of a POST, at most {@link PageServer.Options#mostBytes}; empty for a GET
 */
public record PageRequest(
    String method, String path, Map<String, String> query, String visitor, byte[] body) {
  public PageRequest {
    Objects.requireNonNull(method, "method == null");
    Objects.requireNonNull(path, "path == null");
    Objects.requireNonNull(visitor, "visitor == null");
    Objects.requireNonNull(body, "body == null");
    query = Map.copyOf(query);
  }

  /**
   * The body as text.
   *
   * @return UTF-8, with replacement characters where it is none
   */
  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /**
   * A parameter that is a whole number.
   *
   * @param name of the parameter
   * @param otherwise where it is not there, or is no such number
   * @return the number
   */
  public long number(String name, long otherwise) {
    try {
      return Long.parseLong(query.getOrDefault(name, ""));
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  /**
   * Whether it is of a method and a path.
   *
   * @param wantedMethod {@code GET} or {@code POST}
   * @param wantedPath begins with a slash
   * @return true if both are equal
   */
  public boolean is(String wantedMethod, String wantedPath) {
    return method.equals(wantedMethod) && path.equals(wantedPath);
  }
}
