package org.tastemaker.reward.learned;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tastemaker.core.Prompt;

/**
 * Changes a prompt into others that its images do not show.
 *
 * <p>The rules of Lee et al. 2023: a word of some kind, such as a colour or a number, is replaced
 * by another word of that kind.
 */
@FunctionalInterface
public interface PromptPerturbation {
  /**
   * Perturbs a prompt.
   *
   * @param prompt any
   * @return prompts that say something else; none if no rule applies
   */
  List<Prompt> of(Prompt prompt);

  /**
   * Replaces each word that belongs to a kind by every other word of that kind, one word at a time.
   *
   * @param kinds for each kind, the words or phrases that can replace each other, at least two
   * @return the perturbation; it ignores case and matches whole words only
   */
  static PromptPerturbation replacing(List<List<String>> kinds) {
    List<List<String>> copy = kinds.stream().map(List::copyOf).toList();
    for (List<String> kind : copy) {
      if (kind.size() < 2 || kind.stream().anyMatch(String::isBlank)) {
        throw new IllegalArgumentException(
            "a kind needs at least two words, none of them blank, but found " + kind);
      }
    }
    return prompt -> {
      List<Prompt> others = new ArrayList<>();
      for (List<String> kind : copy) {
        // longer phrases first: "dark blue" is not the colour "blue"
        List<String> byLength =
            kind.stream().sorted((a, b) -> Integer.compare(b.length(), a.length())).toList();
        Matcher found =
            Pattern.compile(
                    "(?<![\\p{L}\\p{N}])("
                        + String.join("|", byLength.stream().map(Pattern::quote).toList())
                        + ")(?![\\p{L}\\p{N}])",
                    Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE)
                .matcher(prompt.text());
        while (found.find()) {
          for (String word : kind) {
            if (!word.toLowerCase(Locale.ROOT).equals(found.group().toLowerCase(Locale.ROOT))) {
              String text =
                  prompt.text().substring(0, found.start())
                      + word
                      + prompt.text().substring(found.end());
              others.add(new Prompt(text, prompt.negativeText(), prompt.metadata()));
            }
          }
        }
      }
      return List.copyOf(others);
    };
  }

  /**
   * Numbers, colours and backgrounds: the kinds of the paper's prompts.
   *
   * @return one to six, nine colours, eight backgrounds
   */
  static PromptPerturbation countsColoursAndBackgrounds() {
    return replacing(
        List.of(
            List.of("one", "two", "three", "four", "five", "six"),
            List.of("red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white"),
            List.of(
                "in the forest",
                "in the city",
                "in the sea",
                "in the sky",
                "in the desert",
                "in the snow",
                "on the moon",
                "on the beach")));
  }
}
