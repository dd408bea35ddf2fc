package org.tastemaker.optim.zo;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;

/**
 * An image generator as a function of some of its numbers: the gains of a LoRA, all parameters of a
 * LoRA, or any others.
 *
 * <pre>{@code
 * LoraGains gains = LoraGains.of(lora, model.components().unet().parameters(), Seed.of(1));
 * ImageGenerator generator = model.with(FunctionOptions.inference().withAdapter(lora));
 * ParameterProblem problem =
 *     new ParameterProblem(generator, SearchSpace.of(gains), prompts, Seed.of(2), oracle, rubric);
 * ZoRankSgd search =
 *     new ZoRankSgd(problem, problem.start(), ZoRankSgd.Options.forGains(), Seed.of(3));
 * search.step();
 * problem.apply(search.point());
 * }</pre>
 *
 * <p>All candidates of a question use the same prompts and seeds, so that they differ only in their
 * numbers. For each prompt and seed the images of all candidates are one group for the oracle; the
 * rankings of the groups become one ranking of the candidates, by the share of comparisons won
 * minus the share lost, over all groups. This is the Borda count if all answers are complete. A
 * group without an answer does not count, and a candidate that no group compares is not ranked.
 *
 * <p>If all questions use the same seeds, a search also learns what is good for those seeds alone.
 * If a single seed is given, each question has its own seeds. They follow from the given seed and
 * the question: a question that is asked again, after a failure or in a resumed run, shows the same
 * images.
 *
 * <p>After each question, even one that fails, the generator's numbers are restored. Not
 * thread-safe: nothing else may use the generator while a question is asked.
 */
public final class ParameterProblem implements RankingProblem {
  private final ImageGenerator generator;
  private final SearchSpace space;
  private final List<Prompt> prompts;
  private final Function<List<float[]>, List<Seed>> seeds;
  private final FeedbackOracle oracle;
  private final Rubric rubric;
  private boolean seenToMatter;

  /**
   * A search that sees fresh images in each question.
   *
   * @param generator reads the numbers each time that it makes images, as every view of a {@link
   *     org.tastemaker.diffusion.LatentDiffusion} does
   * @param space what is searched
   * @param prompts what to show, at least one; a prompt that is listed twice is shown with two
   *     seeds
   * @param seed of all questions
   * @param oracle compares the images of different candidates
   * @param rubric what to look at
   */
  public ParameterProblem(
      ImageGenerator generator,
      SearchSpace space,
      List<Prompt> prompts,
      Seed seed,
      FeedbackOracle oracle,
      Rubric rubric) {
    this(
        generator,
        space,
        prompts,
        candidates -> seed.split(fingerprint(candidates)).splits(prompts.size()),
        oracle,
        rubric);
  }

  /**
   * A search that sees the same prompts and seeds in each question.
   *
   * @param generator reads the numbers each time that it makes images
   * @param space what is searched
   * @param prompts what to show, at least one
   * @param seeds as many as prompts
   * @param oracle compares the images of different candidates
   * @param rubric what to look at
   */
  public ParameterProblem(
      ImageGenerator generator,
      SearchSpace space,
      List<Prompt> prompts,
      List<Seed> seeds,
      FeedbackOracle oracle,
      Rubric rubric) {
    this(generator, space, prompts, always(seeds), oracle, rubric);
    if (prompts.size() != seeds.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be a seed for each prompt, but there were %s prompts and %s seeds",
              prompts.size(),
              seeds.size()));
    }
  }

  private ParameterProblem(
      ImageGenerator generator,
      SearchSpace space,
      List<Prompt> prompts,
      Function<List<float[]>, List<Seed>> seeds,
      FeedbackOracle oracle,
      Rubric rubric) {
    this.generator = Objects.requireNonNull(generator, "generator == null");
    this.space = Objects.requireNonNull(space, "space == null");
    this.prompts = List.copyOf(prompts);
    this.seeds = seeds;
    this.oracle = Objects.requireNonNull(oracle, "oracle == null");
    this.rubric = Objects.requireNonNull(rubric, "rubric == null");
    if (prompts.isEmpty()) {
      throw new IllegalArgumentException("there must be at least one prompt, but there was none");
    }
  }

  private static Function<List<float[]>, List<Seed>> always(List<Seed> seeds) {
    List<Seed> copy = List.copyOf(seeds);
    return candidates -> copy;
  }

  /** Differs between questions, except for one chance in about 2^64. */
  private static long fingerprint(List<float[]> candidates) {
    Hasher hasher = Hashing.sha256().newHasher().putInt(candidates.size());
    for (float[] candidate : candidates) {
      for (float value : candidate) {
        hasher.putFloat(value);
      }
    }
    return hasher.hash().asLong();
  }

  /**
   * The current numbers.
   *
   * @return a copy
   */
  public float[] start() {
    return space.point();
  }

  /**
   * Sets the numbers, for example to {@link ZoRankSgd#point} at the end of a search.
   *
   * @param point as many as {@link #start} has
   * @throws IllegalArgumentException if there are more or fewer
   */
  public void apply(float[] point) {
    space.moveTo(point);
  }

  /**
   * What a resumed search must have in common with the one that was interrupted.
   *
   * @return the prompts and the rubric
   */
  public Settings settings() {
    return Settings.none()
        .with(
            "prompts",
            prompts.stream().map(prompt -> prompt.text() + " | " + prompt.negativeText()).toList())
        .with("rubric", rubric.id());
  }

  @Override
  public Ranking rank(List<float[]> candidates, int best) {
    // 1. The same prompts and seeds under each candidate's parameters.
    List<Seed> these = seeds.apply(candidates);
    List<List<Image>> images = new ArrayList<>(); // per candidate, then per prompt
    float[] before = start();
    try {
      for (float[] candidate : candidates) {
        apply(candidate);
        images.add(generator.generate(prompts, these));
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
          String.format(
              Locale.ROOT,
              "the oracle must give one judgement for each of %s groups, but gave %s",
              groups.size(),
              judgements.size()));
    }
    // 3. One order of the candidates.
    return RankingSum.of(candidates.size(), judgements.stream().map(Judgement::ranking).toList());
  }

  /**
   * Without this check, a missing adapter would look like a judge who sees no difference between
   * the images.
   */
  private void requireThatParametersMatter(List<List<Image>> images) {
    if (!seenToMatter && images.size() > 1 && new HashSet<>(images).size() == 1) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "all %s candidates make the same images: the generator does not read these parameters. Give the view with FunctionOptions.withAdapter, or a larger radius",
              images.size()));
    }
    seenToMatter = true;
  }
}
