package org.tastemaker.examples.align;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
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
 *     what is measured on held-out seeds; NaN where there is nothing to measure by
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
   * What the quick start aligns to.
   *
   * @return eight prompts that the base model often misses
   */
  public static List<String> quickPrompts() {
    return QUICK;
  }

  /**
   * A task whose images no rule scores: a judge alone knows.
   *
   * @param name for files and titles
   * @param prompts that are trained on
   * @return nothing is measured on held-out seeds but the distance from the base model
   */
  public static EmojiTask unmeasured(String name, List<Prompt> prompts) {
    return new EmojiTask(name, prompts, (image, prompt) -> Double.NaN);
  }

  /**
   * The task of showing what the prompt names.
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
            String.format(
                Locale.ROOT,
                "the glyph judge knows no emoji called \"%s\"; the nearest that it knows are \"%s\"",
                prompt,
                String.join("\", \"", nearest(prompt, judge.labels()))),
            e);
      }
    }
    return new EmojiTask(
        "consistency",
        prompts.stream().map(p -> Prompt.of(p.toLowerCase(Locale.ROOT).strip())).toList(),
        (image, prompt) -> judge.score(image, EmojiPrompts.answers(prompt.text())));
  }

  /** The three labels that share the largest part of their letter pairs with a text. */
  private static List<String> nearest(String text, List<String> labels) {
    Set<String> wanted = pairs(text);
    return labels.stream()
        .sorted(
            Comparator.comparingDouble(
                label -> {
                  Set<String> both = pairs(label);
                  int all = both.size() + wanted.size();
                  both.retainAll(wanted);
                  return -2.0 * both.size() / Math.max(1, all);
                }))
        .limit(3)
        .toList();
  }

  private static Set<String> pairs(String text) {
    String letters = text.toLowerCase(Locale.ROOT).strip();
    Set<String> pairs = new HashSet<>();
    for (int i = 0; i + 1 < letters.length(); i++) {
      pairs.add(letters.substring(i, i + 2));
    }
    return pairs;
  }
}
