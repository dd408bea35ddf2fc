package org.tastemaker.feedback.votes;

/** How closely a reading looks at images. */
public enum ImageCheck {
  /** Not at all: only what is absent in the file itself is counted. */
  NONE,
  /** That there is a file, that it is not empty, and that it begins as an image does. */
  FILES,
  /** All of its pixels are decoded: what is cut off or damaged is found, and it takes long. */
  PIXELS
}
