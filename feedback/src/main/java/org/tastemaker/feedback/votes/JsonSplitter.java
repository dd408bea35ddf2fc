package org.tastemaker.feedback.votes;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;

/**
 * Cuts a file of JSON into its objects, without looking into them: only strings and brackets are
 * followed.
 */
final class JsonSplitter {
  private static final int LONGEST = JsonLimits.defaults().bytes();
  private static final int END = -1;

  private final InputStream in;
  private final String where;
  private final String list;
  private int c; // the byte that is looked at, or END
  private int line = 1;
  private int begin = 1;
  private State state = State.NOT_BEGUN;
  private boolean named; // the list stands under its name in an object

  private enum State {
    NOT_BEGUN,
    LINES,
    FIRST_OF_LIST,
    IN_LIST,
    DONE
  }

  JsonSplitter(InputStream in, String where, String list) {
    this.in = in;
    this.where = where;
    this.list = list;
  }

  /** The line at which the last object begins, from 1. */
  int line() {
    return begin;
  }

  /**
   * The next object's bytes; null at the end.
   *
   * @throws IllegalArgumentException if there is something else
   */
  byte @Nullable [] next() throws IOException {
    if (state == State.NOT_BEGUN) {
      begin();
    }
    if (state == State.DONE) {
      return null;
    }
    skipSpace();
    if (state == State.LINES && c == END) {
      state = State.DONE;
      return null;
    }
    if (state != State.LINES) {
      if (c == ']') {
        finish();
        return null;
      }
      if (state == State.IN_LIST) {
        require(',', "a comma or the list's end");
        skipSpace();
      }
      state = State.IN_LIST;
    }
    begin = line;
    if (c != '{') {
      throw wrong("an object");
    }
    return object();
  }

  private void begin() throws IOException {
    read();
    if (c == 0xEF) { // a byte order mark
      read();
      read();
      read();
    }
    skipSpace();
    if (c == '[') {
      read();
      state = State.FIRST_OF_LIST;
    } else if (c == '{' && list.isEmpty()) {
      state = State.LINES;
    } else if (c == '{') {
      seekList();
    } else {
      throw noJson();
    }
  }

  /** Whatever a download has left in the file's place is named by the parser. */
  private IllegalArgumentException noJson() throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    for (; c != END && head.size() < 200; read()) {
      head.write(c);
    }
    Json.parse(head.toByteArray(), where);
    return new IllegalArgumentException(
        where
            + " must hold a JSON list of objects, or an object on each line, but begins with '"
            + head.toString(StandardCharsets.UTF_8).lines().findFirst().orElse("")
            + "'");
  }

  /** In an object that holds the list under a name. */
  private void seekList() throws IOException {
    List<String> found = new ArrayList<>();
    read();
    for (skipSpace(); c != '}'; skipSpace()) {
      if (!found.isEmpty()) {
        require(',', "a comma or the object's end");
        skipSpace();
      }
      if (c != '"') {
        throw wrong("a name");
      }
      String name = string();
      skipSpace();
      require(':', "a colon");
      skipSpace();
      if (name.equals(list) && c == '[') {
        read();
        state = State.FIRST_OF_LIST;
        named = true;
        return;
      }
      if (found.size() < 100) {
        found.add(name);
      }
      skipValue();
    }
    throw new IllegalArgumentException(
        where + " has no list '" + list + "' in its object; it has " + found);
  }

  /** After the list: what follows must end, too. */
  private void finish() throws IOException {
    read();
    skipSpace();
    if (named) {
      while (c != '}') {
        if (c == END) {
          throw cut();
        }
        skipValueOrMark();
        skipSpace();
      }
      read();
      skipSpace();
    }
    if (c != END) {
      throw new IllegalArgumentException(
          where + ", line " + line + ": there is something after the end of the JSON");
    }
    state = State.DONE;
  }

  private void skipValueOrMark() throws IOException {
    if (c == ',' || c == ':') {
      read();
    } else {
      skipValue();
    }
  }

  private byte[] object() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int depth = 0;
    boolean quoted = false;
    do {
      if (c == END) {
        throw cut();
      }
      if (bytes.size() == LONGEST) {
        throw new IllegalArgumentException(
            where
                + ", line "
                + begin
                + ": an object has more than "
                + LONGEST
                + " bytes; images belong into files or a Parquet table");
      }
      bytes.write(c);
      if (quoted && c == '\\') {
        read();
        if (c == END) {
          throw cut();
        }
        bytes.write(c);
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && (c == '{' || c == '[')) {
        depth++;
      } else if (!quoted && (c == '}' || c == ']')) {
        depth--;
      }
      read();
    } while (depth > 0);
    return bytes.toByteArray();
  }

  private void skipValue() throws IOException {
    if (c == '"') {
      string();
    } else if (c == '{' || c == '[') {
      int depth = 0;
      do {
        if (c == END) {
          throw cut();
        }
        if (c == '"') {
          string();
          continue;
        }
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        read();
      } while (depth > 0);
    } else {
      int length = 0;
      while (c > ' ' && c != ',' && c != '}' && c != ']') {
        read();
        length++;
      }
      if (length == 0) {
        throw wrong("a value");
      }
    }
  }

  /** A string's raw text, of which the beginning is kept. */
  private String string() throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (read(); c != '"'; read()) {
      if (c == '\\') {
        read();
      }
      if (c == END) {
        throw cut();
      }
      if (text.size() < 100) {
        text.write(c);
      }
    }
    read();
    return text.toString(StandardCharsets.UTF_8);
  }

  private void require(char mark, String expected) throws IOException {
    if (c != mark) {
      throw wrong(expected);
    }
    read();
  }

  private IllegalArgumentException wrong(String expected) {
    if (c == END) {
      return cut();
    }
    return new IllegalArgumentException(
        where
            + ", line "
            + line
            + ": expected "
            + expected
            + ", but found '"
            + (char) c
            + "'; is it JSON?");
  }

  private IllegalArgumentException cut() {
    return new IllegalArgumentException(
        where
            + " ends at line "
            + line
            + " within what begins at line "
            + begin
            + ": is it cut short? Copy or download it again");
  }

  private void skipSpace() throws IOException {
    while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
      read();
    }
  }

  private void read() throws IOException {
    if (c == '\n') {
      line++;
    }
    c = in.read();
  }
}
