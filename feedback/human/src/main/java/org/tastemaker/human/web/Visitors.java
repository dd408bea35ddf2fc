package org.tastemaker.human.web;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;

/**
 * Who may open a page: names, and a secret token for each. Kept in a file, with the port, the
 * address stays the same over restarts, and a page that is open finds its server again.
 */
final class Visitors {
  private static final int TOKEN_BYTES = 24;

  private final Map<String, String> tokens; // by name, in the order given
  private final int port;

  private Visitors(Map<String, String> tokens, int port) {
    this.tokens = tokens;
    this.port = port;
  }

  /**
   * Those of an earlier start, and new ones.
   *
   * @param names of all who may come in; whoever is in the file and not among them may not
   * @param random makes tokens; must not be predictable
   * @param file of earlier starts, or null
   */
  static Visitors of(List<String> names, RandomGenerator random, @Nullable Path file) {
    Map<String, String> known = new TreeMap<>();
    int port = 0;
    if (file != null && Files.isRegularFile(file)) {
      JsonObject json = Json.readObject(file);
      port = json.integer("port");
      known.putAll(json.object("tokens").toTexts());
    }
    Map<String, String> tokens = new LinkedHashMap<>();
    for (String name : names) {
      tokens.put(name, known.getOrDefault(name, token(random)));
    }
    return new Visitors(tokens, port);
  }

  /** The port of the earlier start; 0 if there was none. */
  int port() {
    return port;
  }

  /** Writes them down, readable by the user alone. */
  void write(Path file, int openPort) {
    AtomicFiles.write( // new files are the user's alone
        file, Json.write(Map.of("port", openPort, "tokens", new TreeMap<>(tokens))) + "\n");
  }

  List<String> names() {
    return List.copyOf(tokens.keySet());
  }

  String token(String name) {
    String token = tokens.get(name);
    if (token == null) {
      throw new IllegalArgumentException(
          "there is no visitor '" + name + "'; there are " + tokens.keySet());
    }
    return token;
  }

  /** Whose token it is. Takes as long for a wrong one as for a right one. */
  Optional<String> named(String token) {
    byte[] given = token.getBytes(StandardCharsets.UTF_8);
    String found = null;
    for (Map.Entry<String, String> visitor : tokens.entrySet()) {
      if (MessageDigest.isEqual(visitor.getValue().getBytes(StandardCharsets.UTF_8), given)) {
        found = visitor.getKey();
      }
    }
    return Optional.ofNullable(found);
  }

  private static String token(RandomGenerator random) {
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
