package org.tastemaker.human.web;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request is from a page of this server, and from somebody it knows. It looks at what
 * comes before the body, and has no state.
 *
 * @param hosts what {@code Host} may be, with the port, in lower case
 * @param visitors who may come in
 * @param cookie the name of the cookie that holds the token
 */
record Gate(Set<String> hosts, Visitors visitors, String cookie) {
  /** The query parameter that holds the token in the address that is given to people. */
  static final String TOKEN = "token";

  /** No other site can make a browser send it without being asked first. */
  static final String HEADER = "X-Tastemaker";

  /** Whom a page takes its visitor for, so that a tab of somebody else's is not mixed up. */
  static final String VISITOR_HEADER = "X-Tastemaker-Visitor";

  /**
   * What is known before the body is read.
   *
   * @param method of HTTP
   * @param path without the query
   * @param token in the query, or null
   * @param header gives a header by its name, or null
   * @param cookies gives a cookie by its name, or null
   */
  record Head(
      String method,
      String path,
      @Nullable String token,
      Function<String, @Nullable String> header,
      Function<String, @Nullable String> cookies) {}

  /** The visitor, or why there is none. */
  record Outcome(String visitor, @Nullable Reply refusal) {}

  Outcome check(Head head) {
    // 1. Is it for this server? A foreign name that leads here must not work as a key.
    String host = lower(head.header().apply("Host"));
    if (!hosts.contains(host)) {
      return refuse(
          403, "this server is known as " + hosts + ", but the request was for '" + host + "'");
    }
    // 2. Is it from this page? Browsers say where a request comes from.
    String origin = head.header().apply("Origin");
    if (origin != null && !lower(origin).equals("http://" + host)) {
      return refuse(403, "requests from the site " + origin + " are not answered");
    }
    boolean opening = head.method().equals("GET") && head.path().equals("/");
    String site = head.header().apply("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none") && !opening) {
      return refuse(403, "requests from another site are not answered");
    }
    // 3. Only what a script of the page sends may change something.
    if (head.method().equals("POST")) {
      if (head.header().apply(HEADER) == null) {
        return refuse(403, "a POST needs the header " + HEADER);
      }
      if (!lower(head.header().apply("Content-Type")).startsWith("application/json")) {
        return refuse(415, "a POST must be of the type application/json");
      }
    } else if (!head.method().equals("GET")) {
      return refuse(405, "the method must be GET or POST, but was " + head.method());
    }
    // 4. Who is it?
    Optional<String> visitor = Optional.empty();
    for (String token : new String[] {head.token(), head.cookies().apply(cookie)}) {
      if (token != null && visitor.isEmpty()) {
        visitor = visitors.named(token);
      }
    }
    if (visitor.isEmpty()) {
      return refuse(
          401,
          "this page is for those who were given its address: open the one, with its token, that the"
              + " program has printed");
    }
    String meant = head.header().apply(VISITOR_HEADER);
    if (meant != null && !meant.equals(encoded(visitor.get()))) {
      return refuse(
          403,
          "this browser has been opened as "
              + visitor.get()
              + " meanwhile: what is clicked here would be theirs. Open your own address again");
    }
    // 5. Is the path one that a page can have?
    if (!head.path().matches("(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?")) {
      return new Outcome(visitor.get(), Reply.notFound());
    }
    return new Outcome(visitor.get(), null);
  }

  /**
   * A name as a header can carry it: what is not plain ASCII as the browser's encodeURIComponent.
   */
  static String encoded(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("%21", "!")
        .replace("%27", "'")
        .replace("%28", "(")
        .replace("%29", ")")
        .replace("%7E", "~");
  }

  private static Outcome refuse(int status, String message) {
    return new Outcome("", Reply.error(status, message));
  }

  private static String lower(@Nullable String value) {
    return value == null ? "" : value.toLowerCase(Locale.ROOT);
  }
}
