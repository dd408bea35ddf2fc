package org.tastemaker.feedback.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.Verdict;

/** The body of an answer, correct or faulty. */
final class AnswerWriter {
  private static final int TOKENS_PER_IMAGE = 85;

  private final AskedQuestion asked;
  private final Dialect dialect;

  AnswerWriter(AskedQuestion asked, Dialect dialect) {
    this.asked = asked;
    this.dialect = dialect;
  }

  /** A correct answer. */
  String of(Verdict verdict) {
    List<Piece> pieces = new ArrayList<>();
    String separator = "{";
    for (String field : asked.fields()) {
      pieces.add(Piece.of(separator + Json.write(field) + ":"));
      separator = ",";
      if (field.equals("rationale")) {
        String words = verdict.rationale().isEmpty() ? "It looks better." : verdict.rationale();
        pieces.add(Piece.of(Json.write(words)));
      } else {
        value(pieces, verdict.byCriterion().getOrDefault(field, verdict.overall()));
      }
    }
    pieces.add(Piece.of("}"));
    return body(Dialect.End.STOP, null, pieces);
  }

  /** An answer with a fault. */
  String of(Fault fault) {
    String first = asked.labels().get(0);
    return switch (fault) {
      case REFUSAL -> body(Dialect.End.STOP, "I cannot help with that.", List.of());
      case CONTENT_FILTER -> body(Dialect.End.FILTER, null, List.of());
      case CUT_OFF -> body(Dialect.End.LENGTH, null, List.of(Piece.of("{\"overall\":[\"" + first)));
      case MALFORMED ->
          body(Dialect.End.STOP, null, List.of(Piece.of("I like image " + first + " best.")));
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
        yield body(Dialect.End.STOP, null, List.of(Piece.of(Json.write(wrong))));
      }
    };
  }

  private void value(List<Piece> pieces, Verdict.Answer answer) {
    List<String> labels = asked.labels();
    // A tie is broken by the order shown, because the schema asks for a decision.
    List<String> order =
        answer.order().tiers().stream().flatMap(List::stream).map(labels::get).toList();
    switch (asked.question().kind()) {
      case RANK -> pieces.add(Piece.of(Json.write(order)));
      case BEST -> pieces.add(Piece.of(Json.write(order.subList(0, asked.question().k()))));
      case PAIR -> {
        pieces.add(Piece.of("\""));
        pieces.add(new Piece(order.get(0), answer.firstIsBetter()));
        pieces.add(Piece.of("\""));
      }
      case SCORE -> {
        Map<String, Object> numbers = new LinkedHashMap<>();
        IntStream.range(0, labels.size())
            .forEach(i -> numbers.put(labels.get(i), Math.round(answer.scores().get(i).orElse(0))));
        pieces.add(Piece.of(Json.write(numbers)));
      }
    }
  }

  private String body(Dialect.End end, @Nullable String refusal, List<Piece> pieces) {
    StringBuilder content = new StringBuilder();
    pieces.forEach(piece -> content.append(piece.text));
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("id", "mock-" + Integer.toHexString(content.toString().hashCode()));
    body.put("model", asked.model());
    body.putAll(
        dialect.body(
            new Dialect.Said(
                end,
                content.toString(),
                refusal,
                asked.logprobs() ? tokens(pieces) : null,
                asked.textLength() / 4 + (long) TOKENS_PER_IMAGE * asked.labels().size(),
                content.length() / 4 + 1L)));
    return Json.write(body);
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
