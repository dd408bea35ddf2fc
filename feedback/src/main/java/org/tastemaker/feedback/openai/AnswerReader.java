package org.tastemaker.feedback.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
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
   * The verdict: of the first object that is one.
   *
   * @throws MalformedVerdict if none is in the form that was asked for; says where
   */
  Verdict verdict() {
    List<AnswerText.Found> objects = AnswerText.objects(answer.content(), json);
    MalformedVerdict why = null;
    for (AnswerText.Found found : objects) {
      try {
        return verdict(found);
      } catch (MalformedVerdict e) {
        why = why == null || found.object().containsKey(JudgePrompt.OVERALL) ? e : why;
      }
    }
    if (why != null) {
      throw why;
    }
    String text = answer.content().strip();
    throw malformed("", "a JSON object", text.isEmpty() ? "no text" : quote(text));
  }

  private Verdict verdict(AnswerText.Found found) {
    Map<?, ?> object = found.object();
    Map<String, Verdict.Answer> byCriterion = new LinkedHashMap<>();
    prompt
        .criteria()
        .forEach((field, criterion) -> byCriterion.put(criterion.name(), answer(found, field)));
    Verdict.Answer overall = answer(found, JudgePrompt.OVERALL);
    Object rationale = object.get(JudgePrompt.RATIONALE);
    return new Verdict(
        overall,
        byCriterion,
        rationale instanceof String words ? words : "",
        answer.usage(),
        answer.model(),
        false);
  }

  private Verdict.Answer answer(AnswerText.Found found, String field) {
    Object value = found.object().get(field);
    if (value == null) {
      throw malformed(field, "the field", "none");
    }
    return switch (question.kind()) {
      case RANK -> Verdict.Answer.of(Ranking.of(positions(field, value, labels.size())));
      case BEST ->
          Verdict.Answer.of(Ranking.topK(labels.size(), positions(field, value, question.k())));
      case PAIR -> pair(found, field, value);
      case SCORE -> scores(field, value);
    };
  }

  private Verdict.Answer pair(AnswerText.Found found, String field, Object value) {
    int better = position(field, value);
    OptionalDouble soft =
        SoftPreference.of(answer.content(), found.from(), field, labels, answer.tokens());
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
