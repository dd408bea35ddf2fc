package org.tastemaker.feedback.votes;

import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.JsonEncodingException;
import com.squareup.moshi.JsonReader;
import com.squareup.moshi.JsonReader.Token;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import okio.BufferedSource;
import okio.ByteString;
import okio.Okio;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;

/**
 * A file of JSON objects: a list of them, one after another (JSON Lines), or a list under a name in
 * an object. Each object is parsed by itself, as strictly as all JSON here, so a file of any length
 * takes the memory of one object, which may have 4 MiB.
 */
public final class JsonRecords implements RecordFile {
  private static final int LONGEST = JsonLimits.defaults().bytes();
  private static final int SHOWN = 200;
  private static final ByteString BYTE_ORDER_MARK = ByteString.decodeHex("efbbbf");

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
      return new OpenFile(Okio.buffer(Okio.source(file)));
    } catch (IOException e) {
      throw cannot(e);
    }
  }

  private UncheckedIOException cannot(IOException e) {
    return new UncheckedIOException("cannot read " + file + ": " + e, e);
  }

  /** Objects of an open file. */
  private final class OpenFile implements Records {
    private final BufferedSource source;
    private JsonReader reader;
    private boolean begun;
    private boolean lines;
    private boolean named; // the list stands under its name in an object
    private long number; // of the record that is read next, from 1
    private byte @Nullable [] next;

    OpenFile(BufferedSource source) {
      this.source = source;
      this.reader = JsonReader.of(source);
    }

    @Override
    public boolean hasNext() {
      if (!begun) {
        begun = true;
        advance(true);
      }
      return next != null;
    }

    @Override
    public Fields next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the file " + file + " has no further record");
      }
      String where = where();
      Object value = Json.parse(Objects.requireNonNull(next), where);
      advance(false);
      Map<String, @Nullable Object> values = new LinkedHashMap<>();
      ((Map<?, ?>) Objects.requireNonNull(value))
          .forEach((name, entry) -> values.put((String) name, entry));
      return new Fields(where, values);
    }

    private String where() {
      return file + ", record " + number;
    }

    private void advance(boolean first) {
      try {
        if (first) {
          begin();
        }
        number++;
        next = object();
      } catch (EOFException e) {
        throw new IllegalArgumentException(
            where() + ": the file ends here: is it cut short? Copy or download it again", e);
      } catch (JsonEncodingException | JsonDataException e) {
        throw new IllegalArgumentException(where() + ": is it JSON? " + e.getMessage(), e);
      } catch (IOException e) {
        throw cannot(e);
      }
    }

    /** Goes to the first object. */
    private void begin() throws IOException {
      if (source.request(BYTE_ORDER_MARK.size()) && source.rangeEquals(0, BYTE_ORDER_MARK)) {
        source.skip(BYTE_ORDER_MARK.size());
      }
      skipSpace();
      source.request(SHOWN);
      byte first = source.exhausted() ? 0 : source.getBuffer().getByte(0);
      if (first == '[') {
        reader.beginArray();
      } else if (first != '{') {
        throw noJson();
      } else if (list.isEmpty()) {
        lines = true;
      } else {
        seekList();
      }
    }

    /** Whatever a download has left in the file's place is named by the parser. */
    private IllegalArgumentException noJson() throws IOException {
      byte[] head = source.readByteArray(Math.min(SHOWN, source.getBuffer().size()));
      Object unused = Json.parse(head, name());
      return new IllegalArgumentException(
          file
              + " must hold a JSON list of objects, or an object on each line, but begins with '"
              + ByteString.of(head).utf8().lines().findFirst().orElse("")
              + "'");
    }

    /** In an object that holds the list under a name. */
    private void seekList() throws IOException {
      List<String> found = new ArrayList<>();
      reader.beginObject();
      while (reader.hasNext()) {
        String name = reader.nextName();
        if (name.equals(list) && reader.peek() == Token.BEGIN_ARRAY) {
          reader.beginArray();
          named = true;
          return;
        }
        if (found.size() < 100) {
          found.add(name);
        }
        reader.skipValue();
      }
      throw new IllegalArgumentException(
          file + " has no list '" + list + "' in its object; it has " + found);
    }

    /** The next object's bytes; null at the end. */
    private byte @Nullable [] object() throws IOException {
      if (lines) {
        skipSpace();
        if (source.exhausted()) {
          return null;
        }
        reader = JsonReader.of(source);
      } else if (!reader.hasNext()) {
        end();
        return null;
      }
      if (reader.peek() != Token.BEGIN_OBJECT) {
        throw new IllegalArgumentException(
            where() + ": expected an object, but found " + reader.peek());
      }
      try (BufferedSource value = reader.nextSource()) {
        if (value.request(LONGEST + 1L)) {
          throw new IllegalArgumentException(
              where()
                  + ": an object has more than "
                  + LONGEST
                  + " bytes; images belong into files");
        }
        return value.readByteArray();
      }
    }

    /** After the list: what follows must end, too. */
    private void end() throws IOException {
      reader.endArray();
      if (named) {
        while (reader.hasNext()) {
          String unused = reader.nextName();
          reader.skipValue();
        }
        reader.endObject();
      }
      skipSpace();
      if (!source.exhausted()) {
        throw new IllegalArgumentException(file + " has something after the end of its JSON");
      }
    }

    private void skipSpace() throws IOException {
      while (!source.exhausted() && " \n\r\t".indexOf(source.getBuffer().getByte(0)) >= 0) {
        source.skip(1);
      }
    }

    @Override
    public void close() {
      try {
        source.close();
      } catch (IOException e) {
        throw cannot(e);
      }
    }
  }
}
