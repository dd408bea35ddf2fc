package org.tastemaker.optim.run;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.Prompt;

/** What the sources of {@link PromptSource} share. */
final class Prompts {
  private Prompts() {}

  static List<Prompt> repeat(List<Prompt> prompts, int imagesPerPrompt) {
    if (prompts.isEmpty() || imagesPerPrompt < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be at least one prompt and one image of each, but there were %s prompts and %s images",
              prompts.size(),
              imagesPerPrompt));
    }
    return prompts.stream()
        .flatMap(prompt -> Collections.nCopies(imagesPerPrompt, prompt).stream())
        .toList();
  }

  /** Identifies a list of prompts. */
  static String identity(List<Prompt> prompts) {
    Hasher sum = Hashing.sha256().newHasher();
    for (Prompt prompt : prompts) {
      for (String text : List.of(prompt.text(), prompt.negativeText())) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        sum.putInt(bytes.length).putBytes(bytes);
      }
    }
    return prompts.size() + ", sha256 " + sum.hash().toString().substring(0, 16);
  }
}
