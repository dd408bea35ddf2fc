package org.tastemaker.examples.emoji;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.ClipVisionConfig;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.diffusion.train.BatchSource;
import org.tastemaker.diffusion.train.ClipBatch;
import org.tastemaker.diffusion.train.ContrastiveLoss;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.diffusion.train.OptimizerOptions.Decay;
import org.tastemaker.diffusion.train.OptimizerOptions.Rate;
import org.tastemaker.diffusion.train.Samples;
import org.tastemaker.reward.clip.ImagePreprocessor;
import org.tastemaker.reward.clip.Preprocessing;

/**
 * A small CLIP model of the glyphs: 0.8 million weights, images of 32 x 32 pixels. Its text tower
 * begins as the bundled model's text encoder.
 *
 * <p>A batch is {@link CaptionMix}'s, with every caption and every glyph once. A glyph is moved by
 * up to {@value #SHIFT} pixels, and every second one is what the bundled model's autoencoder makes
 * of it, so that images of the bundled model, which that decodes, are no strangers.
 */
public final class EmojiClip {
  private static final int PATCH = 4;
  private static final int WIDTH = 96;
  private static final int SHIFT = 2;

  private final CaptionMix mix;
  private final ClipTokenizer tokenizer;
  private final List<Image> originals;
  private final List<Image> reconstructions;
  private final Seed seed;

  /**
   * What a model is trained on.
   *
   * @param sheet the glyphs
   * @param reconstructions what an autoencoder makes of them, in the same order
   * @param tokenizer of the captions
   * @param seed draws captions and shifts
   */
  public EmojiClip(
      GlyphSheet sheet, List<Image> reconstructions, ClipTokenizer tokenizer, Seed seed) {
    this.mix = CaptionMix.of(sheet.glyphs());
    this.originals = sheet.images();
    this.reconstructions = List.copyOf(reconstructions);
    this.tokenizer = tokenizer;
    this.seed = seed;
  }

  /**
   * A model that knows nothing of images.
   *
   * @param text the text encoder that its text tower begins as
   * @param seed of the other weights
   * @return the model; the caller closes it
   */
  public static ClipModel untrained(ClipTextModel text, Seed seed) {
    ClipConfig config =
        ClipConfig.of(
            text.config(),
            new ClipVisionConfig(
                WIDTH,
                4 * WIDTH,
                3,
                4,
                GlyphSheet.SIDE,
                PATCH,
                ClipTextConfig.Activation.QUICK_GELU,
                1e-5,
                WIDTH));
    ClipModel clip = ClipModel.random(config, seed);
    text.parameters().arrays().forEach((name, array) -> clip.parameters().get(name).assign(array));
    return clip;
  }

  /**
   * How a model is trained from the beginning.
   *
   * @param steps how many updates
   * @return CLIP's AdamW (Radford et al., 2021, table 20) with a rate for a small model
   */
  public static OptimizerOptions optimizer(long steps) {
    return new OptimizerOptions(
        steps,
        1,
        new Rate(Decay.COSINE, 1e-3, Math.max(1, steps / 20)),
        new AdamW.Options(0.9, 0.98, 1e-6, 0.05),
        1,
        Optional.empty());
  }

  /**
   * The batches.
   *
   * @param size pairs of image and caption in each, at most as many as there are captions
   * @return each a function of its number
   */
  public BatchSource<ClipBatch> batches(int size) {
    ImagePreprocessor preprocessor = ImagePreprocessor.of(Preprocessing.PIL, GlyphSheet.SIDE);
    return number -> {
      RandomGenerator random = seed.split(number).generator();
      FloatBuffer pixels = FloatBuffer.allocate(size * preprocessor.length());
      ImmutableList.Builder<ImmutableIntArray> texts = ImmutableList.builder();
      for (CaptionMix.Draw draw : draws(size, random)) {
        List<Image> from = random.nextBoolean() ? originals : reconstructions;
        int dy = random.nextInt(2 * SHIFT + 1) - SHIFT;
        int dx = random.nextInt(2 * SHIFT + 1) - SHIFT;
        pixels.put(preprocessor.of(shifted(from.get(draw.glyph()), dy, dx)));
        texts.add(tokenizer.encode(draw.caption()).ids());
      }
      return new ClipBatch(
          new Samples(size, 3, GlyphSheet.SIDE, GlyphSheet.SIDE, pixels.flip()),
          texts.build(),
          new ContrastiveLoss());
    };
  }

  /** Of one glyph two would be right, and so of one caption. */
  private List<CaptionMix.Draw> draws(int size, RandomGenerator random) {
    List<CaptionMix.Draw> draws = new ArrayList<>();
    Set<Integer> glyphs = new HashSet<>();
    Set<String> captions = new HashSet<>();
    while (draws.size() < size) {
      CaptionMix.Draw draw = mix.draw(random);
      if (!glyphs.contains(draw.glyph()) && captions.add(draw.caption())) {
        glyphs.add(draw.glyph());
        draws.add(draw);
      }
    }
    return draws;
  }

  /** Moved, with the border repeated. */
  private static Image shifted(Image image, int dy, int dx) {
    int side = GlyphSheet.SIDE;
    float[] moved = new float[3 * side * side];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          moved[(c * side + y) * side + x] =
              image.get(
                  c,
                  Math.max(0, Math.min(side - 1, y - dy)),
                  Math.max(0, Math.min(side - 1, x - dx)));
        }
      }
    }
    return Image.of(3, side, side, moved);
  }
}
