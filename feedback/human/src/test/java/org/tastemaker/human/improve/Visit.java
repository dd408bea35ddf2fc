package org.tastemaker.human.improve;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.human.web.PageRequest;
import org.tastemaker.human.web.Reply;

/** A session with its page, and someone who asks it as a browser does. */
final class Visit implements AutoCloseable {
  static final Clock CLOCK = Clock.fixed(Instant.parse("2030-01-02T03:04:05Z"), ZoneOffset.UTC);

  final ImproveSession session;
  final ImprovePage page;
  private final AtomicLong clicks = new AtomicLong();
  private final String tab;

  private Visit(ImproveSession session, ImprovePage page, String tab) {
    this.session = session;
    this.page = page;
    this.tab = tab;
  }

  static Visit open(Path folder, Painter painter) {
    return open(folder, painter, CLOCK, System::nanoTime);
  }

  static Visit open(Path folder, Painter painter, Clock clock, LongSupplier nanos) {
    ImproveSession session =
        ImproveSession.open(
            folder, painter, ImproveSession.Options.of(Over.NOISE, Seed.of(7)), clock, nanos);
    // HtmlUnit has one thread for all requests.
    return new Visit(session, new ImprovePage(session, Duration.ofMillis(20)), "a");
  }

  Visit secondTab() {
    return new Visit(session, page, "b");
  }

  Reply get(String path) {
    return ask(new PageRequest("GET", path, Map.of("since", "0"), "you", new byte[0]));
  }

  Reply post(String path, Map<String, ?> body) {
    byte[] bytes = Json.write(body).getBytes(StandardCharsets.UTF_8);
    return ask(new PageRequest("POST", path, Map.of(), "you", bytes));
  }

  private Reply ask(PageRequest request) {
    try {
      return page.answer(request);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  JsonObject state() {
    return json(get("/api/state"));
  }

  static JsonObject json(Reply reply) {
    return Json.parseObject(new String(reply.body(), StandardCharsets.UTF_8), "the reply");
  }

  /** The state in which all images are there. */
  JsonObject whole() {
    JsonObject state = state();
    for (int tries = 0; places(state).size() < state.list("images").size(); tries++) {
      if (tries > 20_000) {
        throw new AssertionError("the images are not there: " + state);
      }
      pause();
      state = state();
    }
    return state;
  }

  static void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Where images are. */
  static List<Integer> places(JsonObject state) {
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < state.list("images").size(); i++) {
      if (state.list("images").get(i) != null) {
        places.add(i);
      }
    }
    return places;
  }

  Map<String, Object> body(JsonObject state, String kind, List<List<Integer>> tiers) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("answerId", tab + clicks.incrementAndGet() + "-" + state.text("question"));
    body.put("question", state.text("question"));
    body.put("kind", kind);
    body.put("tiers", tiers);
    body.put("seen", places(state));
    body.put("millis", 1234);
    return body;
  }

  Reply answer(JsonObject state, String kind, List<List<Integer>> tiers) {
    return post("/api/answer", body(state, kind, tiers));
  }

  Reply undo(JsonObject state) {
    return post("/api/undo", body(state, "", List.of()));
  }

  Reply back(JsonObject state, int move) {
    Map<String, Object> body = body(state, "", List.of());
    body.put("move", move);
    return post("/api/back", body);
  }

  /** Prefers what is brighter, until a number of clicks is reached. */
  void click(int times) {
    for (int i = 0; i < times; i++) {
      JsonObject state = whole();
      Reply reply = answer(state, "ranked", brightest(state));
      if (reply.status() != 200) {
        throw new AssertionError(json(reply).toString());
      }
    }
  }

  /** One image for each place that is asked for. */
  List<List<Integer>> brightest(JsonObject state) {
    List<Integer> places = new ArrayList<>(places(state));
    places.sort((a, b) -> Double.compare(brightness(state, b), brightness(state, a)));
    return places.subList(0, Math.min(state.integer("best"), places.size())).stream()
        .map(List::of)
        .toList();
  }

  double brightness(JsonObject state, int place) {
    return brightness(image((String) state.list("images").get(place)));
  }

  Image image(Object address) {
    return Image.fromBytes(get(String.valueOf(address)).body());
  }

  double best() {
    List<Object> moves = List.copyOf(whole().toMap().containsKey("moves") ? moves() : List.of());
    return brightness(image(moves.get(moves.size() - 1)));
  }

  List<Object> moves() {
    return state().toValues().get("moves") instanceof List<?> list ? List.copyOf(list) : List.of();
  }

  static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  @Override
  public void close() {
    session.close();
  }
}
