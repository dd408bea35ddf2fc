package org.tastemaker.feedback.openai;

import com.google.common.cache.CacheBuilder;
import com.google.common.cache.CacheLoader;
import com.google.common.cache.LoadingCache;
import com.google.common.util.concurrent.UncheckedExecutionException;
import java.util.Base64;
import org.tastemaker.core.Image;
import org.tastemaker.feedback.FeedbackException;

/**
 * Turns images into data URLs, each image once: an image that appears in many questions is scaled
 * and compressed for the first of them. An encoded image is cached as long as the image is
 * referenced elsewhere; the least recently used is evicted.
 *
 * <p>Thread-safe; threads that need the same image wait for the one that encodes it.
 */
final class ImageEncoder {
  /** What the service takes as the text of one image: 20 MiB. */
  static final int LONGEST_URL = 20 * 1024 * 1024;

  private static final long KEPT_CHARACTERS = 64L * 1024 * 1024;

  private final ImageForm form;
  private final LoadingCache<Image, EncodedImage> encoded;

  ImageEncoder(ImageForm form) {
    this.form = form;
    // Weak keys are compared by identity: no image's pixels are looked at to find it.
    this.encoded =
        CacheBuilder.newBuilder()
            .weakKeys()
            .maximumWeight(KEPT_CHARACTERS)
            .weigher((Image image, EncodedImage url) -> url.dataUrl().length())
            .recordStats()
            .build(CacheLoader.from(this::encodeNow));
  }

  /**
   * The image as it is sent.
   *
   * @throws FeedbackException.InvalidRequest if it is too large for the service
   */
  EncodedImage encode(Image image) {
    try {
      return encoded.getUnchecked(image);
    } catch (UncheckedExecutionException e) {
      if (e.getCause() instanceof FeedbackException.InvalidRequest tooLarge) {
        throw tooLarge;
      }
      throw e;
    }
  }

  /** How many images were scaled and compressed. */
  long encodings() {
    return encoded.stats().loadCount();
  }

  /** The image as it would be sent, without its content. */
  EncodedImage measure(Image image) {
    int longer = Math.max(image.width(), image.height());
    double factor = form.side() == 0 ? 1 : (double) form.side() / longer;
    return new EncodedImage(
        "",
        (int) Math.max(1, Math.round(image.width() * factor)),
        (int) Math.max(1, Math.round(image.height() * factor)));
  }

  private EncodedImage encodeNow(Image image) {
    EncodedImage size = measure(image);
    boolean fits = size.width() == image.width() && size.height() == image.height();
    Image scaled = fits ? image : image.resized(size.height(), size.width());
    byte[] bytes =
        form.type() == ImageForm.Type.PNG ? scaled.toPng() : scaled.toJpeg(form.quality());
    String type = form.type() == ImageForm.Type.PNG ? "image/png" : "image/jpeg";
    String url = "data:" + type + ";base64," + Base64.getEncoder().encodeToString(bytes);
    if (url.length() > LONGEST_URL) {
      throw new FeedbackException.InvalidRequest(
          "an image of "
              + scaled.width()
              + " x "
              + scaled.height()
              + " pixels is too large for the API: as "
              + form.type()
              + " it has "
              + url.length()
              + " characters, and "
              + LONGEST_URL
              + " are allowed; choose a smaller side, or JPEG",
          false);
    }
    return new EncodedImage(url, scaled.width(), scaled.height());
  }
}
