package org.tastemaker.feedback.votes;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;

/**
 * A file of JSON objects: a list of them, one on each line, or a list under a name in an object.
 * Each object is parsed by itself, as strictly as all JSON here, so a file of any length takes the
 * memory of one object, which may have 4 MiB.
 */
public final class JsonRecords implements RecordFile {
  private final Path file;
  private final String list;

  private JsonRecords(Path file, String list) {
    this.file = Objects.requireNonNull(file, "file == null");
    this.list = Objects.requireNonNull(list, "list == null: use \"\" for none");
  }

  /**
   * A file whose objects stand in a list, or one after another.
   *
   * @param file JSON or JSON Lines, in UTF-8
   * @return the file, not yet opened
   */
  public static JsonRecords of(Path file) {
    return new JsonRecords(file, "");
  }

  /**
   * A file whose objects may also stand in a list under a name.
   *
   * @param file JSON or JSON Lines, in UTF-8
   * @param list such as {@code pairs}, for {@code {"pairs": [...]}}; empty for none
   * @return the file, not yet opened
   */
  public static JsonRecords of(Path file, String list) {
    return new JsonRecords(file, list);
  }

  @Override
  public String name() {
    return file.toString();
  }

  @Override
  public Records open(Set<String> wanted) {
    try {
      InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
      JsonSplitter splitter = new JsonSplitter(in, name(), list);
      return new OpenFile(in, splitter);
    } catch (IOException e) {
      throw cannot(e);
    }
  }

  private UncheckedIOException cannot(IOException e) {
    return new UncheckedIOException("cannot read " + file + ": " + e, e);
  }

  /** Objects of an open file. */
  private final class OpenFile implements Records {
    private final InputStream in;
    private final JsonSplitter splitter;
    private byte @Nullable [] next;
    private boolean begun;

    OpenFile(InputStream in, JsonSplitter splitter) {
      this.in = in;
      this.splitter = splitter;
    }

    @Override
    public boolean hasNext() {
      if (!begun) {
        advance();
      }
      return next != null;
    }

    @Override
    public Fields next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the file " + file + " has no further record");
      }
      String where = file + ", line " + splitter.line();
      Object value = Json.parse(Objects.requireNonNull(next), where);
      advance();
      Map<String, @Nullable Object> values = new LinkedHashMap<>();
      ((Map<?, ?>) Objects.requireNonNull(value))
          .forEach((name, entry) -> values.put((String) name, entry));
      return new Fields(where, values);
    }

    private void advance() {
      begun = true;
      try {
        next = splitter.next();
      } catch (IOException e) {
        throw cannot(e);
      }
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw cannot(e);
      }
    }
  }
}
