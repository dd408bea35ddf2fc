package org.tastemaker.feedback.server;

/** What goes wrong with a batch; by default nothing. */
public enum BatchFault {
  /** It is made, but whoever asked for it does not hear of it. */
  UNHEARD,
  /** Its second line is found to be invalid, so nothing of it is answered. */
  INVALID_LINE,
  /** Too much is waiting already, so nothing of it is answered. */
  QUEUE_FULL,
  /** Its day is over before every second line was answered. */
  EXPIRES,
  /** Somebody cancels it, when half of it is answered. */
  CANCELLED,
  /** The answers come in another order. */
  OUT_OF_ORDER,
  /** Each answer is there twice. */
  DUPLICATES,
  /** There are answers to questions that nobody asked. */
  UNKNOWN_LINES,
  /** Every third answer ends in the middle of its line. */
  DAMAGED_LINES,
  /** Every third line meets a rate limit, with status 429. */
  LIMITED_LINES,
  /** Every third line meets an error of the server, with status 500. */
  FAILED_LINES,
  /** Every third line is rejected, with status 400. */
  REJECTED_LINES,
  /** Every third answer does not say what it used. */
  WITHOUT_USAGE,
  /** Nobody says how many lines were answered, and every third answer is missing. */
  MISSING_LINES
}
