package org.tastemaker.examples.align;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;

/**
 * What a model is aligned to.
 *
 * @param name for files and titles
 * @param prompts that are trained on and, with other seeds, measured
 * @param score of an image for its prompt, higher is better: what the simulated judge ranks by and
 *     what is measured on held-out seeds
 */
public record EmojiTask(
    String name, List<Prompt> prompts, ToDoubleBiFunction<Image, Prompt> score) {
  /** Eight prompts that the base model often misses. */
  private static final List<String> QUICK =
      List.of(
          "dog face",
          "penguin",
          "sleeping face",
          "strawberry",
          "robot",
          "face with tears of joy",
          "butterfly",
          "rocket");

  public EmojiTask {
    prompts = List.copyOf(prompts);
    Objects.requireNonNull(score, "score == null");
  }

  /**
   * What the quick start aligns.
   *
   * @return eight prompts that the base model often misses
   */
  public static List<String> quickPrompts() {
    return QUICK;
  }

  /**
   * To show what the prompt names.
   *
   * @param judge that knows the glyphs
   * @param prompts each a caption of the training mix
   * @return the score is {@link GlyphJudge#score}
   * @throws IllegalArgumentException if no glyph answers a prompt
   */
  public static EmojiTask consistency(GlyphJudge judge, List<String> prompts) {
    Image probe = Image.filled(32, 32, 1, 1, 1);
    for (String prompt : prompts) {
      try {
        judge.score(probe, EmojiPrompts.answers(prompt));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "the glyph judge knows no emoji called \"%s\"; it knows labels such as \"%s\""
                .formatted(prompt, String.join("\", \"", QUICK)),
            e);
      }
    }
    return new EmojiTask(
        "consistency",
        prompts.stream().map(p -> Prompt.of(p.toLowerCase(Locale.ROOT).strip())).toList(),
        (image, prompt) -> judge.score(image, EmojiPrompts.answers(prompt.text())));
  }
}
