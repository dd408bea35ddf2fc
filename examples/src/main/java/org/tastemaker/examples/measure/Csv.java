package org.tastemaker.examples.measure;

import java.util.ArrayList;
import java.util.List;

/** Comma-separated values as RFC 4180 has them: a cell with a comma or a line break is quoted. */
public final class Csv {
  private Csv() {}

  /**
   * The rows of a text; empty lines are no rows.
   *
   * @param text of a file
   * @param where it is from, for messages
   * @return the cells of each row
   * @throws IllegalArgumentException if a quotation mark is never closed
   */
  public static List<List<String>> rows(String text, String where) {
    List<List<String>> rows = new ArrayList<>();
    List<String> row = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i <= text.length(); i++) {
      char c = i < text.length() ? text.charAt(i) : '\n';
      if (quoted) {
        if (i == text.length()) {
          throw new IllegalArgumentException(
              where + ": a quotation mark of row " + (rows.size() + 1) + " is never closed");
        }
        boolean doubled = c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"';
        quoted = c != '"' || doubled;
        if (quoted) {
          cell.append(c);
        }
        i += doubled ? 1 : 0;
      } else if (c == '"' && cell.length() == 0) {
        quoted = true;
      } else if (c == ',') {
        row.add(cell.toString());
        cell.setLength(0);
      } else if (c == '\n') {
        boolean returned = cell.length() > 0 && cell.charAt(cell.length() - 1) == '\r';
        row.add(returned ? cell.substring(0, cell.length() - 1) : cell.toString());
        cell.setLength(0);
        if (row.size() > 1 || !row.get(0).isEmpty()) {
          rows.add(List.copyOf(row));
        }
        row.clear();
      } else {
        cell.append(c);
      }
    }
    return rows;
  }

  /**
   * One row, with its line break.
   *
   * @param cells in order
   * @return the row, quoted where it must be
   */
  public static String row(Object... cells) {
    StringBuilder row = new StringBuilder();
    for (Object cell : cells) {
      String text = String.valueOf(cell);
      boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
      row.append(row.length() == 0 ? "" : ",")
          .append(plain ? text : '"' + text.replace("\"", "\"\"") + '"');
    }
    return row.append('\n').toString();
  }
}
