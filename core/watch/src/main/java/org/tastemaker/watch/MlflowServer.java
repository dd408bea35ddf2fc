package org.tastemaker.watch;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import okhttp3.Credentials;
import okhttp3.HttpUrl;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;

/**
 * A tracking server of MLflow, and how to introduce oneself to it. Immutable; what it is told in
 * secret is in none of its texts.
 */
public final class MlflowServer {
  private static final String HIDDEN = "[hidden]";

  /** A shorter secret may stand in a text by chance. */
  private static final int TRIVIAL = 6;

  private final HttpUrl address;
  private final @Nullable String authorization;
  private final List<String> secrets;

  private MlflowServer(HttpUrl address, @Nullable String authorization, List<String> secrets) {
    this.address = address;
    this.authorization = authorization;
    this.secrets = secrets;
  }

  /**
   * A server that asks for no name.
   *
   * @param address as MLflow's own clients have it in {@code MLFLOW_TRACKING_URI}, such as {@code
   *     http://localhost:5000}; a path is kept, for a server behind a proxy
   * @return the server; nothing is asked yet
   * @throws IllegalArgumentException if it is no address of HTTP, or has a password in it
   */
  public static MlflowServer at(String address) {
    HttpUrl url = HttpUrl.parse(address);
    if (url != null && !(url.encodedUsername() + url.encodedPassword()).isEmpty()) {
      throw new IllegalArgumentException(
          "the address of an MLflow server at "
              + url.host()
              + " must have no name and no password in it, since addresses are logged; use"
              + " withPassword(...)");
    }
    if (url == null || url.query() != null || url.fragment() != null) {
      throw new IllegalArgumentException(
          "the address of an MLflow server begins with http:// or https:// and has no '?' and no"
              + " '#', such as http://localhost:5000, but was '"
              + address
              + "'");
    }
    return new MlflowServer(url, null, List.of());
  }

  /**
   * The server, asked with a bearer token.
   *
   * @param token never logged
   * @return a copy
   * @throws IllegalArgumentException if it cannot be a token; the message does not show it
   */
  public MlflowServer withToken(String token) {
    if (!token.matches("[\\x21-\\x7e]+")) {
      throw new IllegalArgumentException(
          "a token of an MLflow server consists of visible ASCII characters without spaces, but"
              + " the one given has "
              + token.length()
              + " characters, others among them; look for a line break or quotes around it");
    }
    return new MlflowServer(address, "Bearer " + token, List.of(token));
  }

  /**
   * The server, asked with a name and a password (HTTP's basic authentication).
   *
   * @param user without a colon
   * @param password never logged
   * @return a copy
   */
  public MlflowServer withPassword(String user, String password) {
    Objects.requireNonNull(password, "password == null");
    if (user.contains(":")) {
      throw new IllegalArgumentException(
          "the name of a user of an MLflow server has no colon, but was '"
              + user.substring(0, user.indexOf(':'))
              + ":...'; give the password as the second argument");
    }
    String basic = Credentials.basic(user, password, StandardCharsets.UTF_8);
    return new MlflowServer(
        address, basic, List.of(basic.substring(basic.indexOf(' ') + 1), password));
  }

  /** A request of a method of the API 2.0, such as {@code runs/create}, without its body. */
  Request.Builder request(String method, String... query) {
    HttpUrl.Builder url = address.newBuilder();
    if (address.pathSegments().get(address.pathSize() - 1).isEmpty()) {
      url.removePathSegment(address.pathSize() - 1);
    }
    url.addPathSegments("api/2.0/mlflow/" + method);
    for (int i = 0; i < query.length; i += 2) {
      url.addQueryParameter(query[i], query[i + 1]);
    }
    Request.Builder request =
        new Request.Builder().url(url.build()).header("User-Agent", "tastemaker");
    return authorization == null ? request : request.header("Authorization", authorization);
  }

  /** A text without the secrets, which a server may have echoed. */
  String redact(String text) {
    String without = text;
    for (String secret : secrets) {
      if (secret.length() >= TRIVIAL) {
        without = without.replace(secret, HIDDEN);
      }
    }
    return without;
  }

  /** The address. */
  String address() {
    return address.toString();
  }

  @Override
  public String toString() {
    return "MLflow at " + address;
  }
}
