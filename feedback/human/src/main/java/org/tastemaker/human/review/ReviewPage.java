package org.tastemaker.human.review;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.feedback.agreement.PromptBootstrap;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.ImageFolder;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.feedback.protocol.RecordedAnswer;
import org.tastemaker.human.web.Changes;
import org.tastemaker.human.web.FrontEnd;
import org.tastemaker.human.web.Page;
import org.tastemaker.human.web.PageFile;
import org.tastemaker.human.web.PageRequest;
import org.tastemaker.human.web.Reply;

/**
 * The page on which people confirm or overrule a judge's verdicts.
 *
 * <pre>{@code
 * ReviewDesk desk = ReviewDesk.open(dataset, log, ReviewDesk.Options.defaults(), clock);
 * PageServer server = PageServer.builder(new ReviewPage(desk, images)).visitors(people).open();
 * }</pre>
 */
public final class ReviewPage implements Page {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(20);

  /** The intervals of the page are drawn anew after every click: fewer resamples do. */
  private static final PromptBootstrap QUICK = new PromptBootstrap(200, 0.95);

  private final ReviewDesk desk;
  private final Path images;
  private final Duration longestWait;
  private final Set<String> hashes = new HashSet<>();
  private final Changes changes = new Changes();

  /**
   * A page.
   *
   * @param desk what is reviewed; the caller closes it after the server
   * @param images the folder in which the judge's job has saved the images
   */
  public ReviewPage(ReviewDesk desk, Path images) {
    this(desk, images, LONGEST_WAIT);
  }

  /** A browser that sends one request at a time needs short waits. */
  ReviewPage(ReviewDesk desk, Path images, Duration longestWait) {
    this.desk = desk;
    this.images = images;
    this.longestWait = longestWait;
    desk.verdicts().forEach(verdict -> hashes.addAll(verdict.images()));
  }

  @Override
  public Map<String, PageFile> files() {
    Map<String, PageFile> files = new HashMap<>(FrontEnd.files());
    files.put("/", PageFile.of(ReviewPage.class, "review.html"));
    files.put("/review.js", PageFile.of(ReviewPage.class, "review.js"));
    files.put("/review.css", PageFile.of(ReviewPage.class, "review.css"));
    return files;
  }

  @Override
  public Reply answer(PageRequest request) throws InterruptedException {
    if (request.is("GET", "/api/state")) {
      changes.await(request.number("since", 0), longestWait);
      return Reply.json(state(request.visitor()));
    }
    if (request.is("POST", "/api/answer") || request.is("POST", "/api/undo")) {
      return clicked(request);
    }
    if (request.method().equals("GET") && request.path().matches("/image/[0-9a-f]{64}\\.png")) {
      String hash = request.path().substring(7, 71);
      return hashes.contains(hash) ? image(hash) : Reply.notFound();
    }
    return Reply.notFound();
  }

  private Reply image(String hash) {
    try {
      return Reply.image(ImageFolder.load(images, hash));
    } catch (UncheckedIOException | IllegalArgumentException e) {
      return Reply.error(404, String.valueOf(e.getMessage()));
    }
  }

  private Reply clicked(PageRequest request) {
    ReviewDesk.Outcome outcome;
    try {
      JsonObject body = Json.parseObject(request.text(), "the click");
      outcome =
          request.path().equals("/api/undo")
              ? desk.undo(request.visitor(), id(body), body.text("undoes"))
              : desk.say(request.visitor(), said(body));
    } catch (JsonException e) {
      return Reply.error(400, String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException e) {
      return Reply.error(400, "this is no answer to the verdict: " + e.getMessage());
    } catch (UncheckedIOException e) {
      return Reply.error(
          503, "the click could not be written and does not count: " + e.getMessage());
    }
    return switch (outcome) {
      case TAKEN -> {
        changes.signal();
        yield Reply.json(state(request.visitor()));
      }
      case REPEATED -> Reply.json(state(request.visitor()));
      case ALREADY_ANSWERED ->
          conflict(409, "you have answered this already, perhaps in another tab", request);
      case NOT_SHOWN -> conflict(404, "this was not shown to you, or is taken back", request);
    };
  }

  private Reply conflict(int status, String message, PageRequest request) {
    Map<String, Object> json = new LinkedHashMap<>(state(request.visitor()));
    json.put("message", message);
    return Reply.json(status, json);
  }

  private static String id(JsonObject body) {
    String id = body.text("answerId");
    if (!id.matches("[A-Za-z0-9_-]{1,100}")) {
      throw body.unexpected("answerId", "1 to 100 letters, digits, - and _");
    }
    return id;
  }

  private static ReviewDesk.SaidAnswer said(JsonObject body) {
    String kind = body.text("kind");
    Review.Kind meant =
        switch (kind) {
          case "confirm" -> Review.Kind.CONFIRMED;
          case "ranked" -> Review.Kind.OVERRULED;
          case "none" -> Review.Kind.UNSURE;
          case "skip" -> Review.Kind.SKIPPED;
          default -> throw body.unexpected("kind", "confirm, ranked, none or skip");
        };
    Map<String, Boolean> criteria = new TreeMap<>();
    body.optionalObject("criteria")
        .ifPresent(given -> given.names().forEach(name -> criteria.put(name, given.flag(name))));
    return new ReviewDesk.SaidAnswer(
        id(body),
        body.text("question"),
        meant,
        kind.equals("ranked") ? body.integerLists("tiers") : List.of(),
        criteria,
        body.longInteger("millis", 0));
  }

  private Map<String, Object> state(String visitor) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", changes.number()); // first: what comes in meanwhile is newer
    ReviewDesk.Standing standing = desk.standing(visitor);
    json.put("visitor", visitor);
    json.put("own", standing.own());
    json.put("left", standing.left());
    json.put("finished", standing.isFinished());
    json.put("missing", desk.missing());
    standing.medianMillis().ifPresent(millis -> json.put("medianMillis", millis));
    standing.last().ifPresent(last -> json.put("last", Map.of("id", last.id())));
    standing.shown().ifPresent(shown -> json.put("question", question(shown)));
    json.put("summary", ReviewSummary.of(desk.verdicts(), desk.reviews(), QUICK).toJson());
    return json;
  }

  private static Map<String, Object> question(ReviewDesk.Shown shown) {
    AnnotatedGroup verdict = shown.verdict();
    Judgement judgement = verdict.judgement();
    int[] positions = new int[shown.shown().size()]; // by image
    for (int position = 0; position < positions.length; position++) {
      positions[shown.shown().get(position)] = position;
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", verdict.id());
    json.put("prompt", verdict.prompt().text());
    json.put("negative", verdict.prompt().negativeText());
    json.put(
        "images",
        shown.shown().stream().map(i -> "/image/" + verdict.images().get(i) + ".png").toList());
    json.put("judge", judgement.judge());
    json.put("tiers", judgement.ranking().renamed(positions).tiers());
    json.put("rationale", judgement.rationale());
    json.put("certainty", Certainty.of(judgement));
    List<Object> criteria = new ArrayList<>();
    new TreeMap<>(judgement.byCriterion())
        .forEach(
            (name, order) ->
                criteria.add(Map.of("name", name, "tiers", order.renamed(positions).tiers())));
    json.put("criteria", criteria);
    List<Object> asked = new ArrayList<>();
    Optional<List<RecordedAnswer>> answers = answers(judgement);
    answers.ifPresent(all -> all.forEach(answer -> asked.add(asked(answer, positions))));
    json.put("asked", asked);
    return json;
  }

  private static Optional<List<RecordedAnswer>> answers(Judgement judgement) {
    try {
      return JudgementFacts.answers(judgement);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // a damaged record: the verdict itself can be judged all the same
    }
  }

  /** A question that the judge was asked: where each of its images is on the page. */
  private static Map<String, Object> asked(RecordedAnswer answer, int[] positions) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("shown", answer.shown().stream().map(item -> positions[item]).toList());
    Ranking order = answer.order();
    List<Object> places = new ArrayList<>();
    for (int item : answer.shown()) {
      OptionalInt place = order.rank(item);
      places.add(place.isPresent() ? (Object) place.getAsInt() : "");
    }
    json.put("places", places);
    answer.firstIsBetter().ifPresent(p -> json.put("firstIsBetter", p));
    return json;
  }
}
