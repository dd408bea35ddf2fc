package org.tastemaker.feedback.openai;

/** Whether a judge gives its reasons. Reasons before a verdict narrow the spread of verdicts. */
public enum Explain {
  /** No: the cheapest and, for soft preferences, the best. */
  NONE,
  /** After the verdict. */
  AFTER,
  /** Before the verdict. */
  BEFORE
}
