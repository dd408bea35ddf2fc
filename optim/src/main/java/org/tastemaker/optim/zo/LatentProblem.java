package org.tastemaker.optim.zo;

import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * One image of one prompt as a function of its initial noise: the model does not change, and the
 * search explores what it can already draw.
 *
 * <p>A candidate is the noise [C, h, w] as a flat vector, on the scale of standard normal deviates.
 * All candidates of a question are turned into images and shown to the oracle as one group. Its
 * ranking is the answer; a missing judgement counts as no answer.
 *
 * <p>The model's view must sample without drawing noise in the denoising steps; {@link
 * LatentDiffusion#generateFrom} throws if it does. The questions of {@link ZoRankSgd} have m and l
 * + 2 candidates; a batch size of the view that is at most the smaller number lets one compiled
 * graph serve both.
 *
 * <p>Not thread-safe, like the model.
 */
public final class LatentProblem implements RankingProblem {
  private final LatentDiffusion model;
  private final Prompt prompt;
  private final FeedbackOracle oracle;
  private final Rubric rubric;
  private final LatentShape shape;

  /**
   * The search for one image.
   *
   * @param model samples the candidates; owned by the caller
   * @param prompt what to show
   * @param oracle compares the images
   * @param rubric what to look at
   */
  public LatentProblem(LatentDiffusion model, Prompt prompt, FeedbackOracle oracle, Rubric rubric) {
    this.model = Objects.requireNonNull(model, "model == null");
    this.prompt = Objects.requireNonNull(prompt, "prompt == null");
    this.oracle = Objects.requireNonNull(oracle, "oracle == null");
    this.rubric = Objects.requireNonNull(rubric, "rubric == null");
    this.shape = model.components().latentShape(model.options().height(), model.options().width());
  }

  /**
   * The initial noise that the model draws for a seed: the search begins at the image that {@link
   * LatentDiffusion#generate} makes from it.
   *
   * @param seed of the image
   * @return [C * h * w] standard normal deviates
   */
  public float[] start(Seed seed) {
    float[] noise = new float[shape.size()];
    seed.gaussian(0, noise);
    return noise;
  }

  /**
   * The image of an initial noise, such as {@link ZoRankSgd#point}.
   *
   * @param point [C * h * w]
   * @return the image that the oracle is shown for it
   */
  public Image image(float[] point) {
    return images(List.of(point)).get(0);
  }

  @Override
  public Ranking rank(List<float[]> candidates, int best) {
    ImageGroup group = new ImageGroup(prompt, images(candidates));
    List<Judgement> judgements = oracle.rank(List.of(group), rubric);
    if (judgements.size() != 1) {
      throw new IllegalStateException(
          "the oracle must give one judgement for one group, but gave " + judgements.size());
    }
    return judgements.get(0).ranking(); // no order for a missing judgement
  }

  private List<Image> images(List<float[]> points) {
    try (INDArray latents =
        Nd4j.createUninitialized(
            DataType.FLOAT, points.size(), shape.channels(), shape.height(), shape.width())) {
      FloatBuffer rows = FloatBuffers.of(latents); // [N, C, h, w]
      for (int i = 0; i < points.size(); i++) {
        if (points.get(i).length != shape.size()) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "a candidate must hold %s numbers, for latents of %s, but holds %s",
                  shape.size(),
                  shape,
                  points.get(i).length));
        }
        rows.put(i * shape.size(), points.get(i));
      }
      return model.generateFrom(Collections.nCopies(points.size(), prompt), latents);
    }
  }
}
