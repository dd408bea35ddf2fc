package org.tastemaker.diffusion.condition;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a prompt and its weight, in AUTOMATIC1111's notation.
 *
 * @param text without the marks of weights
 * @param weight 1 for a plain part
 * @param breaks whether a new chunk begins before it
 */
record WeightedText(String text, double weight, boolean breaks) {
  private static final double ROUND = 1.1;
  private static final String MARKS = "()[]\\";
  private static final Pattern BREAK = Pattern.compile("\\s*\\bBREAK\\b\\s*");
  private static final Pattern NUMBER =
      Pattern.compile(":\\s*([+-]?(?:\\d+\\.?\\d*|\\.\\d+))\\s*\\)");

  /** Something that looks as if it were meant to be more than its characters. */
  private static final Pattern MARKED =
      Pattern.compile(
          "\\([^():]*:\\s*[+-]?[.\\d]+\\s*\\)|\\(\\(|\\[\\[|<(?:lora|lyco|hypernet):|\\bBREAK\\b");

  private static final int LOOKED_AT = 20_000;

  /** Whether a text has weights, or other marks of the web UI. */
  static boolean isMarked(String text) {
    return MARKED.matcher(text.substring(0, Math.min(text.length(), LOOKED_AT))).find();
  }

  /** A text without weights. */
  static List<WeightedText> plain(String text, boolean chunks) {
    List<WeightedText> parts = new ArrayList<>();
    add(text, 1, chunks, parts);
    return parts;
  }

  /** The parts of a text with weights; neighbours of the same weight are one. */
  static List<WeightedText> parse(String text, boolean chunks) {
    List<String> texts = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    Deque<Integer> round = new ArrayDeque<>();
    Deque<Integer> square = new ArrayDeque<>();
    Matcher number = NUMBER.matcher(text);
    StringBuilder run = new StringBuilder();
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      boolean escaped =
          c == '\\' && at + 1 < text.length() && MARKS.indexOf(text.charAt(at + 1)) >= 0;
      if (escaped) {
        run.append(text.charAt(++at));
        continue;
      }
      boolean weighted =
          c == ':' && !round.isEmpty() && number.region(at, text.length()).lookingAt();
      boolean closes = (c == ')' && !round.isEmpty()) || (c == ']' && !square.isEmpty());
      if (c != '(' && c != '[' && !weighted && !closes) {
        if (c != '\\') { // a lone one marks nothing
          run.append(c);
        }
        continue;
      }
      texts.add(run.toString());
      weights.add(1.0);
      run.setLength(0);
      if (c == '(' || c == '[') {
        (c == '(' ? round : square).push(texts.size());
      } else if (weighted) {
        multiply(weights, round.pop(), Double.parseDouble(number.group(1)));
        at = number.end() - 1;
      } else {
        multiply(weights, (c == ')' ? round : square).pop(), c == ')' ? ROUND : 1 / ROUND);
      }
    }
    texts.add(run.toString());
    weights.add(1.0);
    round.forEach(from -> multiply(weights, from, ROUND)); // those that are never closed
    square.forEach(from -> multiply(weights, from, 1 / ROUND));
    return merged(texts, weights, chunks);
  }

  private static void multiply(List<Double> weights, int from, double factor) {
    for (int i = from; i < weights.size(); i++) {
      weights.set(i, weights.get(i) * factor);
    }
  }

  private static List<WeightedText> merged(
      List<String> texts, List<Double> weights, boolean chunks) {
    List<WeightedText> parts = new ArrayList<>();
    for (int i = 0; i < texts.size(); ) {
      double weight = weights.get(i);
      StringBuilder text = new StringBuilder();
      while (i < texts.size() && (texts.get(i).isEmpty() || weights.get(i) == weight)) {
        text.append(texts.get(i++));
      }
      add(text.toString(), weight, chunks, parts);
    }
    return parts;
  }

  /** Adds a text, cut at the word BREAK. */
  private static void add(String text, double weight, boolean chunks, List<WeightedText> parts) {
    String[] pieces = chunks ? BREAK.split(text, -1) : new String[] {text};
    for (int i = 0; i < pieces.length; i++) {
      if (i > 0 || !pieces[i].isEmpty()) {
        parts.add(new WeightedText(pieces[i], weight, i > 0));
      }
    }
  }
}
