package org.tastemaker.diffusion.condition;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads compel's notation of weights (<a
 * href="https://github.com/damian0815/compel">damian0815/compel</a>, {@code prompt_parser.py}).
 *
 * <pre>
 *   part   = group weight? | quote weight? | word signs? | any other character
 *   group  = "(" part* ")"        quote = '"' part* '"'
 *   weight = signs | number | ".attend(" signs-or-number ")"
 *   signs  = "+"+ | "-"+
 * </pre>
 *
 * <p>What does not fit, such as a bracket that is never closed, stands for itself.
 */
final class CompelText {
  private static final double PLUS = 1.1;
  private static final double MINUS = 0.9;
  private static final String MARKS = "()\"+-,.=\\";
  private static final Pattern SIGNS = Pattern.compile("\\++|-+");
  private static final Pattern WEIGHT =
      Pattern.compile("(\\++|-+|\\d*\\.\\d+|\\d+)|\\.attend\\((\\++|-+|\\d*\\.?\\d+)\\)");
  private static final Pattern UNKNOWN =
      Pattern.compile("\\)\\s*\\.(?:blend|and|add)\\(|\\.swap\\(|\\b(?:with|use)Lora\\(");

  private static final Pattern MARKED =
      Pattern.compile("[^\\\\]\\)(?:[+-]+(?:\\W|$)|\\d*\\.\\d|\\.attend\\()");

  /** Deeper ones are read literally. */
  private static final int DEEPEST = 50;

  private final String text;
  private int at;

  private CompelText(String text) {
    this.text = text;
  }

  /** Whether a text has weights of compel's; signs at single words are too common to tell. */
  static boolean isMarked(String text) {
    return MARKED.matcher(text).find();
  }

  /** Whether a text has something of compel's that is not understood here. */
  static boolean hasMore(String text) {
    return UNKNOWN.matcher(text).find();
  }

  /** The parts of a text with weights; neighbours of the same weight are one. */
  static List<WeightedText> parse(String text) {
    CompelText reading = new CompelText(text.replaceAll(",(\\S)", ", $1")); // as compel does
    List<WeightedText> parts = new ArrayList<>();
    reading.parts(parts, reading.text.length(), 0);
    return merged(parts);
  }

  private void parts(List<WeightedText> into, int end, int depth) {
    while (at < end) {
      char c = text.charAt(at);
      int close = depth < DEEPEST && (c == '(' || c == '"') ? closing(c, end) : -1;
      if (close > 0) {
        List<WeightedText> inner = new ArrayList<>();
        at++;
        parts(inner, close, depth + 1);
        at = close + 1;
        double weight = weight(end);
        inner.forEach(part -> add(into, part.text(), part.weight() * weight));
      } else if (Character.isWhitespace(c) || isMark(c, end)) {
        add(into, literal(end), 1);
      } else {
        word(into, end);
      }
    }
  }

  /** Whether a character is one of the notation's and not part of a word. */
  private boolean isMark(char c, int end) {
    return "(),.\"".indexOf(c) >= 0 || ((c == '+' || c == '-') && signsEndAWord(end));
  }

  /** One character that stands for itself; two, where the first is a backslash. */
  private String literal(int end) {
    boolean escaped = isEscape(end);
    at += escaped ? 2 : 1;
    return text.substring(at - 1, at);
  }

  private boolean isEscape(int end) {
    return text.charAt(at) == '\\' && at + 1 < end && MARKS.indexOf(text.charAt(at + 1)) >= 0;
  }

  private void word(List<WeightedText> into, int end) {
    StringBuilder word = new StringBuilder();
    while (at < end) {
      char c = text.charAt(at);
      boolean escaped = isEscape(end);
      if (!escaped && (Character.isWhitespace(c) || isMark(c, end))) {
        break;
      }
      word.append(literal(end));
    }
    Matcher signs = SIGNS.matcher(text).region(at, end);
    double weight = 1;
    if (signs.lookingAt()) { // isMark ended the word here, so they do too
      weight = ofSigns(signs.group());
      at = signs.end();
    }
    add(into, word.toString(), weight);
  }

  /** Whether the signs from here on stand at the end of a word, and not in it. */
  private boolean signsEndAWord(int end) {
    Matcher signs = SIGNS.matcher(text).region(at, end);
    if (!signs.lookingAt()) {
      return false;
    }
    boolean begins = at == 0 || Character.isWhitespace(text.charAt(at - 1));
    int next = signs.end();
    return !begins
        && (next == end
            || Character.isWhitespace(text.charAt(next))
            || "(),.\"".indexOf(text.charAt(next)) >= 0);
  }

  /** The weight behind a group, 1 if there is none. */
  private double weight(int end) {
    Matcher weight = WEIGHT.matcher(text).region(at, end);
    if (!weight.lookingAt()) {
      return 1;
    }
    at = weight.end();
    String given = weight.group(1) == null ? weight.group(2) : weight.group(1);
    return given.startsWith("+") || given.startsWith("-")
        ? ofSigns(given)
        : Double.parseDouble(given);
  }

  private static double ofSigns(String signs) {
    return Math.pow(signs.charAt(0) == '+' ? PLUS : MINUS, signs.length());
  }

  /** Where the group that begins here ends; -1 if it does not. */
  private int closing(char open, int end) {
    int depth = 0;
    for (int i = at; i < end; i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (open == '"' && c == '"' && i > at) {
        return i;
      } else if (open == '(' && c == '(') {
        depth++;
      } else if (open == '(' && c == ')' && --depth == 0) {
        return i;
      }
    }
    return -1;
  }

  private static void add(List<WeightedText> into, String text, double weight) {
    into.add(new WeightedText(text, weight, false));
  }

  private static List<WeightedText> merged(List<WeightedText> parts) {
    List<WeightedText> merged = new ArrayList<>();
    for (WeightedText part : parts) {
      int last = merged.size() - 1;
      boolean blank = part.text().isBlank();
      if (last >= 0 && (blank || merged.get(last).weight() == part.weight())) {
        WeightedText before = merged.get(last);
        merged.set(last, new WeightedText(before.text() + part.text(), before.weight(), false));
      } else {
        merged.add(part);
      }
    }
    return merged;
  }
}
