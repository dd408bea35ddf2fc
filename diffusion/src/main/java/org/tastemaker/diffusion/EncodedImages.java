package org.tastemaker.diffusion;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.diffusion.condition.Condition.SizeIds;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.train.CaptionedLatents;
import org.tastemaker.diffusion.train.Samples;
import org.tastemaker.diffusion.train.XlCaptions;

/**
 * Images that were encoded once, for training in many batches: each batch says anew which of them
 * it has, and with which captions.
 *
 * <pre>{@code
 * EncodedImages encoded = EncodedImages.of(model, images);
 * BatchSource<CaptionedLatents> batches =
 *     number -> {
 *       ImmutableIntArray rows = order.batch(number, 8);
 *       return encoded.batch(rows, rows.stream().mapToObj(captions::get).toList());
 *     };
 * }</pre>
 *
 * <p>The latents lie on the Java heap: 64 KB for an image of 512 x 512 pixels, 256 KB for one of
 * 1024 x 1024.
 */
public final class EncodedImages {
  private final Components parts;
  private final LatentShape shape;
  private final List<float[]> latents; // N times [C, h, w]
  private final List<SizeIds> sizes; // [N]; none unless the model is an XL

  private EncodedImages(
      Components parts, LatentShape shape, List<float[]> latents, List<SizeIds> sizes) {
    this.parts = parts;
    this.shape = shape;
    this.latents = latents;
    this.sizes = sizes;
  }

  /**
   * Encodes images, scaled to the size of the model's options, as many at a time as the model
   * samples at a time. A Stable Diffusion XL is told the size that each image had before.
   *
   * @param model encodes the images, with its own engine; stays the caller's to close, and open as
   *     long as batches are made
   * @param images at least one, of 3 channels
   * @return their latents
   */
  public static EncodedImages of(LatentDiffusion model, List<Image> images) {
    if (images.isEmpty()) {
      throw new IllegalArgumentException("there must be at least one image to encode");
    }
    Components parts = model.components();
    LatentShape shape = model.latentShape();
    int height = shape.height() * parts.factor();
    int width = shape.width() * parts.factor();
    List<float[]> latents = new ArrayList<>();
    int chunk = model.options().batchSize();
    for (int from = 0; from < images.size(); from += chunk) {
      List<Image> some =
          images.subList(from, Math.min(from + chunk, images.size())).stream()
              .map(image -> image.resized(height, width))
              .toList();
      try (INDArray encoded = model.encode(some)) { // [n, C, h, w]
        FloatBuffer values = FloatBuffers.of(encoded);
        for (int i = 0; i < some.size(); i++) {
          float[] one = new float[shape.size()];
          values.get(one);
          latents.add(one);
        }
      }
    }
    List<SizeIds> sizes =
        parts
            .xl()
            .map(
                xl ->
                    images.stream()
                        .map(
                            it -> SizedConditions.sizes(xl, it.height(), it.width(), height, width))
                        .toList())
            .orElse(List.of());
    return new EncodedImages(parts, shape, latents, sizes);
  }

  /**
   * How many images there are.
   *
   * @return at least 1
   */
  public int size() {
    return latents.size();
  }

  /**
   * A batch of all images.
   *
   * @param captions one for each, in their order; longer ones than the text encoder reads are cut
   * @return latents, token ids and, for an XL, sizes
   */
  public CaptionedLatents all(List<String> captions) {
    return batch(ImmutableIntArray.copyOf(IntStream.range(0, size())), captions);
  }

  /**
   * A batch.
   *
   * @param rows which images, from 0; at least one
   * @param captions one for each; longer ones than the text encoder reads are cut
   * @return latents, token ids and, for an XL, sizes
   */
  public CaptionedLatents batch(ImmutableIntArray rows, List<String> captions) {
    requireCaptions(rows.length(), captions.size());
    rows.forEach(row -> Objects.checkIndex(row, size()));
    FloatBuffer values = FloatBuffer.allocate(rows.length() * shape.size()); // [n, C, h, w]
    rows.forEach(row -> values.put(latents.get(row)));
    return new CaptionedLatents(
        new Samples(rows.length(), shape.channels(), shape.height(), shape.width(), values.flip()),
        ids(parts.tokenizer(), captions),
        parts.xl().map(xl -> xlCaptions(xl, rows, captions)));
  }

  static void requireCaptions(int images, int captions) {
    if (images == 0 || images != captions) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be at least one image and a caption for each, but there were %d images and %d captions",
              images,
              captions));
    }
  }

  private XlCaptions xlCaptions(
      StableDiffusionXl xl, ImmutableIntArray rows, List<String> captions) {
    Optional<ClipTokenizer> second = xl.second().map(StableDiffusionXl.Second::tokenizer);
    return new XlCaptions(
        second.map(tokenizer -> ids(tokenizer, captions)).orElse(ImmutableList.of()),
        rows.stream().mapToObj(sizes::get).collect(ImmutableList.toImmutableList()));
  }

  private static ImmutableList<ImmutableIntArray> ids(
      ClipTokenizer tokenizer, List<String> captions) {
    return captions.stream()
        .map(caption -> tokenizer.encode(caption).ids())
        .collect(ImmutableList.toImmutableList());
  }
}
