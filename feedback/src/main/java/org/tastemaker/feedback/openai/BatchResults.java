package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What came back of batches: by the key of each question, where its line is. Lines that are
 * damaged, that nobody asked for, or that come a second time are left out. Answers stay on the
 * disk.
 */
final class BatchResults {
  private static final Logger LOG = LoggerFactory.getLogger(BatchResults.class);

  /** Where a line is, and what it is. */
  record Place(BatchPart part, Path file, long offset, int length, int status) {}

  /** A line's outcome; the body is JSON as text. */
  record Outcome(BatchPart part, int status, String body) {}

  private final BatchCalls calls;
  private final Map<String, List<Place>> places = new HashMap<>();

  BatchResults(BatchCalls calls) {
    this.calls = calls;
  }

  /** Adds what came back of a batch. */
  void add(BatchPart part) {
    read(part)
        .forEach((key, place) -> places.computeIfAbsent(key, k -> new ArrayList<>()).add(place));
  }

  /** The outcomes of a question, the oldest first. */
  List<Outcome> of(String key) {
    return places.getOrDefault(key, List.of()).stream().map(this::outcome).toList();
  }

  /** The first line of each question of a batch. */
  Map<String, Place> read(BatchPart part) {
    Set<String> asked = part.keys().keySet();
    Map<String, Place> found = new HashMap<>();
    int odd = 0;
    for (Path file : List.of(part.output(), part.errors())) {
      if (!Files.exists(file)) {
        continue;
      }
      try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
        long offset = 0;
        for (byte[] line = next(in); line.length > 0; line = next(in)) {
          odd += take(part, file, offset, line, asked, found) ? 0 : 1;
          offset += line.length;
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read what came back of a batch, " + file, e);
      }
    }
    if (odd > 0) {
      LOG.warn(
          "{} lines of {} are damaged, or answer what was not asked, or come twice; they are left"
              + " out",
          odd,
          part.folder());
    }
    return found;
  }

  private boolean take(
      BatchPart part,
      Path file,
      long offset,
      byte[] line,
      Set<String> asked,
      Map<String, Place> found) {
    if (new String(line, StandardCharsets.UTF_8).isBlank()) {
      return true;
    }
    try {
      BatchWire.Result result = calls.line(line);
      String key = Wire.text(result.key());
      if (!asked.contains(key)) {
        return false;
      }
      Place place = new Place(part, file, offset, line.length, status(result));
      return found.putIfAbsent(key, place) == null;
    } catch (JsonDataException e) {
      return false;
    }
  }

  private static int status(BatchWire.Result result) {
    BatchWire.Reply reply = result.response();
    Long status = reply == null ? null : reply.status();
    return status == null || reply == null || reply.body() == null ? 0 : status.intValue();
  }

  Outcome outcome(Place place) {
    byte[] line = new byte[place.length];
    try (RandomAccessFile in = new RandomAccessFile(place.file.toFile(), "r")) {
      in.seek(place.offset);
      in.readFully(line);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read what came back of a batch, " + place.file, e);
    }
    BatchWire.Reply reply = calls.line(line).response();
    Object body = reply == null ? null : reply.body();
    return new Outcome(place.part, place.status, body == null ? "" : Wire.json(body));
  }

  /** The next line with its end; empty at the end of the file. */
  private static byte[] next(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int b = in.read();
    while (b >= 0) {
      line.write(b);
      if (b == '\n') {
        break;
      }
      b = in.read();
    }
    return line.toByteArray();
  }
}
