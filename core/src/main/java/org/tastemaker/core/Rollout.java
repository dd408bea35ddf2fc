package org.tastemaker.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * N images and how they came about: the trajectory of the denoising process and the log-probability
 * of each of its T steps.
 *
 * <p>A rollout owns its arrays: {@link #close} releases them, and whoever asked for the rollout
 * closes it. The images stay valid.
 *
 * @param prompts N prompts; images of one prompt need not stand together
 * @param seeds N seeds; image {@code i} was made from {@code seeds.get(i)}
 * @param images N images
 * @param latents [T+1, N, C, H, W]: {@code latents[0]} is the initial noise, {@code latents[T]}
 *     what was decoded; step {@code t} goes from {@code latents[t]} to {@code latents[t + 1]}
 * @param logProbabilities [T, N]: the log-density of {@code latents[t + 1]} given {@code
 *     latents[t]}, as the sampler defines it (mean or sum over C, H, W); NaN for a step that has no
 *     likelihood, because it is deterministic or stands for several
 * @param timesteps T timesteps of the training schedule, in the order of sampling
 */
public record Rollout(
    List<Prompt> prompts,
    List<Seed> seeds,
    List<Image> images,
    INDArray latents,
    INDArray logProbabilities,
    List<Integer> timesteps)
    implements AutoCloseable {
  public Rollout {
    prompts = List.copyOf(prompts);
    seeds = List.copyOf(seeds);
    images = List.copyOf(images);
    timesteps = List.copyOf(timesteps);
    Objects.requireNonNull(latents, "latents == null");
    Objects.requireNonNull(logProbabilities, "logProbabilities == null");
    int n = prompts.size();
    int steps = timesteps.size();
    if (n == 0 || steps == 0) {
      throw new IllegalArgumentException(
          "a rollout has at least one image and one step, but had "
              + n
              + " prompts and "
              + steps
              + " timesteps");
    }
    if (seeds.size() != n || images.size() != n) {
      throw new IllegalArgumentException(
          "a rollout has a seed and an image for each prompt, but had "
              + n
              + " prompts, "
              + seeds.size()
              + " seeds and "
              + images.size()
              + " images");
    }
    if (latents.rank() != 5 || latents.size(0) != steps + 1 || latents.size(1) != n) {
      throw new IllegalArgumentException(
          "the latents of "
              + steps
              + " steps of "
              + n
              + " images have the shape ["
              + (steps + 1)
              + ", "
              + n
              + ", C, H, W], but were "
              + Arrays.toString(latents.shape()));
    }
    if (logProbabilities.rank() != 2
        || logProbabilities.size(0) != steps
        || logProbabilities.size(1) != n) {
      throw new IllegalArgumentException(
          "the log-probabilities of "
              + steps
              + " steps of "
              + n
              + " images have the shape ["
              + steps
              + ", "
              + n
              + "], but were "
              + Arrays.toString(logProbabilities.shape()));
    }
  }

  /**
   * The number of images.
   *
   * @return N, at least 1
   */
  public int size() {
    return prompts.size();
  }

  /**
   * The number of denoising steps.
   *
   * @return T, at least 1
   */
  public int steps() {
    return timesteps.size();
  }

  /**
   * The images by prompt: what a judge compares. Prompts stand in the order of their first image,
   * and the images of a prompt in the rollout's order.
   *
   * @return one group for each different prompt
   */
  public List<ImageGroup> groups() {
    return groupIndices().stream()
        .map(
            indices ->
                new ImageGroup(
                    prompts.get(indices.get(0)), indices.stream().map(images::get).toList()))
        .toList();
  }

  /**
   * Where the images of {@link #groups} stand in the rollout.
   *
   * @return for each group, for each of its images, the index in the rollout
   */
  public List<List<Integer>> groupIndices() {
    Map<Prompt, List<Integer>> byPrompt = new LinkedHashMap<>();
    for (int i = 0; i < prompts.size(); i++) {
      byPrompt.computeIfAbsent(prompts.get(i), p -> new ArrayList<>()).add(i);
    }
    return byPrompt.values().stream().map(List::copyOf).toList();
  }

  /** Releases the native arrays. The images stay valid. More than one call does no harm. */
  @Override
  public void close() {
    for (INDArray array : List.of(latents, logProbabilities)) {
      if (!array.wasClosed() && array.closeable()) {
        array.close();
      }
    }
  }
}
