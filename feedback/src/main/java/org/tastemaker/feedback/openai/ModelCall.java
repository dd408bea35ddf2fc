package org.tastemaker.feedback.openai;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A call to a model, independent of the wire format.
 *
 * @param system the system message
 * @param parts texts and images, in order
 * @param form the form of the answer, or null for free text
 * @param logprobs whether the probabilities of the answer's tokens are wanted
 * @param temperature 0 to 2, or null for the server's own
 * @param seed for servers that support one, or null
 * @param maxTokens the longest answer in tokens, without hidden reasoning
 * @param effort how much the model should think, or null for the default of the server
 */
record ModelCall(
    String model,
    String system,
    List<Part> parts,
    @Nullable Form form,
    boolean logprobs,
    @Nullable Double temperature,
    @Nullable Long seed,
    int maxTokens,
    @Nullable String effort) {
  ModelCall {
    parts = List.copyOf(parts);
  }

  /** Something that the model is shown. */
  sealed interface Part {}

  /** Words. */
  record Text(String text) implements Part {}

  /** An image, as a data URL. */
  record Picture(EncodedImage image, ImageForm.Detail detail) implements Part {}

  /**
   * A JSON schema, strict.
   *
   * @param name letters, digits, {@code _} and {@code -}
   */
  record Form(String name, Map<String, Object> schema) {}

  /** A high estimate of the input tokens, for rate limits and budget. */
  long estimatedInput() {
    long text = system.length() + (form == null ? 0L : form.schema().toString().length());
    long images = 0;
    for (Part part : parts) {
      if (part instanceof Text words) {
        text += words.text().length();
      } else if (part instanceof Picture picture) {
        images +=
            ImageTokens.forModel(model)
                .count(picture.image().width(), picture.image().height(), picture.detail());
      }
    }
    return images + text / 3 + 50;
  }
}
