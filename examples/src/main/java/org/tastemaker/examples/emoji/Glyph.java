package org.tastemaker.examples.emoji;

import java.util.List;

/**
 * What is known about one emoji.
 *
 * @param hexcode its code points, such as {@code 1F469-1F3FD-200D-2695-FE0F}
 * @param label its name, such as {@code woman health worker: medium skin tone}
 * @param concept its name without gender and skin tone, such as {@code health worker}
 * @param kind the subgroup of the Unicode list, such as {@code person-role}
 * @param gender as drawn
 * @param tone of the skin
 * @param harmful whether it shows a weapon or something similar
 * @param tags other words for it
 */
public record Glyph(
    String hexcode,
    String label,
    String concept,
    String kind,
    Gender gender,
    Tone tone,
    boolean harmful,
    List<String> tags) {

  public Glyph {
    tags = List.copyOf(tags);
  }

  /** How a person is drawn. */
  public enum Gender {
    /** No person, or one drawn without a gender. */
    NONE,
    /** Drawn as a woman. */
    WOMAN,
    /** Drawn as a man. */
    MAN
  }

  /** The skin tones of Unicode, after the Fitzpatrick scale. */
  public enum Tone {
    /** No person, or the yellow one. */
    NONE,
    /** Types 1 and 2. */
    LIGHT,
    /** Type 3. */
    MEDIUM_LIGHT,
    /** Type 4. */
    MEDIUM,
    /** Type 5. */
    MEDIUM_DARK,
    /** Type 6. */
    DARK
  }
}
