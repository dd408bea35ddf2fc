package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An image of a row: where it is, or why it is not there. Nothing is decoded yet. */
public sealed interface RowImage {
  /**
   * What it is called in messages.
   *
   * @return a path, or the name of a field and where it stands
   */
  String name();

  /**
   * A file.
   *
   * @param file of the image
   */
  record OnDisk(Path file) implements RowImage {
    public OnDisk {
      Objects.requireNonNull(file, "file == null");
    }

    @Override
    public String name() {
      return file.toString();
    }
  }

  /**
   * A file's bytes, as they stand in a table.
   *
   * @param name for messages
   * @param bytes of a PNG, JPEG or the like; not copied, and not to be changed
   */
  record Encoded(String name, byte[] bytes) implements RowImage {
    public Encoded {
      Objects.requireNonNull(name, "name == null");
      Objects.requireNonNull(bytes, "bytes == null");
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Encoded that
          && name.equals(that.name)
          && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return 31 * name.hashCode() + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "Encoded[" + name + ", " + bytes.length + " bytes]";
    }
  }

  /**
   * An image that cannot be used. It keeps its place, so that votes still say which one they mean.
   *
   * @param name for messages
   * @param fault what is wrong with it
   * @param detail in words; may be empty
   */
  record Unusable(String name, Fault fault, String detail) implements RowImage {
    public Unusable {
      Objects.requireNonNull(name, "name == null");
      Objects.requireNonNull(fault, "fault == null");
      Objects.requireNonNull(detail, "detail == null: use \"\" for none");
    }
  }

  /** Why an image cannot be used. */
  enum Fault {
    /** There is no such file, or no bytes. */
    MISSING,
    /** It has no bytes. */
    EMPTY,
    /** It is no image, or a damaged one, or lies where nothing is read. */
    BROKEN
  }
}
