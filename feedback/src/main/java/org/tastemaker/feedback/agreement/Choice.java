package org.tastemaker.feedback.agreement;

/** Which of two images is better. */
public enum Choice {
  /** The first. */
  FIRST,
  /** The second. */
  SECOND,
  /** Neither. */
  TIE;

  /**
   * The same choice with the images exchanged.
   *
   * @return the other image, or still a tie
   */
  public Choice swapped() {
    return switch (this) {
      case FIRST -> SECOND;
      case SECOND -> FIRST;
      case TIE -> TIE;
    };
  }

  /**
   * The choice by two scores.
   *
   * @param first of the first image, finite
   * @param second of the second, finite
   * @param margin the largest difference that is a tie, at least 0
   * @return the image with the higher score, or a tie
   */
  public static Choice ofScores(double first, double second, double margin) {
    if (!Double.isFinite(first) || !Double.isFinite(second) || !(margin >= 0)) {
      throw new IllegalArgumentException(
          "scores must be finite and the margin at least 0, but were "
              + first
              + ", "
              + second
              + " and "
              + margin);
    }
    if (Math.abs(first - second) <= margin) {
      return TIE;
    }
    return first > second ? FIRST : SECOND;
  }
}
