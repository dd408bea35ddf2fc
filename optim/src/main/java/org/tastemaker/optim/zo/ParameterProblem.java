package org.tastemaker.optim.zo;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * A generator as a function of its parameters: those of a low-rank adapter, or any others.
 *
 * <pre>{@code
 * FunctionOptions adapted = FunctionOptions.inference().withAdapter(lora);
 * ParameterProblem problem = new ParameterProblem(
 *     model.with(adapted), lora.parameters(), prompts, seeds, oracle, rubric);
 * ZoRankSgd search = new ZoRankSgd(problem, problem.start(), options, Seed.of(1));
 * ...
 * problem.apply(search.point());
 * }</pre>
 *
 * <p>A candidate is all parameters, one after the other in their order, as a flat vector. Each
 * candidate makes the same images, one for each prompt and seed, so that the candidates differ by
 * their parameters alone. For each prompt and seed the images of all candidates are one group for
 * the oracle; the rankings of the groups become one ranking of the candidates: by the share of
 * comparisons won minus the share lost, over all groups, which is Borda's count where all answers
 * are complete. A group without an answer counts for nobody, and a candidate that no group compares
 * has no place.
 *
 * <p>Whatever happens, the parameters are afterwards what they were before. Not thread-safe;
 * nothing else must use the generator meanwhile.
 */
public final class ParameterProblem implements RankingProblem {
  private final ImageGenerator generator;
  private final List<FloatBuffer> values = new ArrayList<>();
  private final int dimension;
  private final List<Prompt> prompts;
  private final List<Seed> seeds;
  private final FeedbackOracle oracle;
  private final Rubric rubric;
  private boolean seenToMatter;

  /**
   * The search for parameters.
   *
   * @param generator reads the parameters each time that it makes images, as every view of a {@link
   *     org.tastemaker.diffusion.LatentDiffusion} does
   * @param parameters what is searched, of type FLOAT; they stay the caller's
   * @param prompts what to show, at least one
   * @param seeds as many as prompts
   * @param oracle compares the images of different candidates
   * @param rubric what to look at
   */
  public ParameterProblem(
      ImageGenerator generator,
      Parameters parameters,
      List<Prompt> prompts,
      List<Seed> seeds,
      FeedbackOracle oracle,
      Rubric rubric) {
    this.generator = Objects.requireNonNull(generator, "generator == null");
    this.oracle = Objects.requireNonNull(oracle, "oracle == null");
    this.rubric = Objects.requireNonNull(rubric, "rubric == null");
    this.prompts = List.copyOf(prompts);
    this.seeds = List.copyOf(seeds);
    if (prompts.isEmpty() || prompts.size() != seeds.size()) {
      throw new IllegalArgumentException(
          "there must be at least one prompt and a seed for each, but there were %d prompts and %d seeds"
              .formatted(prompts.size(), seeds.size()));
    }
    parameters.arrays().values().forEach(array -> values.add(FloatBuffers.of(array)));
    this.dimension = Math.toIntExact(parameters.count());
    if (dimension == 0) {
      throw new IllegalArgumentException("there are no parameters to search over");
    }
  }

  /**
   * The parameters as they are.
   *
   * @return all of them, one after the other
   */
  public float[] start() {
    float[] point = new float[dimension];
    int at = 0;
    for (FloatBuffer buffer : values) {
      buffer.get(0, point, at, buffer.limit());
      at += buffer.limit();
    }
    return point;
  }

  /**
   * Sets the parameters, such as to {@link ZoRankSgd#point} at the end of a search.
   *
   * @param point all of them, one after the other
   */
  public void apply(float[] point) {
    if (point.length != dimension) {
      throw new IllegalArgumentException(
          "there are %d parameters, but the vector holds %d".formatted(dimension, point.length));
    }
    int at = 0;
    for (FloatBuffer buffer : values) {
      buffer.put(0, point, at, buffer.limit());
      at += buffer.limit();
    }
  }

  @Override
  public Ranking rank(List<float[]> candidates, int best) {
    // 1. The same prompts and seeds under each candidate's parameters.
    List<List<Image>> images = new ArrayList<>(); // by candidate, then by prompt
    float[] before = start();
    try {
      for (float[] candidate : candidates) {
        apply(candidate);
        images.add(generator.generate(prompts, seeds));
      }
    } finally {
      apply(before);
    }
    requireThatParametersMatter(images);
    // 2. One question for each prompt: whose image is better?
    List<ImageGroup> groups = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      int prompt = p;
      groups.add(
          new ImageGroup(prompts.get(p), images.stream().map(row -> row.get(prompt)).toList()));
    }
    List<Judgement> judgements = oracle.rank(groups, rubric);
    if (judgements.size() != groups.size()) {
      throw new IllegalStateException(
          "the oracle must give one judgement for each of %d groups, but gave %d"
              .formatted(groups.size(), judgements.size()));
    }
    // 3. One order of the candidates.
    return RankingSum.of(candidates.size(), judgements.stream().map(Judgement::ranking).toList());
  }

  /** A forgotten adapter would otherwise look like a judge who cannot tell the images apart. */
  private void requireThatParametersMatter(List<List<Image>> images) {
    if (!seenToMatter && images.size() > 1 && new HashSet<>(images).size() == 1) {
      throw new IllegalStateException(
          "all %d candidates make the same images: the generator does not read these parameters. Give the view with FunctionOptions.withAdapter, or a larger radius"
              .formatted(images.size()));
    }
    seenToMatter = true;
  }
}
