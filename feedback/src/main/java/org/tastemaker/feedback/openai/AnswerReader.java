package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException.MalformedVerdict;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * Reads and validates the text of an answer: a schema cannot express that each label appears
 * exactly once, and not every compatible server enforces one.
 */
final class AnswerReader {
  private static final int LONGEST_QUOTE = 80;

  private final Question question;
  private final JudgePrompt prompt;
  private final ModelAnswer answer;
  private final AnswerJson json;
  private final List<String> labels;

  AnswerReader(Question question, JudgePrompt prompt, ModelAnswer answer, AnswerJson json) {
    this.json = json;
    this.question = question;
    this.prompt = prompt;
    this.answer = answer;
    this.labels = prompt.labels();
  }

  /**
   * The verdict.
   *
   * @throws MalformedVerdict if it is not in the form that was asked for; says where
   */
  Verdict verdict() {
    Map<?, ?> object = object();
    Map<String, Verdict.Answer> byCriterion = new LinkedHashMap<>();
    prompt
        .criteria()
        .forEach(
            (field, criterion) ->
                byCriterion.put(criterion.name(), answer(field, object.get(field))));
    Verdict.Answer overall = answer(JudgePrompt.OVERALL, object.get(JudgePrompt.OVERALL));
    Object rationale = object.get(JudgePrompt.RATIONALE);
    return new Verdict(
        overall,
        byCriterion,
        rationale instanceof String words ? words : "",
        answer.usage(),
        answer.model(),
        false);
  }

  private Map<?, ?> object() {
    String text = answer.content().strip();
    // Without a forced format, models tend to wrap the object in a code fence or in prose.
    int from = text.indexOf('{');
    int to = text.lastIndexOf('}');
    if (from < 0 || to < from) {
      throw malformed("", "a JSON object", text.isEmpty() ? "no text" : quote(text));
    }
    try {
      if (json.read(text.substring(from, to + 1)) instanceof Map<?, ?> map) {
        return map;
      }
    } catch (JsonDataException e) {
      throw malformed("", "a JSON object", quote(text) + " (" + e.getMessage() + ")");
    }
    throw malformed("", "a JSON object", quote(text));
  }

  private Verdict.Answer answer(String field, @Nullable Object value) {
    if (value == null) {
      throw malformed(field, "the field", "none");
    }
    return switch (question.kind()) {
      case RANK -> Verdict.Answer.of(Ranking.of(positions(field, value, labels.size())));
      case BEST ->
          Verdict.Answer.of(Ranking.topK(labels.size(), positions(field, value, question.k())));
      case PAIR -> pair(field, value);
      case SCORE -> scores(field, value);
    };
  }

  private Verdict.Answer pair(String field, Object value) {
    int better = position(field, value);
    OptionalDouble soft = SoftPreference.of(answer.content(), field, labels, answer.tokens());
    return soft.isPresent()
        ? Verdict.Answer.soft(soft.getAsDouble())
        : Verdict.Answer.of(Ranking.of(better, 1 - better));
  }

  private int[] positions(String field, Object value, int size) {
    if (!(value instanceof List<?> list)) {
      throw malformed(field, "a list of labels", quote(value));
    }
    List<Integer> positions = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      String path = field + "[" + i + "]";
      Object item = list.get(i);
      int position = position(path, item == null ? "null" : item);
      if (positions.contains(position)) {
        throw malformed(path, "each label once", labels.get(position) + " for a second time");
      }
      positions.add(position);
    }
    if (positions.size() != size) {
      String missing =
          size < labels.size()
              ? ""
              : labels.stream()
                  .filter(label -> !positions.contains(labels.indexOf(label)))
                  .collect(Collectors.joining(", ", " (missing: ", ")"));
      throw malformed(field, size + " labels", positions.size() + missing);
    }
    return positions.stream().mapToInt(Integer::intValue).toArray();
  }

  private int position(String path, Object value) {
    int position = value instanceof String label ? labels.indexOf(label.strip()) : -1;
    if (position < 0) {
      throw malformed(path, "one of " + labels, quote(value));
    }
    return position;
  }

  private Verdict.Answer scores(String field, Object value) {
    Question.Scale scale = question.scale();
    if (!(value instanceof Map<?, ?> map) || scale == null) {
      throw malformed(field, "an object with a number for each label", quote(value));
    }
    List<OptionalDouble> scores = new ArrayList<>();
    for (String label : labels) {
      String path = field + "." + label;
      Object number = map.get(label);
      if (!(number instanceof Double score)
          || score != Math.rint(score)
          || score < scale.min()
          || score > scale.max()) {
        throw malformed(
            path,
            "a whole number from " + scale.min() + " to " + scale.max(),
            number == null ? "none" : quote(number));
      }
      scores.add(OptionalDouble.of(score));
    }
    return Verdict.Answer.ofScores(scores);
  }

  private MalformedVerdict malformed(String path, String expected, String found) {
    return malformed(path, expected, found, answer.usage());
  }

  static MalformedVerdict malformed(String path, String expected, String found, Usage usage) {
    return new MalformedVerdict(
        path,
        (path.isEmpty() ? "The answer" : "The answer's " + path)
            + " should be "
            + expected
            + ", but was "
            + found
            + ".",
        usage);
  }

  private static String quote(Object value) {
    String text = value.toString().replaceAll("\\s+", " ");
    return "'"
        + (text.length() > LONGEST_QUOTE ? text.substring(0, LONGEST_QUOTE) + "..." : text)
        + "'";
  }
}
