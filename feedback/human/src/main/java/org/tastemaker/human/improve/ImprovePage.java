package org.tastemaker.human.improve;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.human.web.FrontEnd;
import org.tastemaker.human.web.Page;
import org.tastemaker.human.web.PageFile;
import org.tastemaker.human.web.PageRequest;
import org.tastemaker.human.web.Reply;

/**
 * The page on which someone improves an image.
 *
 * <pre>
 *   GET  /api/state?since=N            what is to be seen, as soon as it is newer than N
 *   POST /api/answer                   {answerId, question, kind, tiers, seen, millis}
 *   POST /api/undo                     {answerId, question}
 *   POST /api/back                     {answerId, question, move}
 *   POST /api/retry                    {answerId}
 *   GET  /image/KEY.png                an image
 *   GET  /download/image.png, /download/settings.json, /download/lora.safetensors
 * </pre>
 *
 * <p>A click is answered when it is on the disk: with the new state, or with 409 and the state if
 * its question was closed already, by another tab for example.
 */
public final class ImprovePage implements Page {
  private static final Duration POLL = Duration.ofSeconds(20);
  private static final int LONGEST_ID = 100;

  private final ImproveSession session;
  private final Duration poll;
  private final Map<String, PageFile> files = new HashMap<>(FrontEnd.files());

  /**
   * The page of a session.
   *
   * @param session owned by the caller, who closes it after the server
   */
  public ImprovePage(ImproveSession session) {
    this(session, POLL);
  }

  /** A browser that does one thing at a time is not to wait long for news. */
  ImprovePage(ImproveSession session, Duration poll) {
    this.session = Objects.requireNonNull(session, "session == null");
    this.poll = poll;
    files.put("/", PageFile.of(ImprovePage.class, "improve.html"));
    files.put("/improve.css", PageFile.of(ImprovePage.class, "improve.css"));
    files.put("/improve.js", PageFile.of(ImprovePage.class, "improve.js"));
  }

  @Override
  public Map<String, PageFile> files() {
    return Map.copyOf(files);
  }

  @Override
  public Reply answer(PageRequest request) throws InterruptedException {
    if (request.is("GET", "/api/state")) {
      long unused = session.await(request.number("since", 0), poll);
      return state(200);
    }
    if (request.method().equals("GET")) {
      return get(request.path());
    }
    try {
      return click(request);
    } catch (IllegalArgumentException e) {
      return Reply.error(400, String.valueOf(e.getMessage()));
    }
  }

  private Reply get(String path) {
    if (path.startsWith("/image/") && path.endsWith(".png")) {
      String key = path.substring("/image/".length(), path.length() - ".png".length());
      return session
          .png(key)
          .map(png -> new Reply(200, "image/png", png, true, null))
          .orElseGet(Reply::notFound);
    }
    Recipe recipe = session.recipe();
    String key = Point.of(recipe.point()).key();
    String name = "improved-" + key.substring(0, 8);
    return switch (path) {
      case "/download/image.png" ->
          session
              .png(key)
              .map(png -> Reply.download(name + ".png", "image/png", png))
              .orElseGet(() -> Reply.error(404, "the image is still being made"));
      case "/download/settings.json" ->
          Reply.download(
              name + ".json", "application/json", recipe.toJson().getBytes(StandardCharsets.UTF_8));
      case "/download/lora.safetensors" ->
          session
              .painter()
              .lora(recipe.point())
              .map(file -> Reply.download(name + ".safetensors", "application/octet-stream", file))
              .orElseGet(() -> Reply.error(404, "no gains of a LoRA are searched in this run"));
      default -> Reply.notFound();
    };
  }

  private Reply click(PageRequest request) {
    long arrived = session.latency().now();
    JsonObject body = Json.parseObject(request.text(), "the request");
    Click click;
    switch (request.path()) {
      case "/api/answer" -> click = answer(request, body);
      case "/api/undo" -> click = other(request, body, Click.What.UNDO);
      case "/api/back" -> click = other(request, body, Click.What.BACK);
      case "/api/retry" -> {
        session.retry();
        return state(200);
      }
      default -> {
        return Reply.notFound();
      }
    }
    return state(session.take(click, arrived) == ImproveSession.Outcome.TAKEN ? 200 : 409);
  }

  private Click answer(PageRequest request, JsonObject body) {
    String kind = body.text("kind");
    if (!List.of("ranked", "none", "skip").contains(kind)) {
      throw body.unexpected("kind", "ranked, none or skip");
    }
    List<List<Integer>> tiers = kind.equals("ranked") ? body.integerLists("tiers") : List.of();
    if (kind.equals("ranked") && tiers.isEmpty()) {
      throw body.unexpected("tiers", "at least one image");
    }
    List<Integer> seen = body.integers("seen");
    return new Click(
        id(body),
        question(body),
        Click.What.ANSWER,
        kind,
        List.of(), // the session knows
        seen,
        tiers,
        0,
        body.longInteger("millis", 0),
        request.visitor(),
        session.clock().instant().toString());
  }

  private Click other(PageRequest request, JsonObject body, Click.What what) {
    return new Click(
        id(body),
        question(body),
        what,
        "",
        List.of(),
        List.of(),
        List.of(),
        what == Click.What.BACK ? body.integer("move") : 0,
        body.longInteger("millis", 0),
        request.visitor(),
        session.clock().instant().toString());
  }

  private static String id(JsonObject body) {
    String id = body.text("answerId");
    if (id.isEmpty() || id.length() > LONGEST_ID) {
      throw body.unexpected("answerId", "1 to " + LONGEST_ID + " characters");
    }
    return id;
  }

  private static long question(JsonObject body) {
    try {
      return Long.parseLong(body.text("question"));
    } catch (NumberFormatException e) {
      throw body.unexpected("question", "a number as text");
    }
  }

  private Reply state(int status) {
    Map<String, @Nullable Object> json = session.view().toJson();
    return Reply.json(status, json);
  }
}
