package org.tastemaker.feedback.votes;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The shape of a data set's records: what their fields mean. It keeps no state, so one shape can
 * read any number of files.
 */
public interface VoteShape {
  /**
   * What the data set is called.
   *
   * @return the source of its rows, where its records name none
   */
  String name();

  /**
   * The fields without which a record is not of this shape. Those of the first record are looked at
   * before anything else.
   *
   * @return their names
   */
  Set<String> required();

  /**
   * The fields that may be there besides. All others are not read.
   *
   * @return their names
   */
  Set<String> optional();

  /**
   * The name under which a JSON file holds its list of records.
   *
   * @return a name; empty where the list is the whole file
   */
  default String list() {
    return "";
  }

  /**
   * What to do about a file whose records lack a required field.
   *
   * @return a sentence; empty for none
   */
  default String advice() {
    return "";
  }

  /**
   * What successive records have in common that become one row together.
   *
   * @param record any
   * @return a key; empty where each record is a row
   */
  default Optional<String> group(Fields record) {
    return Optional.empty();
  }

  /**
   * Makes a row.
   *
   * @param records one, or all that have a key in common and stand together
   * @param number of the first of them in the data set, from 0
   * @return the row
   * @throws UnusableRow if they are what they should be, but make no row
   * @throws IllegalArgumentException if they are not
   */
  VotedRow row(List<Fields> records, long number);
}
