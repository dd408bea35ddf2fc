package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.run.AtomicFiles;

/**
 * What was learned about models, stored for later runs: each lesson cost a rejected call, and one
 * about room for reasoning a paid call.
 *
 * <p>The file is small JSON: by the server's address and the model's name, a {@link
 * ModelCapabilities} each, with the time since when it is known. It is only a cache: if it cannot
 * be read, has another version or cannot be written, that is logged and the lessons are learned
 * again. Delete it to learn them again, such as after a server has changed.
 *
 * <p>Thread-safe. Several processes may use a file: of two lessons learned at the same time, one
 * may be lost.
 */
final class CapabilityFile {
  private static final Logger LOG = LoggerFactory.getLogger(CapabilityFile.class);
  private static final int FORMAT = 2;
  private static final JsonAdapter<Content> JSON =
      new Moshi.Builder().build().adapter(Content.class).indent(" ");

  private final Path file;

  CapabilityFile(Path file) {
    this.file = file;
  }

  /**
   * The file; public, in a class that is not, since Moshi calls its accessors. Its records check
   * nothing: Moshi makes an error of what a constructor throws.
   */
  public record Content(int format, Map<String, Map<String, Can>> servers) {}

  public record Can(
      boolean logprobs,
      int topLogprobs,
      boolean temperature,
      boolean seed,
      boolean detail,
      boolean effort,
      boolean systemRole,
      String structure,
      String limit,
      int hiddenTokens,
      String since) {
    static Can of(Lesson lesson) {
      ModelCapabilities can = lesson.can();
      return new Can(
          can.logprobs(),
          can.topLogprobs(),
          can.temperature(),
          can.seed(),
          can.detail(),
          can.effort(),
          can.systemRole(),
          can.structure().name(),
          can.limit().name(),
          can.hiddenTokens(),
          lesson.since().toString());
    }

    Lesson lesson() {
      return new Lesson(capabilities(), Instant.parse(since));
    }

    private ModelCapabilities capabilities() {
      return new ModelCapabilities(
          logprobs,
          topLogprobs,
          temperature,
          seed,
          detail,
          effort,
          systemRole,
          ModelCapabilities.Structure.valueOf(structure),
          ModelCapabilities.Limit.valueOf(limit),
          hiddenTokens);
    }
  }

  /** What is known of the models of a server. */
  Map<String, Lesson> read(String server) {
    return servers().getOrDefault(server, Map.of());
  }

  /** Adds what is known of one of them. */
  synchronized void keep(String server, String model, Lesson lesson) {
    Map<String, Map<String, Lesson>> servers = servers();
    servers.computeIfAbsent(server, name -> new TreeMap<>()).put(model, lesson);
    Map<String, Map<String, Can>> content = new TreeMap<>();
    servers.forEach(
        (name, models) -> {
          Map<String, Can> kept = new TreeMap<>();
          models.forEach((id, its) -> kept.put(id, Can.of(its)));
          content.put(name, kept);
        });
    try {
      AtomicFiles.write(file, JSON.toJson(new Content(FORMAT, content)));
    } catch (UncheckedIOException e) {
      LOG.warn("what was learned about {} is not stored: {}", model, e.getMessage());
    }
  }

  private Map<String, Map<String, Lesson>> servers() {
    Map<String, Map<String, Lesson>> servers = new TreeMap<>();
    try {
      if (!Files.exists(file)) {
        return servers;
      }
      Content content = JSON.fromJson(Files.readString(file));
      if (content == null || content.format != FORMAT) {
        LOG.warn("{} is not of format {} and is not used", file, FORMAT);
        return servers;
      }
      content.servers.forEach(
          (name, models) -> {
            Map<String, Lesson> known = new TreeMap<>();
            models.forEach((id, can) -> known.put(id, can.lesson()));
            servers.put(name, known);
          });
      return servers;
    } catch (IOException
        | JsonDataException
        | IllegalArgumentException
        | DateTimeException
        | NullPointerException e) { // the last three where a value is missing or out of range
      LOG.warn("{} cannot be read and is not used: {}", file, e.toString());
      return new TreeMap<>();
    }
  }
}
