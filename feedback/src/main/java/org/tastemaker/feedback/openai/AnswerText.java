package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The JSON objects in the text of an answer. Without a forced form, models wrap them in prose or in
 * a code fence, and think aloud before.
 *
 * <p>Thinking is what stands between the marks of one of the forms below, or before a closing mark
 * whose opening one the server has cut off, or after an opening one without an end. A mark within
 * an object is part of its text. What is left is searched for objects from the start; an object
 * within another one counts only if the outer one is not JSON, or is not taken.
 *
 * <table class="striped">
 * <caption>Marks of thinking</caption>
 * <thead><tr><th>marks</th><th>models</th></tr></thead>
 * <tbody>
 * <tr><td>{@code <think>}, {@code <thinking>}, {@code <thought>}, {@code <reasoning>}, {@code
 * <seed:think>}</td><td>DeepSeek, Qwen, GLM and many</td></tr>
 * <tr><td>{@code [THINK]}</td><td>Magistral</td></tr>
 * <tr><td>{@code ◁think▷}</td><td>Kimi</td></tr>
 * <tr><td>{@code <|begin_of_thought|>}, {@code <|end_of_thought|>}</td><td>distilled ones</td></tr>
 * <tr><td>{@code <|channel|>analysis}, {@code <|channel|>final<|message|>}</td><td>gpt-oss</td></tr>
 * </tbody>
 * </table>
 */
final class AnswerText {
  private static final String NAME = "(?:seed:)?(?:think(?:ing)?|thoughts?|reasoning|reflection)";
  private static final Pattern MARK =
      Pattern.compile(
          "<(?<closes>/)?"
              + NAME
              + ">|\\[(?<closes2>/)?think\\]|◁(?<closes3>/)?think▷|<\\|begin_of_thought\\|>"
              + "|(?<closes4><\\|end_of_thought\\|>|<\\|channel\\|>\\s*final\\s*<\\|message\\|>)"
              + "|<\\|channel\\|>\\s*(?:analysis|commentary)[^<]{0,40}<\\|message\\|>",
          Pattern.CASE_INSENSITIVE);

  /** Characters are looked at so many times at most, and objects read: a text may be all braces. */
  private static final int MOST_LOOKS = 40;

  private static final int MOST_OBJECTS = 100;

  private final String text;
  private final AnswerJson json;
  private long looks;

  private AnswerText(String text, AnswerJson json) {
    this.text = text;
    this.json = json;
    this.looks = (long) MOST_LOOKS * text.length() + 1000;
  }

  /** An object, and where in the text it begins. */
  record Found(Map<?, ?> object, int from, int to) {}

  /** The objects of the answer in order, the outer ones before those in them. */
  static List<Found> objects(String text, AnswerJson json) {
    return new AnswerText(text, json).objects();
  }

  /** Whether a text holds nothing but thinking, or nothing at all. */
  static boolean isOnlyThinking(String text) {
    boolean[] thinking = thinking(text, List.of());
    for (int i = 0; i < text.length(); i++) {
      if (!thinking[i] && !Character.isWhitespace(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private List<Found> objects() {
    List<Found> all = new ArrayList<>();
    find(0, text.length(), all);
    boolean[] thinking = thinking(text, all);
    List<Found> said = new ArrayList<>();
    for (Found one : all) {
      if (!thinking[one.from]) {
        said.add(one);
        inner(one.object, one, said);
      }
    }
    return said;
  }

  private void find(int from, int to, List<Found> found) {
    int tried = 0;
    for (int i = from; i < to && tried < MOST_OBJECTS && looks > 0; i++) {
      if (text.charAt(i) != '{') {
        continue;
      }
      int end = end(i, to);
      if (end > 0) {
        tried++;
        try {
          if (json.read(text.substring(i, end)) instanceof Map<?, ?> map) {
            found.add(new Found(map, i, end));
            i = end - 1;
          }
        } catch (JsonDataException e) {
          // braces of something else: those within them are looked at next
        }
      }
    }
  }

  /** Objects within an object: some models wrap the answer in one more. */
  private static void inner(Object value, Found outer, List<Found> found) {
    if (value instanceof Map<?, ?> map) {
      for (Object one : map.values()) {
        if (one instanceof Map<?, ?> object && found.size() < MOST_OBJECTS) {
          found.add(new Found(object, outer.from, outer.to));
          inner(object, outer, found);
        }
      }
    }
  }

  /** After the brace that closes the one here; 0 if none does. */
  private int end(int from, int to) {
    int depth = 0;
    boolean quoted = false;
    for (int i = from; i < to && looks-- > 0; i++) {
      char c = text.charAt(i);
      if (quoted) {
        if (c == '\\') {
          i++;
        } else if (c == '"') {
          quoted = false;
        }
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return i + 1;
      }
    }
    return 0;
  }

  /** For each character, whether it is thinking. */
  private static boolean[] thinking(String text, List<Found> objects) {
    boolean[] thinking = new boolean[text.length()];
    Matcher mark = MARK.matcher(text);
    int opened = -1;
    int object = 0;
    while (mark.find()) {
      int at = mark.start();
      while (object < objects.size() && objects.get(object).to <= at) {
        object++;
      }
      if (object < objects.size() && objects.get(object).from < at) {
        continue; // in the text of an object
      }
      boolean closes =
          mark.group("closes") != null
              || mark.group("closes2") != null
              || mark.group("closes3") != null
              || mark.group("closes4") != null;
      if (closes) {
        fill(thinking, opened >= 0 ? opened : 0, mark.end());
        opened = -1;
      } else if (opened < 0) {
        opened = at;
      }
    }
    if (opened >= 0) {
      fill(thinking, opened, text.length());
    }
    return thinking;
  }

  private static void fill(boolean[] thinking, int from, int to) {
    for (int i = from; i < to && i < thinking.length; i++) {
      thinking[i] = true;
    }
  }
}
