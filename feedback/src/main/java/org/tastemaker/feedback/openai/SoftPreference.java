package org.tastemaker.feedback.openai;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The probability that the first of two images is better, from the log-probabilities of the token
 * in which the answer names one.
 *
 * <pre>p = sum exp(lp of A-like tokens) / (sum over A-like + sum over B-like)</pre>
 *
 * <p>The token is found by its place in the answer's bytes, since it may be merged with its
 * neighbours: {@code "A}, {@code A"} and {@code A} are all A-like. If a label is not among the
 * given alternatives, its log-probability is at most that of the last one, which is used instead.
 * So the result is never 0 or 1, and errs toward one half.
 */
final class SoftPreference {
  /** What a server reports for a token outside of the top ones. */
  private static final double UNKNOWN = -9999;

  private static final Pattern NOT_A_LABEL = Pattern.compile("[^A-Za-z]+");

  private SoftPreference() {}

  /**
   * The probability.
   *
   * @param content the answer's text
   * @param from where in the text the object begins
   * @param field the field whose value is the label
   * @param labels two
   * @param tokens of the answer, in order
   * @return empty if the tokens do not give it
   */
  static OptionalDouble of(
      String content, int from, String field, List<String> labels, List<ChatWire.Token> tokens) {
    Matcher value =
        Pattern.compile("\"" + Pattern.quote(field) + "\"\\s*:\\s*\"\\s*(?=[A-Z])")
            .matcher(content);
    if (tokens.isEmpty() || !value.find(from)) {
      return OptionalDouble.empty();
    }
    int target = content.substring(0, value.end()).getBytes(StandardCharsets.UTF_8).length;
    byte[] said = content.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream soFar = new ByteArrayOutputStream(said.length);
    for (ChatWire.Token token : tokens) {
      soFar.writeBytes(bytes(token));
      if (soFar.size() > target) {
        boolean aligned =
            soFar.size() <= said.length
                && Arrays.equals(soFar.toByteArray(), Arrays.copyOf(said, soFar.size()));
        return aligned ? between(token, labels) : OptionalDouble.empty();
      }
    }
    return OptionalDouble.empty();
  }

  private static OptionalDouble between(ChatWire.Token token, List<String> labels) {
    List<ChatWire.TopToken> top = token.topLogprobs();
    if (top == null || top.isEmpty()) {
      return OptionalDouble.empty();
    }
    double[] sums = new double[2];
    double least = 0;
    for (ChatWire.TopToken alternative : Wire.whole(top)) {
      double lp = alternative.logprob();
      if (!(lp <= 0) || lp <= UNKNOWN || alternative.token() == null) {
        continue;
      }
      least = Math.min(least, lp);
      int label = labels.indexOf(NOT_A_LABEL.matcher(alternative.token()).replaceAll(""));
      if (label >= 0) {
        sums[label] += Math.exp(lp);
      }
    }
    if (sums[0] == 0 && sums[1] == 0) {
      return OptionalDouble.empty();
    }
    for (int i = 0; i < 2; i++) {
      if (sums[i] == 0) {
        sums[i] = Math.min(Math.exp(least), sums[1 - i]);
      }
    }
    return OptionalDouble.of(sums[0] / (sums[0] + sums[1]));
  }

  private static byte[] bytes(ChatWire.Token token) {
    List<@Nullable Integer> given = token.bytes();
    if (given == null || given.contains(null)) {
      return Objects.requireNonNullElse(token.token(), "").getBytes(StandardCharsets.UTF_8);
    }
    byte[] bytes = new byte[given.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = given.get(i).byteValue();
    }
    return bytes;
  }
}
