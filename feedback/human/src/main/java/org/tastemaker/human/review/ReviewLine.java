package org.tastemaker.human.review;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.feedback.annotate.DatasetHeader;

/** The lines of a review's log. */
final class ReviewLine {
  private static final String FORMAT = "tastemaker-review";
  private static final int VERSION = 1;

  private ReviewLine() {}

  /** The first line: which dataset is reviewed. */
  static String header(DatasetHeader header) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("version", VERSION);
    json.put("rubric", header.rubric());
    json.put("rubricText", header.rubricText());
    json.put("settings", new TreeMap<>(header.settings().values()));
    return Json.write(json);
  }

  static String of(ReviewEvent event) {
    Map<String, Object> json = new LinkedHashMap<>();
    if (event instanceof ReviewEvent.Given given) {
      json.put("kind", "given");
      json.put("person", given.person());
      json.put("group", given.group());
      json.put("time", given.time().toString());
    } else if (event instanceof ReviewEvent.Undone undone) {
      json.put("kind", "undone");
      json.put("id", undone.id());
      json.put("person", undone.person());
      json.put("undoes", undone.undoes());
      json.put("time", undone.time().toString());
    } else if (event instanceof ReviewEvent.Said said) {
      Review review = said.review();
      json.put("kind", review.kind().name().toLowerCase(Locale.ROOT));
      json.put("id", review.id());
      json.put("person", review.person());
      json.put("group", review.group());
      review.order().ifPresent(order -> json.put("order", order.tiers()));
      json.put("criteria", new TreeMap<>(review.criteria()));
      json.put("shown", review.shown());
      json.put("anchored", true); // the judge's verdict was shown
      json.put("time", review.time().toString());
      json.put("millis", review.millis());
    }
    return Json.write(json);
  }

  /**
   * Parses a line.
   *
   * @throws RuntimeException if it is no such line
   */
  static ReviewEvent parse(String line) {
    JsonObject json = Json.parseObject(line, "a line of a review");
    String kind = json.text("kind");
    Instant time = Instant.parse(json.text("time"));
    if (kind.equals("given")) {
      return new ReviewEvent.Given(json.text("person"), json.text("group"), time);
    }
    if (kind.equals("undone")) {
      return new ReviewEvent.Undone(
          json.text("id"), json.text("person"), json.text("undoes"), time);
    }
    List<Integer> shown = json.integers("shown");
    Map<String, Boolean> criteria = new TreeMap<>();
    JsonObject said = json.object("criteria");
    said.names().forEach(name -> criteria.put(name, said.flag(name)));
    return new ReviewEvent.Said(
        new Review(
            json.text("id"),
            json.text("person"),
            json.text("group"),
            Review.Kind.valueOf(kind.toUpperCase(Locale.ROOT)),
            json.has("order")
                ? Optional.of(Ranking.ofTiers(shown.size(), json.integerLists("order")))
                : Optional.empty(),
            criteria,
            shown,
            time,
            json.longInteger("millis")));
  }
}
