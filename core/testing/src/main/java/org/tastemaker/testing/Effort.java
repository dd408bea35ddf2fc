package org.tastemaker.testing;

/**
 * How much a test does: a little in {@code ./mvnw verify}, and what the promises name in the
 * profile {@code nightly}, which sets the system property {@code tastemaker.nightly} to true.
 */
public final class Effort {
  private static final String PROPERTY = "tastemaker.nightly";

  private Effort() {}

  /**
   * How often to do something.
   *
   * @param usual in an ordinary build
   * @param nightly in the nightly one
   * @return one of the two
   */
  public static int times(int usual, int nightly) {
    return Boolean.getBoolean(PROPERTY) ? nightly : usual;
  }
}
