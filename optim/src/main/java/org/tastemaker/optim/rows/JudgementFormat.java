package org.tastemaker.optim.rows;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.core.json.JsonObject;

/** Judgements in JSON. Doubles are texts with all digits that tell them apart, or null. */
final class JudgementFormat {
  private static final int MOST_ITEMS = 10_000;
  private static final Pattern DOUBLE =
      Pattern.compile("-?(?:[0-9]{1,20}\\.[0-9]{1,20}(?:E-?[0-9]{1,3})?|Infinity)");
  private static final Pattern AMOUNT = Pattern.compile("[0-9]{1,15}(?:\\.[0-9]{1,12})?");

  private JudgementFormat() {}

  static Map<String, @Nullable Object> write(Judgement judgement) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("items", judgement.ranking().size());
    json.put("tiers", judgement.ranking().tiers());
    Map<String, Object> criteria = new TreeMap<>();
    judgement.byCriterion().forEach((name, order) -> criteria.put(name, order.tiers()));
    json.put("criteria", criteria);
    json.put("scores", doubles(judgement.scores()));
    json.put("rationale", judgement.rationale());
    json.put("judge", judgement.judge());
    Usage usage = judgement.usage();
    json.put(
        "usage",
        List.of(
            usage.requests(),
            usage.inputTokens(),
            usage.cachedInputTokens(),
            usage.outputTokens()));
    json.put("provenance", new TreeMap<>(judgement.provenance()));
    json.put("missing", judgement.missingReason());
    return json;
  }

  static Judgement read(JsonObject json) {
    int items = json.integer("items");
    if (items < 1 || items > MOST_ITEMS) { // before memory is taken for so many
      throw json.unexpected("items", "1 to " + MOST_ITEMS);
    }
    JsonObject criteria = json.object("criteria");
    Map<String, Ranking> byCriterion = new LinkedHashMap<>();
    for (String name : criteria.names()) {
      byCriterion.put(name, Ranking.ofTiers(items, criteria.integerLists(name)));
    }
    return new Judgement(
        Ranking.ofTiers(items, json.integerLists("tiers")),
        byCriterion,
        doubles(json, "scores"),
        json.text("rationale"),
        json.text("judge"),
        usage(json),
        json.object("provenance").toTexts(),
        json.has("missing") ? json.text("missing") : null);
  }

  private static Usage usage(JsonObject json) {
    List<@Nullable Object> counts = json.list("usage");
    List<Long> longs = new ArrayList<>();
    for (Object count : counts) {
      if (count instanceof Integer || count instanceof Long) {
        longs.add(((Number) count).longValue());
      }
    }
    if (counts.size() != 4 || longs.size() != 4) {
      throw json.unexpected("usage", "four whole numbers");
    }
    return new Usage(longs.get(0), longs.get(1), longs.get(2), longs.get(3));
  }

  static List<@Nullable String> doubles(List<OptionalDouble> values) {
    List<@Nullable String> texts = new ArrayList<>();
    for (OptionalDouble value : values) {
      texts.add(value.isPresent() ? Double.toString(value.getAsDouble()) : null);
    }
    return texts;
  }

  static List<OptionalDouble> doubles(JsonObject json, String name) {
    List<OptionalDouble> values = new ArrayList<>();
    for (Object each : json.list(name)) {
      if (each == null) {
        values.add(OptionalDouble.empty());
      } else if (each instanceof String text && DOUBLE.matcher(text).matches()) {
        values.add(OptionalDouble.of(Double.parseDouble(text)));
      } else {
        throw json.unexpected(name, "a list of doubles as texts, or null");
      }
    }
    return values;
  }

  static BigDecimal amount(JsonObject json, String name) {
    String text = json.text(name);
    if (!AMOUNT.matcher(text).matches()) {
      throw json.unexpected(name, "an amount such as \"0.25\"");
    }
    return new BigDecimal(text);
  }
}
