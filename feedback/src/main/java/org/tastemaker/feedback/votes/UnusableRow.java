package org.tastemaker.feedback.votes;

/**
 * A record is what it should be, but cannot become a row. A reading leaves it out and counts it.
 */
public final class UnusableRow extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final String reason;
  private final String where;

  /**
   * A row that cannot be used.
   *
   * @param reason why, the same text for all rows with this reason
   * @param where which row
   */
  public UnusableRow(String reason, String where) {
    super(where + ": " + reason);
    this.reason = reason;
    this.where = where;
  }

  /**
   * Why it cannot be used.
   *
   * @return without the row's name
   */
  public String reason() {
    return reason;
  }

  /**
   * Which row it is.
   *
   * @return a file and a place in it
   */
  public String where() {
    return where;
  }
}
