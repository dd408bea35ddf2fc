package org.tastemaker.feedback.openai;

/** Whose failure an error is; {@link Diagnosis} says by what it is recognised. */
enum ErrorKind {
  MONEY,
  SIZE,
  PACE,
  KEY,
  CONTENT,
  GENERATION,
  BLIND,
  IMAGES,
  SYSTEM,
  IMAGE,
  FORM,
  PARAMETER,
  MODEL,
  PERMISSION,
  SERVER,
  SHARED,
  UNKNOWN;
}
