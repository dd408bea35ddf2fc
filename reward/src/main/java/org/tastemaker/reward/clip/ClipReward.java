package org.tastemaker.reward.clip;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipVisionModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * A score of CLIP as a reward of an image and its prompt, with its gradient by the image.
 *
 * <pre>
 *   x, z                    an image of any size, its prompt
 *   I = tower(prepare(x))   {@link ImagePreprocessor}, {@link ClipVisionModel}
 *   T = tower(tokens(z))    kept for the latest prompts
 *   r = score(I, T)         {@link ClipScore}
 *   d r / d x               through all of it: I's length, the tower, the resizing
 * </pre>
 *
 * <p>{@link #name} says the score, the model and the {@link Preprocessing}: print it with every
 * score, since scores under another name do not compare.
 *
 * <p>Rollouts and lists of images are prepared exactly as the mode says. As a {@link
 * DifferentiableReward} it takes the smooth map behind that, with and without a gradient, so that
 * the gradient is the score's; {@link ImagePreprocessor} says how far the two are apart.
 *
 * <p>A text that is longer than the tower reads (75 tokens and two of its own) is cut so that the
 * end token stays last, as OpenCLIP and transformers do it. What fills a shorter one up does not
 * matter. But where the tokenizer's files say that "!" does, transformers reads every "!" of a text
 * as that token and OpenCLIP as a word: {@code TokenizerOptions.padInText} chooses.
 *
 * <p><b>Memory.</b> The towers' weights are the model's; see {@link ClipVisionModel}. What one
 * image needs beside them, by the sizes of the image tower: N = 257 tokens of width d, an inner
 * network of width 4 d, h heads, L layers.
 *
 * <pre>
 *   score alone     one layer at a time     (18 N d + h N N) 4 bytes
 *   with gradient   all layers              (18 N d + h N N) 4 L bytes
 *   18 = 2 of the norms, 3 of query, key and value, 1 of attention, 2 of projections, 2 of the sums,
 *        and 4 + 4 of the inner network before and behind its activation; h N N of the softmax
 * </pre>
 *
 * <table class="striped">
 * <caption>An image of 224 pixels, in float32</caption>
 * <thead><tr><th>tower</th><th>d, h, L</th><th>score alone</th><th>with gradient</th><th>measured
 * with gradient, engine onednn</th></tr></thead>
 * <tbody>
 * <tr><td>ViT-L/14</td><td>1024, 16, 24</td><td>23 MB</td><td>0.56 GB</td><td>15 MB a layer: 0.36
 *     GB</td></tr>
 * <tr><td>ViT-H/14</td><td>1280, 16, 32</td><td>28 MB</td><td>0.89 GB</td><td>17 MB a layer: 0.56
 *     GB</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Measured is the growth of the process between towers of one and of three layers. The engine
 * onednn reuses what backward does not need; replay keeps more than the formula, 79 MB a layer of
 * ViT-L.
 *
 * <p>All of it grows with {@link Options#batch}, and not with the number of images.
 *
 * <p>The model must not be trained while a reward over it is in use, since texts' vectors are kept.
 * Not thread-safe.
 */
public final class ClipReward implements RewardModel, DifferentiableReward {
  private final String name;
  private final ImageVectors images;
  private final Optional<TextVectors> texts;
  private final DoubleSupplier logitScale;
  private final ClipScore score;

  /**
   * How to compute.
   *
   * @param batch how many images go through the tower together, at least 1: memory against speed,
   *     and float rounding
   * @param keptTexts of how many prompts the vectors are kept, at least 1; one takes 4 P bytes
   * @param engine runs the towers
   */
  @RecordBuilder
  public record Options(int batch, int keptTexts, Engine engine)
      implements ClipRewardOptionsBuilder.With {
    public Options {
      if (batch < 1 || keptTexts < 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "batch and keptTexts must be at least 1, but were %s and %s",
                batch,
                keptTexts));
      }
      Objects.requireNonNull(engine, "engine == null");
    }

    /**
     * Batches of 4, 1,000 prompts, the engine that is fastest here.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(4, 1000, Engines.auto());
    }
  }

  private ClipReward(
      String name,
      ImageVectors images,
      Optional<TextVectors> texts,
      DoubleSupplier logitScale,
      ClipScore score) {
    this.name = name;
    this.images = images;
    this.texts = texts;
    this.logitScale = logitScale;
    this.score = score;
  }

  /**
   * A reward.
   *
   * @param model both towers; owned by the caller, who keeps it open while the reward is in use
   * @param modelName identifies its weights, for {@link #name}
   * @param tokenizer the model's
   * @param mode how images are prepared
   * @param score of the vectors
   * @param options how to compute
   * @return the reward
   * @throws IllegalArgumentException if the tokenizer is another model's
   */
  public static ClipReward of(
      ClipModel model,
      String modelName,
      ClipTokenizer tokenizer,
      Preprocessing mode,
      ClipScore score,
      Options options) {
    return new ClipReward(
        named(score, modelName, mode),
        new ImageVectors(model.vision(), mode, options.batch(), options.engine()),
        Optional.of(
            new TextVectors(
                model.text(),
                tokenizer,
                FunctionOptions.inference().withEngine(options.engine()),
                options.keptTexts())),
        () -> model.logitScale().getDouble(0),
        score);
  }

  /**
   * A reward of images alone, which needs no text tower, such as {@link AestheticScore}.
   *
   * @param model the image tower; owned by the caller, who keeps it open while the reward is in use
   * @param modelName identifies its weights, for {@link #name}
   * @param mode how images are prepared
   * @param score of the vectors, which reads no texts
   * @param options how to compute
   * @return the reward
   * @throws IllegalArgumentException if the score reads texts
   */
  public static ClipReward ofImages(
      ClipVisionModel model,
      String modelName,
      Preprocessing mode,
      ClipScore score,
      Options options) {
    if (!score.texts("").isEmpty()) {
      throw new IllegalArgumentException(
          score.title() + " reads texts too: give ClipReward.of both towers and the tokenizer");
    }
    return new ClipReward(
        named(score, modelName, mode),
        new ImageVectors(model, mode, options.batch(), options.engine()),
        Optional.empty(),
        () -> Double.NaN,
        score);
  }

  private static String named(ClipScore score, String modelName, Preprocessing mode) {
    if (modelName.isBlank()) {
      throw new IllegalArgumentException("the model's name must not be blank");
    }
    return String.format(Locale.ROOT, "%s (%s, %s)", score.title(), modelName, mode);
  }

  /**
   * The score, the model and the mode, to be printed with every score.
   *
   * @return such as {@code "PickScore (PickScore_v1, PIL)"}
   */
  public String name() {
    return name;
  }

  @Override
  public Input input() {
    return Input.IMAGES;
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    return Rewards.of(score(rollout.prompts(), rollout.images()));
  }

  /**
   * Scores pairs of prompt and image.
   *
   * @param prompts N prompts
   * @param pictures N images, of any sizes
   * @return N scores, higher is better; finite
   */
  public double[] score(List<Prompt> prompts, List<Image> pictures) {
    if (prompts.size() != pictures.size()) {
      throw new IllegalArgumentException(
          "there must be a prompt for each image, but there were "
              + pictures.size()
              + " images and "
              + prompts.size()
              + " prompts");
    }
    return scores(prompts, images.of(pictures));
  }

  @Override
  public double[] score(Batch batch, @Nullable FloatBuffer gradient) {
    if (batch.channels() != 3) {
      throw new IllegalArgumentException(
          "CLIP reads images of 3 channels, but these have " + batch.channels());
    }
    if (gradient == null) {
      return scores(batch.prompts(), images.of(batch));
    }
    List<Prompt> prompts = batch.prompts();
    return images.scores(
        batch, (n, vector, byVector) -> one(n, prompts.get(n), vector, byVector), gradient);
  }

  private double[] scores(List<Prompt> prompts, float[][] vectors) {
    double[] scores = new double[vectors.length];
    for (int n = 0; n < scores.length; n++) {
      scores[n] = one(n, prompts.get(n), vectors[n], null);
    }
    return scores;
  }

  private double one(int n, Prompt prompt, float[] vector, double @Nullable [] byVector) {
    List<float[]> read = texts.map(all -> all.of(score.texts(prompt.text()))).orElse(List.of());
    double found = score.of(vector, read, logitScale.getAsDouble(), byVector);
    if (!Double.isFinite(found)) {
      throw new ArithmeticException(
          String.format(
              Locale.ROOT, "%s of image %s, of prompt '%s', is %s", name, n, prompt.text(), found));
    }
    return found;
  }

  @Override
  public String toString() {
    return name;
  }
}
