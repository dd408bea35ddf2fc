package org.tastemaker.feedback.study.protocols;

/** What a judgement is paid in. */
public enum CostUnit {
  /** By the price table, in its currency. */
  MONEY("money"),
  /** Answered calls. */
  REQUESTS("requests"),
  /** Of questions and answers together. */
  TOKENS("tokens"),
  /** From one judgement to the next, at the job's concurrency. */
  SECONDS("seconds");

  private final String title;

  CostUnit(String title) {
    this.title = title;
  }

  /**
   * The name in tables.
   *
   * @return a word
   */
  public String title() {
    return title;
  }
}
