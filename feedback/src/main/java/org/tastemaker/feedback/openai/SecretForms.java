package org.tastemaker.feedback.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The forms in which a secret may stand in a text: as it is; escaped, once or more, as in JSON, a
 * URL or HTML, wholly or in part; in base64 of either alphabet, on its own or within something
 * longer, and then escaped; in hexadecimal.
 */
final class SecretForms {
  private SecretForms() {}

  /**
   * A pattern that finds each form.
   *
   * @param secret visible ASCII characters, at least six: fewer have too little in base64 that is
   *     their own and nothing else's
   */
  static Pattern of(String secret) {
    byte[] bytes = secret.getBytes(StandardCharsets.US_ASCII);
    String hexadecimal = HexFormat.of().formatHex(bytes);
    List<String> texts = new ArrayList<>();
    texts.add(secret);
    for (int before = 0; before < 3; before++) {
      texts.add(base64(bytes, before));
    }
    String forms = texts.stream().map(SecretForms::escaped).collect(Collectors.joining("|"));
    return Pattern.compile(
        beginnings(texts, hexadecimal) + "(?:" + forms + "|(?i:" + hexadecimal + "))");
  }

  /**
   * What base64 of a text shows of the secret alone, where so many bytes, modulo 3, stand before
   * it.
   */
  private static String base64(byte[] secret, int before) {
    byte[] shifted = new byte[before + secret.length];
    System.arraycopy(secret, 0, shifted, before, secret.length);
    String encoded = Base64.getEncoder().withoutPadding().encodeToString(shifted);
    // A character stands for 6 bits: the first and last may hold bits of the neighbours.
    int from = (before * 8 + 5) / 6;
    int to = shifted.length * 8 / 6;
    return encoded.substring(from, to);
  }

  /** Looks at the first character before anything is tried: texts can be long. */
  private static String beginnings(List<String> texts, String hexadecimal) {
    TreeSet<Character> first = new TreeSet<>(List.of('\\', '%', '&', '+', '-', '/', '_'));
    texts.forEach(text -> first.add(text.charAt(0)));
    first.add(hexadecimal.charAt(0));
    first.add(Character.toUpperCase(hexadecimal.charAt(0)));
    return first.stream()
        .map(c -> String.format(Locale.ROOT, "\\x%02x", (int) c))
        .collect(Collectors.joining("", "(?=[", "])"));
  }

  private static String escaped(String text) {
    return text.chars()
        .mapToObj(c -> "(?:" + forms((char) c) + ")")
        .collect(Collectors.joining("\\s?")); // base64 of mails is broken into lines
  }

  /** A character: as it is, and as JSON, URLs and HTML may write it. */
  private static String forms(char c) {
    String hex = String.format(Locale.ROOT, "%02x", (int) c);
    String itself =
        switch (c) {
          case '+' -> "[+-]"; // the other alphabet of base64
          case '/' -> "[/_]";
          default -> "\\x" + hex;
        };
    String backslashes = Character.isLetterOrDigit(c) ? "" : "\\\\{0,8}";
    return String.join(
        "|", // the longest first, so that nothing of it stays
        "\\\\{1,8}u00(?i:" + hex + ")",
        "%(?:25){0,3}(?i:" + hex + ")",
        "&#0{0,5}" + (int) c + ";",
        "&#[xX]0{0,5}(?i:" + hex + ");",
        backslashes + itself);
  }
}
