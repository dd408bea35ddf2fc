package org.tastemaker.optim.rows;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.Settings;

/** SHA-256, in 64 hexadecimal digits: how rows name what they need. */
final class Hashes {
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  private Hashes() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static String of(byte[] bytes) {
    return text(sha256().digest(bytes));
  }

  static String of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Of equal settings the same. */
  static String of(Settings settings) {
    return of(Json.write(settings.values()));
  }

  static String text(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }

  static void require(String hash, String what) {
    if (!HASH.matcher(hash).matches()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must be a SHA-256 of 64 hexadecimal digits, but was \"%s\"",
              what,
              hash.length() > 80 ? hash.substring(0, 80) + "..." : hash));
    }
  }
}
