package org.tastemaker.feedback.server;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.Moshi;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.Verdict;

/** The body of an answer, correct or spoilt. */
final class AnswerWriter {
  private static final JsonAdapter<Object> JSON = new Moshi.Builder().build().adapter(Object.class);
  private static final int TOKENS_PER_IMAGE = 85;

  private final AskedQuestion asked;
  private final boolean responses;

  AnswerWriter(AskedQuestion asked, boolean responses) {
    this.asked = asked;
    this.responses = responses;
  }

  static String json(Object value) {
    return JSON.toJson(value);
  }

  /** A correct answer. */
  String of(Verdict verdict) {
    List<Piece> pieces = new ArrayList<>();
    String separator = "{";
    for (String field : asked.fields()) {
      pieces.add(Piece.of(separator + JSON.toJson(field) + ":"));
      separator = ",";
      if (field.equals("rationale")) {
        String words = verdict.rationale().isEmpty() ? "It looks better." : verdict.rationale();
        pieces.add(Piece.of(JSON.toJson(words)));
      } else {
        value(pieces, verdict.byCriterion().getOrDefault(field, verdict.overall()));
      }
    }
    pieces.add(Piece.of("}"));
    return body("stop", null, pieces);
  }

  /** An answer with a fault, or an ending that is none. */
  String of(Fault fault) {
    String first = asked.labels().get(0);
    return switch (fault) {
      case REFUSAL -> body("stop", "I cannot help with that.", List.of());
      case CONTENT_FILTER -> body("content_filter", null, List.of());
      case CUT_OFF -> body("length", null, List.of(Piece.of("{\"overall\":[\"" + first)));
      case MALFORMED -> body("stop", null, List.of(Piece.of("I like image " + first + " best.")));
      default -> {
        Map<String, Object> wrong = new LinkedHashMap<>();
        for (String field : asked.fields()) {
          wrong.put(
              field,
              switch (asked.question().kind()) {
                case RANK, BEST -> asked.labels().stream().map(label -> first).toList();
                case PAIR -> "C";
                case SCORE -> Map.of(first, 1_000_000);
              });
        }
        yield body("stop", null, List.of(Piece.of(JSON.toJson(wrong))));
      }
    };
  }

  private void value(List<Piece> pieces, Verdict.Answer answer) {
    List<String> labels = asked.labels();
    // A tie of the judge is answered by the order shown: the form asks for a decision.
    List<String> order =
        answer.order().tiers().stream().flatMap(List::stream).map(labels::get).toList();
    switch (asked.question().kind()) {
      case RANK -> pieces.add(Piece.of(JSON.toJson(order)));
      case BEST -> pieces.add(Piece.of(JSON.toJson(order.subList(0, asked.question().k()))));
      case PAIR -> {
        pieces.add(Piece.of("\""));
        pieces.add(new Piece(order.get(0), answer.firstIsBetter()));
        pieces.add(Piece.of("\""));
      }
      case SCORE -> {
        Map<String, Object> numbers = new LinkedHashMap<>();
        IntStream.range(0, labels.size())
            .forEach(i -> numbers.put(labels.get(i), Math.round(answer.scores().get(i).orElse(0))));
        pieces.add(Piece.of(JSON.toJson(numbers)));
      }
    }
  }

  private String body(String reason, @Nullable String refusal, List<Piece> pieces) {
    StringBuilder content = new StringBuilder();
    pieces.forEach(piece -> content.append(piece.text));
    long input = asked.textLength() / 4 + (long) TOKENS_PER_IMAGE * asked.labels().size();
    long output = content.length() / 4 + 1L;
    List<Object> tokens = asked.logprobs() ? tokens(pieces) : null;
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("id", "mock-" + Integer.toHexString(content.toString().hashCode()));
    body.put("model", asked.model());
    if (responses) {
      boolean complete = reason.equals("stop");
      Map<String, Object> part = new LinkedHashMap<>();
      part.put("type", refusal == null ? "output_text" : "refusal");
      part.put(
          refusal == null ? "text" : "refusal", refusal == null ? content.toString() : refusal);
      if (tokens != null && refusal == null) {
        part.put("logprobs", tokens);
      }
      body.put("object", "response");
      body.put("status", complete ? "completed" : "incomplete");
      if (!complete) {
        body.put(
            "incomplete_details",
            Map.of("reason", reason.equals("length") ? "max_output_tokens" : reason));
      }
      body.put(
          "output",
          List.of(Map.of("type", "message", "role", "assistant", "content", List.of(part))));
      body.put(
          "usage",
          Map.of("input_tokens", input, "output_tokens", output, "total_tokens", input + output));
    } else {
      Map<String, Object> message = new LinkedHashMap<>();
      message.put("role", "assistant");
      message.put("content", refusal == null ? content.toString() : null);
      message.put("refusal", refusal);
      Map<String, Object> choice = new LinkedHashMap<>();
      choice.put("index", 0);
      choice.put("message", message);
      choice.put("finish_reason", reason);
      if (tokens != null) {
        choice.put("logprobs", Map.of("content", tokens));
      }
      body.put("object", "chat.completion");
      body.put("choices", List.of(choice));
      body.put(
          "usage",
          Map.of(
              "prompt_tokens", input,
              "completion_tokens", output,
              "total_tokens", input + output));
    }
    return JSON.toJson(body);
  }

  private List<Object> tokens(List<Piece> pieces) {
    List<Object> tokens = new ArrayList<>();
    for (Piece piece : pieces) {
      Map<String, Object> token = new LinkedHashMap<>();
      token.put("token", piece.text);
      List<Object> top = new ArrayList<>();
      if (piece.firstIsBetter.isPresent()) {
        double p = Math.min(1 - 1e-9, Math.max(1e-9, piece.firstIsBetter.getAsDouble()));
        top.add(Map.of("token", asked.labels().get(0), "logprob", Math.log(p)));
        top.add(Map.of("token", asked.labels().get(1), "logprob", Math.log(1 - p)));
      }
      token.put("logprob", 0);
      token.put("top_logprobs", top);
      tokens.add(token);
    }
    return tokens;
  }

  /** A part of the answer's text that is one token; with a probability where it is a label. */
  private record Piece(String text, OptionalDouble firstIsBetter) {
    static Piece of(String text) {
      return new Piece(text, OptionalDouble.empty());
    }
  }
}
