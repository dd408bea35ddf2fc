package org.tastemaker.human.annotate;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.human.desk.Desk;
import org.tastemaker.human.desk.DeskAnswer;
import org.tastemaker.human.desk.DeskFigures;
import org.tastemaker.human.desk.DeskQuestion;
import org.tastemaker.human.web.Changes;
import org.tastemaker.human.web.FrontEnd;
import org.tastemaker.human.web.Page;
import org.tastemaker.human.web.PageFile;
import org.tastemaker.human.web.PageRequest;
import org.tastemaker.human.web.Reply;

/**
 * The page on which people judge what a {@link Desk} has for them: each visitor gets questions of
 * their own. Under {@code /overview}, those who lead see everybody's figures and what the attention
 * checks say.
 */
public final class AnnotatePage implements Page {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(20);
  private static final int KEPT = 3; // questions of a visitor whose images are served

  private final Desk desk;
  private final Set<String> leaders;
  private final Duration longestWait;
  private final Changes changes = new Changes();
  private final Map<String, Deque<DeskQuestion>> lately = new HashMap<>(); // by visitor
  private long done;
  private long total;
  private boolean finished;

  /**
   * A page.
   *
   * @param desk has the questions; the caller closes it after the server
   * @param leaders who may see everybody's figures
   */
  public AnnotatePage(Desk desk, Collection<String> leaders) {
    this(desk, leaders, LONGEST_WAIT);
  }

  /** A browser that sends one request at a time needs short waits. */
  AnnotatePage(Desk desk, Collection<String> leaders, Duration longestWait) {
    this.desk = desk;
    this.leaders = Set.copyOf(leaders);
    this.longestWait = longestWait;
    desk.onChange(changes::signal);
  }

  /**
   * Says how far all are together.
   *
   * @param groups that are done
   * @param ofAll groups; 0 where that is not known
   */
  public void progress(long groups, long ofAll) {
    synchronized (this) {
      done = groups;
      total = ofAll;
    }
    changes.signal();
  }

  /** Says that no further question will come. */
  public void finish() {
    synchronized (this) {
      finished = true;
    }
    changes.signal();
  }

  @Override
  public Map<String, PageFile> files() {
    Map<String, PageFile> files = new HashMap<>(FrontEnd.files());
    files.put("/", PageFile.of(AnnotatePage.class, "annotate.html"));
    files.put("/annotate.js", PageFile.of(AnnotatePage.class, "annotate.js"));
    files.put("/annotate.css", PageFile.of(AnnotatePage.class, "annotate.css"));
    files.put("/overview", PageFile.of(AnnotatePage.class, "overview.html"));
    files.put("/overview.js", PageFile.of(AnnotatePage.class, "overview.js"));
    return files;
  }

  @Override
  public Reply answer(PageRequest request) throws InterruptedException {
    if (request.is("GET", "/api/state")) {
      changes.await(request.number("since", 0), longestWait);
      return Reply.json(state(request.visitor()));
    }
    if (request.is("GET", "/api/overview")) {
      if (!leaders.contains(request.visitor())) {
        return Reply.error(404, "this page is for " + String.join(", ", leaders));
      }
      changes.await(request.number("since", 0), longestWait);
      return Reply.json(overview());
    }
    if (request.is("POST", "/api/answer") || request.is("POST", "/api/undo")) {
      return clicked(request);
    }
    if (request.method().equals("GET") && request.path().matches("/image/[0-9a-f]{64}\\.png")) {
      Image image = image(request.visitor(), request.path().substring(7, 71));
      return image == null ? Reply.notFound() : Reply.image(image);
    }
    return Reply.notFound();
  }

  private Reply clicked(PageRequest request) {
    Desk.Outcome outcome;
    try {
      JsonObject body = Json.parseObject(request.text(), "the click");
      String id = body.text("answerId");
      if (!id.matches("[A-Za-z0-9_-]{1,100}")) {
        throw body.unexpected("answerId", "1 to 100 letters, digits, - and _");
      }
      outcome =
          request.path().equals("/api/undo")
              ? desk.undo(request.visitor(), id, body.text("undoes"))
              : desk.answer(
                  request.visitor(),
                  id,
                  body.text("question"),
                  kind(body),
                  body.text("kind").equals("ranked") ? body.integerLists("tiers") : List.of(),
                  body.longInteger("millis", 0));
    } catch (JsonException e) {
      return Reply.error(400, String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException e) {
      return Reply.error(400, "this is no answer to the question: " + e.getMessage());
    } catch (UncheckedIOException e) {
      return Reply.error(
          503, "the click could not be written and does not count: " + e.getMessage());
    }
    return switch (outcome) {
      case TAKEN, REPEATED -> Reply.json(state(request.visitor()));
      case CLOSED ->
          conflict(
              409,
              request.path().equals("/api/undo")
                  ? "it is too late to take this back"
                  : "you have answered this already, perhaps in another tab",
              request);
      case NOT_SHOWN -> conflict(404, "this was not shown to you", request);
    };
  }

  private static DeskAnswer.Kind kind(JsonObject body) {
    return switch (body.text("kind")) {
      case "ranked" -> DeskAnswer.Kind.RANKED;
      case "none" -> DeskAnswer.Kind.NONE;
      case "skip" -> DeskAnswer.Kind.SKIP;
      default -> throw body.unexpected("kind", "ranked, none or skip");
    };
  }

  private Reply conflict(int status, String message, PageRequest request) {
    Map<String, Object> json = new LinkedHashMap<>(state(request.visitor()));
    json.put("message", message);
    return Reply.json(status, json);
  }

  private Map<String, Object> state(String visitor) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", changes.number()); // first: what comes in meanwhile is newer
    json.put("visitor", visitor);
    Desk.Standing standing = desk.standing(visitor);
    json.put("own", standing.own());
    json.put("waiting", standing.waiting());
    standing.undoes().ifPresent(id -> json.put("undoes", id));
    standing.shown().ifPresent(shown -> json.put("question", question(visitor, shown)));
    synchronized (this) {
      json.put("done", done);
      json.put("total", total);
      json.put("finished", finished && standing.shown().isEmpty());
    }
    json.put("isLeader", leaders.contains(visitor));
    DeskFigures figures = desk.figures();
    json.put("amongPeople", share(figures.amongPeople()));
    json.put("withReference", share(figures.withReference()));
    for (DeskFigures.Person person : figures.people()) {
      if (person.name().equals(visitor)) {
        person.medianMillis().ifPresent(millis -> json.put("medianMillis", millis));
        json.put("ownWithOthers", share(person.withOthers()));
        json.put("ownWithReference", share(person.withReference()));
      }
    }
    return json;
  }

  private Map<String, Object> question(String visitor, Desk.Shown shown) {
    DeskQuestion question = shown.question();
    synchronized (lately) {
      Deque<DeskQuestion> own = lately.computeIfAbsent(visitor, unused -> new ArrayDeque<>());
      DeskQuestion last = own.peekFirst();
      if (last == null || !last.id().equals(question.id())) {
        own.addFirst(question);
        if (own.size() > KEPT) {
          DeskQuestion unused = own.removeLast();
        }
      }
    }
    List<Image> images = question.group().images();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", shown.assignment().id());
    json.put("prompt", question.group().prompt().text());
    json.put("negative", question.group().prompt().negativeText());
    json.put("task", question.task());
    json.put(
        "images",
        shown.assignment().shown().stream()
            .map(i -> "/image/" + images.get(i).sha256() + ".png")
            .toList());
    return json;
  }

  private @Nullable Image image(String visitor, String hash) {
    synchronized (lately) {
      for (DeskQuestion question : lately.getOrDefault(visitor, new ArrayDeque<>())) {
        for (Image image : question.group().images()) {
          if (image.sha256().equals(hash)) {
            return image;
          }
        }
      }
    }
    return null;
  }

  private Map<String, Object> overview() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", changes.number());
    synchronized (this) {
      json.put("done", done);
      json.put("total", total);
      json.put("finished", finished);
    }
    DeskFigures figures = desk.figures();
    json.put("amongPeople", share(figures.amongPeople()));
    json.put("withReference", share(figures.withReference()));
    json.put("damaged", desk.damaged());
    if (!Double.isNaN(figures.alpha())) {
      json.put("alpha", figures.alpha());
    }
    Map<String, String> findings = new HashMap<>();
    desk.checks().forEach(report -> findings.put(report.name(), report.finding().words()));
    json.put("people", figures.people().stream().map(one -> person(one, findings)).toList());
    return json;
  }

  private static Map<String, Object> person(
      DeskFigures.Person person, Map<String, String> findings) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", person.name());
    json.put("answers", person.answers());
    json.put("skipped", person.skipped());
    person.medianMillis().ifPresent(millis -> json.put("medianMillis", millis));
    json.put("repeated", share(person.repeated()));
    json.put("known", share(person.known()));
    json.put("firstShown", share(person.firstShown()));
    json.put("finding", findings.getOrDefault(person.name(), ""));
    json.put("withOthers", share(person.withOthers()));
    json.put("withReference", share(person.withReference()));
    return json;
  }

  private static Map<String, Object> share(DeskFigures.Share share) {
    return Map.of("count", share.count(), "of", share.of());
  }
}
