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
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;

/**
 * A line of a dataset: a JSON object whose last entry is a CRC-32 of all before it, so that a line
 * that a crash has torn or run together with another is told from a whole one.
 */
final class DatasetLine {
  private static final ObjectMapper JSON = new ObjectMapper();
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
      Optional<JsonNode> sealed = unsealed(line);
      if (sealed.isEmpty()) {
        return Optional.empty();
      }
      JsonNode json = sealed.get();
      List<String> images = new ArrayList<>();
      json.required("images").forEach(image -> images.add(image.asText()));
      Map<String, Ranking> byCriterion = new TreeMap<>();
      json.required("byCriterion")
          .fields()
          .forEachRemaining(e -> byCriterion.put(e.getKey(), ranking(images.size(), e.getValue())));
      List<OptionalDouble> scores = new ArrayList<>();
      json.required("scores")
          .forEach(
              score ->
                  scores.add(
                      score.isNull()
                          ? OptionalDouble.empty()
                          : OptionalDouble.of(score.asDouble())));
      JsonNode usage = json.required("usage");
      JsonNode prompt = json.required("prompt");
      JsonNode missing = json.required("missing");
      Judgement judgement =
          new Judgement(
              ranking(images.size(), json.required("ranking")),
              byCriterion,
              scores,
              json.required("rationale").asText(),
              json.required("judge").asText(),
              new Usage(
                  usage.required("requests").asLong(),
                  usage.required("inputTokens").asLong(),
                  usage.required("cachedInputTokens").asLong(),
                  usage.required("outputTokens").asLong()),
              texts(json.required("provenance")),
              missing.isNull() ? null : missing.asText());
      return Optional.of(
          new AnnotatedGroup(
              json.required("id").asText(),
              Instant.parse(json.required("time").asText()),
              new Prompt(
                  prompt.required("text").asText(),
                  prompt.required("negativeText").asText(),
                  texts(prompt.required("metadata"))),
              images,
              judgement));
    } catch (IllegalArgumentException | DateTimeException e) {
      return Optional.empty(); // the checksum fits, but another program wrote something else
    }
  }

  /** A JSON object with its checksum. */
  static String sealed(Map<String, Object> json) {
    try {
      String object = JSON.writeValueAsString(json);
      String body = object.substring(0, object.length() - 1);
      return body + CRC + crc(body) + "\"}";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts, numbers and lists are always JSON", e);
    }
  }

  /** The object of a line whose checksum fits; empty otherwise. */
  static Optional<JsonNode> unsealed(String line) {
    int end = line.lastIndexOf(CRC);
    if (end < 0 || !line.substring(end).equals(CRC + crc(line.substring(0, end)) + "\"}")) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readTree(line));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  static Map<String, String> texts(JsonNode object) {
    Map<String, String> texts = new TreeMap<>();
    object.fields().forEachRemaining(e -> texts.put(e.getKey(), e.getValue().asText()));
    return texts;
  }

  private static Ranking ranking(int size, JsonNode tiers) {
    List<List<Integer>> list = new ArrayList<>();
    for (JsonNode tier : tiers) {
      List<Integer> items = new ArrayList<>();
      tier.forEach(item -> items.add(item.asInt()));
      list.add(items);
    }
    return Ranking.ofTiers(size, list);
  }

  private static String crc(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }
}
