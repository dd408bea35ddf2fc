package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;

/**
 * The comparisons of pairs that a judgement was made from, as its {@linkplain Judgement#provenance
 * provenance} keeps them: {@code "0,1,0.69;0,2,1.0"} says that item 0 is better than item 1 with
 * probability 0.69, and than item 2 with certainty.
 */
public final class RecordedPreferences {
  /** The name of the entry. */
  public static final String NAME = "preferences";

  private RecordedPreferences() {}

  /**
   * The comparisons of a judgement: those recorded, otherwise those that follow from the ranking.
   *
   * @param judgement any
   * @return soft labels to train on; empty for a missing judgement
   * @throws IllegalArgumentException if the record is damaged
   */
  public static List<Preference> of(Judgement judgement) {
    String recorded = judgement.provenance().get(NAME);
    return recorded == null || recorded.isEmpty() || judgement.isMissing()
        ? judgement.ranking().pairs()
        : parse(recorded);
  }

  /**
   * Parses an entry.
   *
   * @param text as {@link #write} gives it, not empty
   * @return the comparisons
   * @throws IllegalArgumentException if it is damaged
   */
  public static List<Preference> parse(String text) {
    List<Preference> preferences = new ArrayList<>();
    for (String entry : text.split(";", -1)) {
      String[] parts = entry.split(",", -1);
      try {
        if (parts.length != 3) {
          throw new NumberFormatException("3 numbers are expected");
        }
        preferences.add(
            new Preference(
                Integer.parseInt(parts[0]),
                Integer.parseInt(parts[1]),
                Double.parseDouble(parts[2])));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "a comparison is written as \"first,second,probability\", but the provenance entry '"
                + NAME
                + "' holds '"
                + entry
                + "'",
            e);
      }
    }
    return List.copyOf(preferences);
  }

  /**
   * Writes an entry.
   *
   * @param preferences any number
   * @return a text; empty for none
   */
  public static String write(List<Preference> preferences) {
    StringBuilder out = new StringBuilder();
    for (Preference p : preferences) {
      out.append(out.length() == 0 ? "" : ";")
          .append(p.first())
          .append(',')
          .append(p.second())
          .append(',')
          .append(p.probability());
    }
    return out.toString();
  }
}
