package org.tastemaker.core;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Map;
import java.util.Objects;

/**
 * A text prompt, with the negative text of classifier-free guidance.
 *
 * @param text what the image should show; may be empty (the unconditional prompt), not null
 * @param negativeText what guidance should lead away from; empty for none
 * @param metadata free-form facts about the prompt (a category, a dataset's id, the short prompt
 *     that it was rewritten from); not seen by a model or a judge
 */
@RecordBuilder
public record Prompt(String text, String negativeText, Map<String, String> metadata)
    implements PromptBuilder.With {
  public Prompt {
    Objects.requireNonNull(text, "text == null");
    Objects.requireNonNull(negativeText, "negativeText == null: use \"\" for none");
    metadata = Map.copyOf(metadata);
  }

  /**
   * A prompt without a negative text and without metadata.
   *
   * @param text what the image should show
   * @return the prompt
   */
  public static Prompt of(String text) {
    return new Prompt(text, "", Map.of());
  }
}
