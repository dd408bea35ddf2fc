package org.tastemaker.human.web;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.eclipse.jetty.http.HttpCookie;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.json.Json;

/** Between Jetty and a page: checks, reads, asks the page, and sends what makes a reply safe. */
final class PageHandler extends Handler.Abstract {
  private static final Logger LOG = LoggerFactory.getLogger(PageHandler.class);

  /** The page's own scripts, styles and images, and nothing else. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
          + " connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

  private final Page page;
  private final Map<String, PageFile> files;
  private final Gate gate;
  private final int mostBytes;

  PageHandler(Page page, Gate gate, int mostBytes) {
    this.page = page;
    this.files = Map.copyOf(page.files());
    if (!files.containsKey("/")) {
      throw new IllegalArgumentException("a page must have a file at /, but has " + files.keySet());
    }
    this.gate = gate;
    this.mostBytes = mostBytes;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Reply reply;
    try {
      reply = reply(request, response);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      reply = Reply.error(503, "the program is ending; start it again to go on");
    } catch (IOException e) {
      callback.failed(e); // the browser is gone
      return true;
    } catch (RuntimeException e) {
      LOG.warn("{} {} failed", request.getMethod(), Request.getPathInContext(request), e);
      reply = Reply.error(500, "this failed in the program: its log says why");
    }
    send(reply, response, callback);
    return true;
  }

  private Reply reply(Request request, Response response) throws IOException, InterruptedException {
    // 1. Who asks, and may they?
    String path = Request.getPathInContext(request);
    Map<String, String> query = query(request);
    HttpFields headers = request.getHeaders();
    Gate.Outcome outcome =
        gate.check(
            new Gate.Head(
                request.getMethod(),
                path,
                query.get(Gate.TOKEN),
                headers::get,
                name -> cookie(request, name)));
    if (outcome.refusal() != null) {
      return path.equals("/") ? plain(outcome.refusal()) : outcome.refusal();
    }
    // 2. Whoever came with a token goes on with a cookie.
    String token = query.remove(Gate.TOKEN);
    if (token != null) {
      Response.addCookie(response, cookieOf(gate.visitors().token(outcome.visitor())));
    }
    // 3. Serve.
    PageFile file = files.get(path);
    if (file != null && request.getMethod().equals("GET")) {
      return new Reply(200, file.type(), file.content(), false, null);
    }
    byte[] body = new byte[0];
    if (request.getMethod().equals("POST")) {
      try (InputStream in = Content.Source.asInputStream(request)) {
        body = request.getLength() > mostBytes ? null : in.readNBytes(mostBytes + 1);
      }
      if (body == null || body.length > mostBytes) {
        return Reply.error(413, "a request may have " + mostBytes + " bytes");
      }
    }
    return page.answer(new PageRequest(request.getMethod(), path, query, outcome.visitor(), body));
  }

  /** As it is read by somebody who opens the page, and not by its script. */
  private static Reply plain(Reply refusal) {
    String message =
        Json.parseObject(new String(refusal.body(), StandardCharsets.UTF_8), "a refusal")
            .text("message");
    return new Reply(
        refusal.status(),
        "text/plain; charset=utf-8",
        (message + "\n").getBytes(StandardCharsets.UTF_8),
        false,
        null);
  }

  private HttpCookie cookieOf(String token) {
    return HttpCookie.build(gate.cookie(), token)
        .httpOnly(true)
        .sameSite(HttpCookie.SameSite.STRICT)
        .path("/")
        .maxAge(30L * 24 * 60 * 60)
        .build();
  }

  private static @Nullable String cookie(Request request, String name) {
    for (HttpCookie cookie : Request.getCookies(request)) {
      if (cookie.getName().equals(name)) {
        return cookie.getValue();
      }
    }
    return null;
  }

  private static Map<String, String> query(Request request) {
    Map<String, String> query = new HashMap<>();
    for (Fields.Field field : Request.extractQueryParameters(request)) {
      query.put(field.getName(), Objects.requireNonNullElse(field.getValue(), ""));
    }
    return query;
  }

  private static void send(Reply reply, Response response, Callback callback) {
    response.setStatus(reply.status());
    HttpFields.Mutable headers = response.getHeaders();
    headers.put(HttpHeader.CONTENT_TYPE, reply.type());
    headers.put(HttpHeader.CONTENT_LENGTH, reply.body().length);
    headers.put(
        HttpHeader.CACHE_CONTROL,
        reply.unchanging() ? "private, max-age=31536000, immutable" : "no-store");
    if (reply.fileName() != null) {
      headers.put("Content-Disposition", "attachment; filename=\"" + reply.fileName() + "\"");
    }
    secure(headers);
    response.write(true, ByteBuffer.wrap(reply.body()), callback);
  }

  private static void secure(HttpFields.Mutable headers) {
    headers.put("Content-Security-Policy", POLICY);
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("X-Frame-Options", "DENY");
    headers.put("Referrer-Policy", "no-referrer");
    headers.put("Cross-Origin-Opener-Policy", "same-origin");
    headers.put("Cross-Origin-Resource-Policy", "same-origin");
    headers.put(new HttpField("Permissions-Policy", "camera=(), microphone=(), geolocation=()"));
  }

  /**
   * What Jetty itself refuses, such as a damaged request: a sentence, and nothing of its inside.
   */
  static final class Errors implements Request.Handler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      byte[] body =
          "{\"message\":\"this is no request that the page makes\"}"
              .getBytes(StandardCharsets.UTF_8);
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json; charset=utf-8");
      secure(response.getHeaders());
      response.write(true, ByteBuffer.wrap(body), callback);
      return true;
    }
  }
}
