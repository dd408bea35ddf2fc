package org.tastemaker.feedback.openai;

import com.google.common.base.Throwables;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;

/**
 * Images by an API, so that a remote generator can be compared with a local one.
 *
 * <p>The model is free text, because names change. One call makes one image. The service takes no
 * seed, so <b>the same prompt and seed give a different image each time</b>.
 *
 * <p>Thread-safe.
 */
public final class OpenAiImageGenerator implements ImageGenerator {
  /** The key of the metadata under which the prompt that the service really used is found. */
  public static final String REVISED = "prompt.revised";

  /** Output tokens of a large image in high quality, for the budget. */
  private static final long MOST_OUTPUT_TOKENS = 6500;

  private final OpenAiClient client;
  private final Options options;

  /**
   * A generator on a client.
   *
   * @param client the caller closes it
   * @param options which model, and what images
   */
  public OpenAiImageGenerator(OpenAiClient client, Options options) {
    this.client = Objects.requireNonNull(client, "client == null");
    this.options = Objects.requireNonNull(options, "options == null");
  }

  /**
   * An image and what it was made from.
   *
   * @param image as the service gave it
   * @param prompt as it was asked for; where the service revised it, with the revised text in the
   *     metadata under {@link #REVISED}
   */
  public record Made(Image image, Prompt prompt) {}

  @Override
  public List<Image> generate(List<Prompt> prompts, List<Seed> seeds) {
    if (prompts.size() != seeds.size()) {
      throw new IllegalArgumentException(
          "there must be as many seeds as prompts, but there were "
              + seeds.size()
              + " and "
              + prompts.size());
    }
    return makeAll(prompts).stream().map(Made::image).toList();
  }

  /**
   * Makes one image for each prompt, several at a time.
   *
   * @param prompts what to show
   * @return as many, in order
   * @throws FeedbackException of the first prompt that fails; to keep the others, make images one
   *     by one
   */
  public List<Made> makeAll(List<Prompt> prompts) {
    if (prompts.isEmpty()) {
      return List.of();
    }
    ExecutorService threads =
        Executors.newFixedThreadPool(Math.min(options.parallel(), prompts.size()));
    try {
      List<Future<Made>> futures = new ArrayList<>();
      for (Prompt prompt : prompts) {
        futures.add(threads.submit(() -> make(prompt)));
      }
      List<Made> made = new ArrayList<>();
      for (Future<Made> future : futures) {
        made.add(future.get());
      }
      return List.copyOf(made);
    } catch (ExecutionException e) {
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      Throwables.throwIfUnchecked(cause);
      throw new IllegalStateException(cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException cancelled =
          new CancellationException("interrupted while images were made");
      cancelled.initCause(e);
      throw cancelled;
    } finally {
      threads.shutdownNow();
    }
  }

  /**
   * Makes an image.
   *
   * @param prompt with a text that is not blank
   * @return the image and its prompt
   * @throws FeedbackException if it fails
   */
  public Made make(Prompt prompt) {
    if (prompt.text().isBlank()) {
      throw new IllegalArgumentException("an image API needs a prompt that is not blank");
    }
    ImagesWire.Request request =
        new ImagesWire.Request(
            options.model(),
            prompt.text(),
            1,
            options.size(),
            options.quality(),
            options.style(),
            options.responseFormat());
    Usage estimate = new Usage(1, prompt.text().length() / 3 + 16, 0, MOST_OUTPUT_TOKENS);
    ImagesWire.Response response = client.generate(request, estimate);
    List<ImagesWire.Made> data = Wire.whole(response.data());
    if (data.isEmpty()) {
      throw malformed("data", "one image", "none");
    }
    ImagesWire.Made made = data.get(0);
    Image image;
    try {
      image = Image.fromBytes(bytes(made), options.mostPixels());
    } catch (IllegalArgumentException e) {
      throw malformed("data[0]", "an image that can be read", String.valueOf(e.getMessage()));
    }
    String revised = made.revisedPrompt();
    if (revised == null || revised.isBlank()) {
      return new Made(image, prompt);
    }
    Map<String, String> metadata = new HashMap<>(prompt.metadata());
    metadata.put(REVISED, revised);
    return new Made(image, prompt.withMetadata(metadata));
  }

  private byte[] bytes(ImagesWire.Made made) {
    String base64 = made.base64();
    if (base64 != null) {
      return Base64.getMimeDecoder().decode(base64);
    }
    String url = made.url();
    if (url == null) {
      throw malformed("data[0]", "b64_json or url", "neither");
    }
    return client.download(url);
  }

  private FeedbackException malformed(String path, String expected, String found) {
    return AnswerReader.malformed(path, expected, found, new Usage(1, 0, 0, 0));
  }

  /**
   * Which model, and what images. Null means the default of the service.
   *
   * @param model its name at the server
   * @param size such as {@code "1024x1024"}, or null
   * @param quality such as {@code "low"}, or null
   * @param style which some models have, or null
   * @param responseFormat {@code "b64_json"} or {@code "url"} for models that let one choose; null
   *     for those that do not
   * @param parallel calls at a time, at least 1
   * @param mostPixels how many pixels an image may have, height times width; a larger one is an
   *     error, found by its header before it is decoded
   */
  @RecordBuilder
  public record Options(
      String model,
      @Nullable String size,
      @Nullable String quality,
      @Nullable String style,
      @Nullable String responseFormat,
      int parallel,
      long mostPixels)
      implements OpenAiImageGeneratorOptionsBuilder.With {
    public Options {
      if (model.isBlank()) {
        throw new IllegalArgumentException("the model's name must not be blank");
      }
      if (responseFormat != null
          && !responseFormat.equals("b64_json")
          && !responseFormat.equals("url")) {
        throw new IllegalArgumentException(
            "responseFormat must be b64_json, url or null, but was '" + responseFormat + "'");
      }
      if (parallel < 1) {
        throw new IllegalArgumentException("parallel must be at least 1, but was " + parallel);
      }
      if (mostPixels < 1) {
        throw new IllegalArgumentException("mostPixels must be at least 1, but was " + mostPixels);
      }
    }

    /**
     * Defaults of the service, 4 calls at a time, images of at most {@link Image#MOST_PIXELS}.
     *
     * @param model its name at the server
     * @return the options
     */
    public static Options of(String model) {
      return new Options(model, null, null, null, null, 4, Image.MOST_PIXELS);
    }
  }
}
