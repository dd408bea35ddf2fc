package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.testing.Effort;
import org.tastemaker.testing.Expense;

/** A key is found in a text in every form that somebody could read it from. */
class ApiKeyTest {
  private static final int TIMES = Effort.times(100, 20_000);
  private static final long FIRST_SEED = 20_261_126;

  /** Ways to write a key; a random generator decides where there is a choice. */
  @SuppressWarnings("ImmutableEnumChecker") // the functions hold nothing
  enum Form {
    AS_IT_IS((key, random) -> key),
    WITH_ESCAPED_SLASHES((key, random) -> key.replace("\\", "\\\\").replace("/", "\\/")),
    ESCAPED_AS_JSON(
        (key, random) -> each(key, c -> String.format(Locale.ROOT, "\\u%04x", (int) c))),
    ESCAPED_IN_PARTS(
        (key, random) ->
            each(
                key,
                c ->
                    random.nextBoolean()
                        ? String.valueOf(c)
                        : String.format(Locale.ROOT, "\\u%04X", (int) c))),
    ESCAPED_TWICE(
        (key, random) -> each(key, c -> String.format(Locale.ROOT, "\\\\u%04x", (int) c))),
    IN_A_URL((key, random) -> URLEncoder.encode(key, StandardCharsets.UTF_8)),
    IN_A_URL_WHOLLY((key, random) -> each(key, c -> String.format(Locale.ROOT, "%%%02x", (int) c))),
    IN_A_URL_IN_A_URL(
        (key, random) ->
            URLEncoder.encode(
                URLEncoder.encode(key, StandardCharsets.UTF_8), StandardCharsets.UTF_8)),
    IN_HTML((key, random) -> each(key, c -> "&#" + (int) c + ";")),
    IN_HTML_HEXADECIMAL(
        (key, random) -> each(key, c -> String.format(Locale.ROOT, "&#x%x;", (int) c))),
    BASE64((key, random) -> Base64.getEncoder().encodeToString(around(key, random))),
    BASE64_OF_URLS(
        (key, random) ->
            Base64.getUrlEncoder().withoutPadding().encodeToString(around(key, random))),
    BASE64_IN_LINES(
        (key, random) -> lines(Base64.getEncoder().encodeToString(around(key, random)))),
    BASE64_IN_JSON(
        (key, random) ->
            Base64.getEncoder().encodeToString(around(key, random)).replace("/", "\\/")),
    BASE64_IN_A_URL(
        (key, random) ->
            URLEncoder.encode(
                Base64.getEncoder().encodeToString(around(key, random)), StandardCharsets.UTF_8)),
    HEXADECIMAL(
        (key, random) ->
            random.nextBoolean()
                ? HexFormat.of().formatHex(key.getBytes(StandardCharsets.US_ASCII))
                : HexFormat.of()
                    .withUpperCase()
                    .formatHex(key.getBytes(StandardCharsets.US_ASCII)));

    private final BiFunction<String, SplittableRandom, String> written;

    Form(BiFunction<String, SplittableRandom, String> written) {
      this.written = written;
    }

    String write(String key, long seed) {
      return written.apply(key, new SplittableRandom(seed));
    }
  }

  @ParameterizedTest
  @EnumSource(Form.class)
  void aKeyIsTakenOutOfATextInEveryForm(Form form) {
    for (long seed = FIRST_SEED; seed < FIRST_SEED + TIMES; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      String secret = key(random);
      ApiKey key = ApiKey.of(secret);
      String written = form.write(secret, seed);
      String text = "he said: " + written + " and left";
      assertThat(key.isIn(text)).as("seed %d, %s in %s", seed, secret, text).isTrue();
      String without = key.withoutThis(text);
      assertThat(without).as("seed %d", seed).startsWith("he said: ").endsWith(" and left");
      assertThat(without).as("seed %d", seed).contains("[key]");
      assertThat(key.isIn(without)).as("seed %d", seed).isFalse();
      // of base64 some bits of the first and last character may stay, with what stood around it
      int left = without.length() - "he said: [key] and left".length();
      assertThat(left)
          .as("seed %d: %s", seed, without)
          .isLessThanOrEqualTo(
              written.startsWith(secret) || !form.name().startsWith("BASE64") ? 0 : 40);
    }
  }

  @Test
  void aTextWithoutTheKeyIsLeftAlone() {
    for (long seed = FIRST_SEED; seed < FIRST_SEED + TIMES; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      ApiKey key = ApiKey.of(key(random));
      String text =
          "{\"overall\":\"A\",\"rationale\":\"" + key(random) + " is %41 \\u0041 better\"}";
      assertThat(key.withoutThis(text)).as("seed %d", seed).isSameAs(text);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "none", "EMPTY"})
  void aTrivialKeyIsAPlaceholderAndNoSecret(String placeholder) {
    String text = "{\"overall\":\"x none EMPTY\"}";
    assertThat(ApiKey.of(placeholder).withoutThis(text)).isSameAs(text);
  }

  @Test
  void aShortKeyIsTakenOutToo() {
    assertThat(ApiKey.of("ab3$9z").withoutThis("it is ab3$9z, or YWIzJDl6, or ab3%249z"))
        .isEqualTo("it is [key], or [key], or [key]");
  }

  @Test
  void theMessageOfAFailureAndOfItsCausesHoldsNoForm() {
    ApiKey key = ApiKey.of(Fixtures.KEY);
    String escaped = Form.ESCAPED_AS_JSON.write(Fixtures.KEY, 1);
    Throwable failure = new IllegalStateException("a", new IllegalStateException("b " + escaped));
    Throwable without = key.redact(failure);
    assertThat(without).isNotSameAs(failure).hasNoCause();
    assertThat(without.toString()).doesNotContain("\\u0073");
  }

  @Test
  void textsThatAreMadeToBeSlowAreNot() {
    ApiKey key = ApiKey.of(Fixtures.KEY);
    int length = 2_000_000;
    for (String piece :
        new String[] {
          "\\", "%", "%25", "&#", "&#0", "s", "sk-", "\\u00", "c2", " ", Fixtures.KEY
        }) {
      String text = piece.repeat(length / piece.length());
      Expense expense = Expense.of(() -> key.withoutThis(text));
      assertThat(expense.failure()).as(piece).isNull();
      assertThat(expense.nanos()).as(piece).isLessThan(5_000_000_000L);
    }
  }

  private static String key(SplittableRandom random) {
    int length = 6 + random.nextInt(random.nextBoolean() ? 10 : 160);
    StringBuilder key = new StringBuilder(random.nextBoolean() ? "sk-" : "");
    boolean odd = random.nextInt(4) == 0; // any visible character
    String usual = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    while (key.length() < length) {
      key.append(
          odd ? (char) (0x21 + random.nextInt(94)) : usual.charAt(random.nextInt(usual.length())));
    }
    return key.toString();
  }

  /** The key with something before and after it, as in {@code user:key}. */
  private static byte[] around(String key, SplittableRandom random) {
    return ("Bearer ".substring(random.nextInt(8)) + key + "after".substring(random.nextInt(6)))
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static String lines(String text) {
    return text.replaceAll("(.{76})", "$1\n");
  }

  private static String each(String key, java.util.function.Function<Character, String> written) {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < key.length(); i++) {
      all.append(written.apply(key.charAt(i)));
    }
    return all.toString();
  }
}
