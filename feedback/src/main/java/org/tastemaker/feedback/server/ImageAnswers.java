package org.tastemaker.feedback.server;

import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;

/**
 * Answers of {@code POST /images/generations}, as an image in base64.
 *
 * <p>The k-th image of a text is made from a seed of its own, so that the images of a text are the
 * same in every run, in the order in which they were asked for. Thread-safe: the generator is
 * called by one thread at a time.
 */
final class ImageAnswers {
  private final @Nullable ImageGenerator generator;
  private final Seed seed;
  private final Map<String, Long> made = new HashMap<>();

  ImageAnswers(@Nullable ImageGenerator generator, Seed seed) {
    this.generator = generator;
    this.seed = seed;
  }

  synchronized String answer(Map<?, ?> body) throws BadRequest {
    if (generator == null) {
      throw new BadRequest(404, "unknown_url", "", "This server makes no images.");
    }
    if (!(body.get("prompt") instanceof String text) || text.isBlank()) {
      throw new BadRequest(400, "invalid_value", "prompt", "a text that is not blank is needed");
    }
    long number = made.merge(text, 1L, Long::sum);
    Image image;
    try {
      image =
          generator
              .generate(List.of(Prompt.of(text)), List.of(seed.split(text).split(number)))
              .get(0);
    } catch (RuntimeException e) {
      throw new BadRequest(400, "generator_failed", "", "the generator failed: " + e);
    }
    int tokens = text.length() / 4 + 1;
    Map<String, Object> answer =
        Map.of(
            "data",
            List.of(Map.of("b64_json", Base64.getEncoder().encodeToString(image.toPng()))),
            "usage",
            Map.of("input_tokens", tokens, "output_tokens", 272, "total_tokens", tokens + 272));
    return Json.write(answer);
  }
}
