package org.tastemaker.human.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/** A person without a browser: sends what the scripts of a page send. */
public final class PersonByHttp {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI address;

  /**
   * A person with an address.
   *
   * @param address with the token, as the server gives it
   */
  public PersonByHttp(URI address) {
    this.address = address;
  }

  /**
   * A reply.
   *
   * @param status of HTTP
   * @param json of the body
   */
  public record Said(int status, JsonObject json) {}

  /**
   * What the page shows now.
   *
   * @return the state, without waiting for news
   */
  public JsonObject state() {
    return send(request("/api/state", "&since=0").GET().build()).json();
  }

  /**
   * Sends a click.
   *
   * @param path such as {@code /api/answer}
   * @param body of the click
   * @return the reply, whatever its status
   */
  public Said click(String path, Map<String, ?> body) {
    return send(
        request(path, "")
            .header("X-Tastemaker", "1")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(Json.write(body)))
            .build());
  }

  /**
   * Looks at an image.
   *
   * @param path of the image
   * @return how red its first pixel is, in [0, 1]
   */
  public double red(String path) {
    return image(path).get(0, 0, 0);
  }

  /**
   * Loads an image.
   *
   * @param path of the image
   * @return as the page would show it
   */
  public Image image(String path) {
    try {
      HttpResponse<byte[]> reply =
          client.send(request(path, "").GET().build(), HttpResponse.BodyHandlers.ofByteArray());
      return Image.fromBytes(reply.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private HttpRequest.Builder request(String path, String more) {
    URI there = address.resolve(path + "?" + address.getRawQuery() + more);
    return HttpRequest.newBuilder(there).timeout(PATIENCE);
  }

  private Said send(HttpRequest request) {
    try {
      HttpResponse<String> reply = client.send(request, HttpResponse.BodyHandlers.ofString());
      return new Said(reply.statusCode(), Json.parseObject(reply.body(), request.toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
