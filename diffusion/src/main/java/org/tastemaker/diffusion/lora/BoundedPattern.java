package org.tastemaker.diffusion.lora;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression from a stranger. Some of a few characters take longer than the universe has
 * (catastrophic backtracking), and long ones exhaust the stack: the length and the number of
 * characters that a match may look at are bounded.
 */
final class BoundedPattern {
  private static final int LONGEST = 300;
  private static final int MOST_LOOKS = 100_000;

  private final String where;
  private final String shown;
  private final Pattern pattern;

  private BoundedPattern(String where, String shown, Pattern pattern) {
    this.where = where;
    this.shown = shown;
    this.pattern = pattern;
  }

  /**
   * Compiles one.
   *
   * @param where it stands, for messages
   * @param written what stands there
   * @param whole the expression that is made of it
   */
  static BoundedPattern of(String where, String written, String whole) {
    if (written.length() > LONGEST) {
      throw new IllegalArgumentException(
          where
              + ": a regular expression of "
              + written.length()
              + " characters, but expected at most "
              + LONGEST);
    }
    try {
      return new BoundedPattern(where, written, Pattern.compile(whole));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          where + ": \"" + written + "\" is not a regular expression", e);
    }
  }

  boolean matches(String text) {
    return pattern.matcher(new Counted(text)).matches();
  }

  /** A text that can be looked at only so often. */
  private final class Counted implements CharSequence {
    private final String text;
    private int looks;

    Counted(String text) {
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      if (++looks > MOST_LOOKS) {
        throw new IllegalArgumentException(
            where
                + ": the regular expression \""
                + shown
                + "\" takes more than "
                + MOST_LOOKS
                + " steps for \""
                + text
                + "\"; write it without repetitions of repetitions");
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
