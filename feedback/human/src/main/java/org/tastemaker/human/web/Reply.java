package org.tastemaker.human.web;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.Json;

/**
 * An answer to a request. The server adds the headers that make it safe.
 *
 * @param status of HTTP, 200 to 599
 * @param type of the body, such as {@code image/png}
 * @param body may be empty
 * @param unchanging whether a browser may keep it for ever, as it may an image that is named by its
 *     hash
 * @param fileName what a browser saves it as, or null to show it: letters, digits, {@code .},
 *     {@code _} and {@code -}
 */
public record Reply(
    int status, String type, byte[] body, boolean unchanging, @Nullable String fileName) {
  public Reply {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException("status must be 200 to 599, but was " + status);
    }
    Objects.requireNonNull(type, "type == null");
    Objects.requireNonNull(body, "body == null");
    if (fileName != null && !fileName.matches("[A-Za-z0-9._-]+")) {
      throw new IllegalArgumentException(
          "a file's name is of letters, digits, '.', '_' and '-', but was " + fileName);
    }
  }

  /**
   * JSON.
   *
   * @param value maps, lists, texts, numbers, booleans and null, as {@link Json#write} takes them
   * @return with status 200
   */
  public static Reply json(Map<String, ?> value) {
    return json(200, value);
  }

  /**
   * JSON with a status.
   *
   * @param status of HTTP
   * @param value as above
   * @return the reply
   */
  public static Reply json(int status, Map<String, ?> value) {
    return new Reply(
        status,
        "application/json; charset=utf-8",
        Json.write(value).getBytes(StandardCharsets.UTF_8),
        false,
        null);
  }

  /**
   * What a person should read.
   *
   * @param status of HTTP, 400 or above
   * @param message what was expected, what was found, and the way out
   * @return JSON with this {@code message}
   */
  public static Reply error(int status, String message) {
    return json(status, Map.of("message", message));
  }

  /**
   * Nothing is there.
   *
   * @return with status 404
   */
  public static Reply notFound() {
    return error(404, "there is nothing at this address");
  }

  /**
   * An image that is named by its hash.
   *
   * @param image is sent as PNG
   * @return with status 200; a browser may keep it
   */
  public static Reply image(Image image) {
    return new Reply(200, "image/png", image.toPng(), true, null);
  }

  /**
   * A file to save.
   *
   * @param name letters, digits, {@code .}, {@code _} and {@code -}
   * @param type of its content
   * @param content of the file
   * @return with status 200
   */
  public static Reply download(String name, String type, byte[] content) {
    return new Reply(200, type, content, false, Objects.requireNonNull(name, "name == null"));
  }
}
