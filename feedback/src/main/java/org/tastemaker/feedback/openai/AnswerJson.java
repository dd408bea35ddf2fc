package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.JsonReader;
import com.squareup.moshi.JsonWriter;
import com.squareup.moshi.Moshi;
import com.squareup.moshi.Types;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import okio.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * JSON that a server sent.
 *
 * <p><b>The key is taken out after parsing</b>, of every text and in every form: the bytes of an
 * answer may hide it behind escapes.
 *
 * <p><b>What it costs to read is bounded</b>: the depth by Moshi, the number of values and the
 * length of numbers here.
 *
 * <p><b>Counts and probabilities that cannot be read</b> are as if they were missing, and the rest
 * of the answer counts. Anything else that is not as expected is a {@link JsonDataException}, and
 * never another exception.
 */
final class AnswerJson {
  /** The probabilities of 20 alternatives for some 1000 tokens have as many. */
  private static final int MOST_VALUES = 200_000;

  private static final int LONGEST_NUMBER = 400;

  private static final List<Type> MAY_BE_UNREADABLE =
      List.of(
          ChatWire.Tokens.class,
          ChatWire.Logprobs.class,
          Types.newParameterizedType(List.class, ChatWire.Token.class));

  private final Moshi moshi;

  AnswerJson(ApiKey key) {
    this.moshi =
        new Moshi.Builder()
            .add(String.class, new WithoutKey(key).nullSafe())
            .add(Long.class, new Count().nullSafe())
            .add(new Forgiving())
            .build();
  }

  /**
   * Reads an answer.
   *
   * @throws JsonDataException if it is not JSON of this form; the message says where
   */
  <T> T read(Class<T> type, byte[] bytes) {
    requireBounds(bytes);
    Buffer buffer = new Buffer().write(bytes);
    try {
      if (buffer.size() >= 3 && buffer.snapshot(3).hex().equals("efbbbf")) {
        buffer.skip(3); // a byte order mark
      }
      JsonReader reader = JsonReader.of(buffer);
      T value = moshi.adapter(type).fromJson(reader);
      if (reader.peek() != JsonReader.Token.END_DOCUMENT) {
        throw new JsonDataException("something stands after the JSON");
      }
      if (value == null) {
        throw new JsonDataException("null in place of an object");
      }
      return value;
    } catch (IOException e) {
      throw new JsonDataException(e.getMessage(), e);
    }
  }

  /** Reads JSON that stands in an answer as text. */
  Object read(String text) {
    return read(Object.class, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Looks at the bytes before anything is made of them. Whether they are JSON is Moshi's part. */
  private static void requireBounds(byte[] bytes) {
    int values = 0;
    int word = 0; // the length of a number, or of what stands in its place
    boolean inText = false;
    for (int i = 0; i < bytes.length; i++) {
      byte b = bytes[i];
      if (b == '"') {
        inText = !inText;
        word = 0;
      } else if (inText) {
        i += b == '\\' ? 1 : 0;
      } else if (b == ',' || b == '[' || b == '{') {
        word = 0;
        if (++values > MOST_VALUES) {
          throw new JsonDataException("over " + MOST_VALUES + " values");
        }
      } else if (b == ']' || b == '}' || b == ':' || b <= ' ') {
        word = 0;
      } else if (++word > LONGEST_NUMBER) { // Moshi's time grows with the square of it
        throw new JsonDataException("a number of over " + LONGEST_NUMBER + " characters");
      }
    }
  }

  /** Of what is only read. */
  private abstract static class Reader<T> extends JsonAdapter<T> {
    @Override
    public final void toJson(JsonWriter writer, @Nullable T value) {
      throw new UnsupportedOperationException("answers are read only");
    }
  }

  /** Texts without the key. */
  private static final class WithoutKey extends Reader<String> {
    private final ApiKey key;

    WithoutKey(ApiKey key) {
      this.key = key;
    }

    @Override
    public String fromJson(JsonReader reader) throws IOException {
      return key.withoutThis(reader.nextString());
    }
  }

  /** Numbers of tokens: whole, and none that nobody can have paid for. */
  private static final class Count extends Reader<Long> {
    private static final int LONGEST = 40;
    private static final long MOST = 1_000_000_000_000L;

    @Override
    public Long fromJson(JsonReader reader) throws IOException {
      String path = reader.getPath();
      String text = reader.nextString();
      if (text.length() <= LONGEST) {
        try {
          long count = new BigDecimal(text).longValueExact();
          if (count >= 0 && count <= MOST) {
            return count;
          }
        } catch (NumberFormatException | ArithmeticException e) {
          throw new JsonDataException("no count at " + path, e);
        }
      }
      throw new JsonDataException("no count at " + path);
    }
  }

  /** Makes null of what an answer can be used without, where it is of another form. */
  private static final class Forgiving implements JsonAdapter.Factory {
    @Override
    public @Nullable JsonAdapter<?> create(
        Type type, Set<? extends Annotation> annotations, Moshi moshi) {
      if (MAY_BE_UNREADABLE.stream().noneMatch(one -> Types.equals(one, type))) {
        return null;
      }
      JsonAdapter<Object> exact = moshi.nextAdapter(this, type, annotations);
      return new Reader<Object>() {
        @Override
        public @Nullable Object fromJson(JsonReader reader) throws IOException {
          Object value;
          try (JsonReader ahead = reader.peekJson()) {
            value = exact.fromJson(ahead);
          } catch (JsonDataException e) {
            value = null;
          }
          reader.skipValue();
          return value;
        }
      };
    }
  }
}
