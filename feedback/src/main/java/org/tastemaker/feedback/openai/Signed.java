package org.tastemaker.feedback.openai;

/** Marks a request, other than a POST, that goes to the service itself: it carries the key. */
enum Signed {
  YES
}
