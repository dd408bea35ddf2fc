package org.tastemaker.feedback.annotate;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonObject;

/**
 * A line of a dataset: a JSON object whose last entry is a CRC-32 of all before it, so that a line
 * torn by a crash, or joined with another, is detected.
 */
final class DatasetLine {
  private static final String CRC = ",\"crc\":\"";

  private DatasetLine() {}

  /** The line of a judgement. */
  static String of(AnnotatedGroup group) {
    Judgement judgement = group.judgement();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", group.id());
    json.put("time", group.time().toString());
    Map<String, Object> prompt = new LinkedHashMap<>();
    prompt.put("text", group.prompt().text());
    prompt.put("negativeText", group.prompt().negativeText());
    prompt.put("metadata", new TreeMap<>(group.prompt().metadata()));
    json.put("prompt", prompt);
    json.put("images", group.images());
    json.put("ranking", judgement.ranking().tiers());
    Map<String, Object> byCriterion = new TreeMap<>();
    judgement.byCriterion().forEach((name, order) -> byCriterion.put(name, order.tiers()));
    json.put("byCriterion", byCriterion);
    List<Object> scores = new ArrayList<>();
    for (OptionalDouble score : judgement.scores()) {
      scores.add(score.isPresent() ? (Object) score.getAsDouble() : null);
    }
    json.put("scores", scores);
    json.put("rationale", judgement.rationale());
    json.put("judge", judgement.judge());
    Map<String, Object> usage = new LinkedHashMap<>();
    usage.put("requests", judgement.usage().requests());
    usage.put("inputTokens", judgement.usage().inputTokens());
    usage.put("cachedInputTokens", judgement.usage().cachedInputTokens());
    usage.put("outputTokens", judgement.usage().outputTokens());
    json.put("usage", usage);
    json.put("provenance", new TreeMap<>(judgement.provenance()));
    json.put("missing", judgement.missingReason());
    return sealed(json);
  }

  /** The judgement of a line; empty if the line is damaged. */
  static Optional<AnnotatedGroup> parse(String line) {
    try {
      Optional<JsonObject> sealed = unsealed(line);
      if (sealed.isEmpty()) {
        return Optional.empty();
      }
      JsonObject json = sealed.get();
      List<String> images = json.texts("images");
      JsonObject byCriterion = json.object("byCriterion");
      Map<String, Ranking> orders = new TreeMap<>();
      for (String name : byCriterion.names()) {
        orders.put(name, Ranking.ofTiers(images.size(), byCriterion.integerLists(name)));
      }
      JsonObject usage = json.object("usage");
      JsonObject prompt = json.object("prompt");
      Judgement judgement =
          new Judgement(
              Ranking.ofTiers(images.size(), json.integerLists("ranking")),
              orders,
              scores(json),
              json.text("rationale"),
              json.text("judge"),
              new Usage(
                  usage.longInteger("requests"),
                  usage.longInteger("inputTokens"),
                  usage.longInteger("cachedInputTokens"),
                  usage.longInteger("outputTokens")),
              json.object("provenance").toTexts(),
              json.has("missing") ? json.text("missing") : null);
      return Optional.of(
          new AnnotatedGroup(
              json.text("id"),
              Instant.parse(json.text("time")),
              new Prompt(
                  prompt.text("text"),
                  prompt.text("negativeText"),
                  prompt.object("metadata").toTexts()),
              images,
              judgement));
    } catch (IllegalArgumentException | DateTimeException e) {
      return Optional.empty(); // the checksum fits, but another program wrote something else
    }
  }

  /** A JSON object with its checksum. */
  static String sealed(Map<String, Object> json) {
    String object = Json.write(json);
    String body = object.substring(0, object.length() - 1);
    return body + CRC + crc(body) + "\"}";
  }

  /** The object of a line whose checksum fits; empty otherwise. */
  static Optional<JsonObject> unsealed(String line) {
    int end = line.lastIndexOf(CRC);
    if (end < 0 || !line.substring(end).equals(CRC + crc(line.substring(0, end)) + "\"}")) {
      return Optional.empty();
    }
    try {
      return Optional.of(Json.parseObject(line, "a line of a dataset"));
    } catch (JsonException e) {
      return Optional.empty();
    }
  }

  private static List<OptionalDouble> scores(JsonObject json) {
    List<OptionalDouble> scores = new ArrayList<>();
    for (Object score : json.list("scores")) {
      if (score == null) {
        scores.add(OptionalDouble.empty());
      } else if (score instanceof Number number) {
        scores.add(OptionalDouble.of(number.doubleValue()));
      } else {
        throw json.unexpected("scores", "a list of numbers and nulls");
      }
    }
    return scores;
  }

  private static String crc(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }
}
