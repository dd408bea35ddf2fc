package org.tastemaker.optim.rows;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.RolloutOptions;

/**
 * One piece of work for any machine: an image to make, a group of images to judge, an image to
 * score, a micro-batch to compute the gradient of.
 *
 * <p>What comes of it is a function of the row alone, without its {@link #label}. So a row may be
 * done twice, elsewhere, later or beside any others, and the result is the same: to the last bit
 * for images on machines with the same instructions. What a worker must have besides the row, it
 * names by its hash.
 */
public sealed interface WorkRow {
  /**
   * What the row is called.
   *
   * @return decides nothing
   */
  Label label();

  /**
   * The prompt.
   *
   * @return of the image, or of all images of the group; of a micro-batch the first row's
   */
  Prompt prompt();

  /**
   * Where a row stands, for people and for logs. It has no influence on the result.
   *
   * @param run of which the row is a part; may be empty
   * @param round of the run, at least 0
   * @param sample index of the image or of the group, at least 0
   */
  record Label(String run, long round, int sample) {
    public Label {
      Objects.requireNonNull(run, "run == null: use \"\" for none");
      if (round < 0 || sample < 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "round and sample must be at least 0, but were %s and %s",
                round,
                sample));
      }
    }
  }

  /** How much of an image's making is wanted. */
  enum Asked {
    /** The image alone, as {@code LatentDiffusion.generate} makes it. */
    IMAGE,
    /**
     * The image, its latents and log-probabilities, as {@code LatentDiffusion.rollout} gives them.
     */
    ROLLOUT
  }

  /**
   * An image to be made.
   *
   * @param label decides nothing
   * @param prompt what to show
   * @param seed of the image
   * @param asked how much is wanted
   * @param rollouts what a rollout draws; ignored for an image alone
   * @param model the {@linkplain ModelRecipe#sha256 hash} of the model's files
   * @param adapter the {@linkplain RowAdapter#sha256 hash} of the adapter; empty for none
   * @param settings the hash of the {@linkplain ModelRecipe#settingsHash settings} of sampling
   */
  record Sample(
      Label label,
      Prompt prompt,
      Seed seed,
      Asked asked,
      RolloutOptions rollouts,
      String model,
      String adapter,
      String settings)
      implements WorkRow {
    public Sample {
      Objects.requireNonNull(label, "label == null");
      Objects.requireNonNull(prompt, "prompt == null");
      Objects.requireNonNull(seed, "seed == null");
      Objects.requireNonNull(asked, "asked == null");
      Objects.requireNonNull(rollouts, "rollouts == null: use RolloutOptions.defaults()");
      Hashes.require(model, "model");
      Hashes.require(settings, "settings");
      if (!adapter.isEmpty()) {
        Hashes.require(adapter, "adapter");
      }
    }
  }

  /**
   * A group of images to be judged.
   *
   * @param label decides nothing
   * @param group the images, in the order that the judge's answer speaks of
   * @param rubric what to look at
   * @param judge the {@linkplain OracleFactory#settings hash of the settings} of the judge
   */
  record Judge(Label label, ImageGroup group, Rubric rubric, String judge) implements WorkRow {
    public Judge {
      Objects.requireNonNull(label, "label == null");
      Objects.requireNonNull(group, "group == null");
      Objects.requireNonNull(rubric, "rubric == null");
      Hashes.require(judge, "judge");
    }

    @Override
    public Prompt prompt() {
      return group.prompt();
    }
  }

  /**
   * An image to be scored by a reward that looks at the image and its prompt alone.
   *
   * @param label decides nothing
   * @param prompt of the image
   * @param image to be scored
   * @param reward the {@linkplain RewardFactory#settings hash of the settings} of the reward
   */
  record Score(Label label, Prompt prompt, Image image, String reward) implements WorkRow {
    public Score {
      Objects.requireNonNull(label, "label == null");
      Objects.requireNonNull(prompt, "prompt == null");
      Objects.requireNonNull(image, "image == null");
      Hashes.require(reward, "reward");
    }
  }

  /**
   * A micro-batch of denoising steps, whose gradient by the adapter is wanted.
   *
   * @param label decides nothing
   * @param transitions the rows, 1 to capacity
   * @param capacity with how many rows the U-Net runs; those that are missing repeat the first
   * @param rows of the whole update, of which this is a part: the loss is their mean
   * @param klWeight of the KL to the model without the adapter, at least 0
   * @param model the {@linkplain ModelRecipe#sha256 hash} of the model's files
   * @param adapter the {@linkplain RowAdapter#sha256 hash} of the adapter
   * @param settings the hash of the {@linkplain ModelRecipe#settingsHash settings} of sampling
   * @param loss the hash of the loss's settings
   */
  record Gradient(
      Label label,
      List<Transition> transitions,
      int capacity,
      int rows,
      double klWeight,
      String model,
      String adapter,
      String settings,
      String loss)
      implements WorkRow {
    public Gradient {
      Objects.requireNonNull(label, "label == null");
      transitions = List.copyOf(transitions);
      if (transitions.isEmpty() || transitions.size() > capacity || transitions.size() > rows) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a micro-batch has 1 to %s rows, of the %s of its update, but had %s",
                capacity,
                rows,
                transitions.size()));
      }
      if (!(klWeight >= 0) || Double.isInfinite(klWeight)) {
        throw new IllegalArgumentException(
            "klWeight must be at least 0 and finite, but was " + klWeight);
      }
      Hashes.require(model, "model");
      Hashes.require(adapter, "adapter");
      Hashes.require(settings, "settings");
      Hashes.require(loss, "loss");
    }

    @Override
    public Prompt prompt() {
      return transitions.get(0).prompt();
    }
  }

  /**
   * One denoising step of one image.
   *
   * @param prompt of the image
   * @param seed of the image; empty where it is not known
   * @param step from 0, the noisiest
   * @param logProbability of the step, as it was recorded
   * @param advantage of the image
   * @param latent x_t, [C, h, w]
   * @param next x_{t-1}, [C, h, w]
   */
  record Transition(
      Prompt prompt,
      Optional<Seed> seed,
      int step,
      double logProbability,
      double advantage,
      FloatBlock latent,
      FloatBlock next) {
    public Transition {
      Objects.requireNonNull(prompt, "prompt == null");
      Objects.requireNonNull(seed, "seed == null: use Optional.empty() for none");
      if (step < 0 || latent.size() != next.size() || latent.size() == 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "step must be at least 0, and its two latents of one size, but were %s, %s and %s",
                step,
                latent.size(),
                next.size()));
      }
    }
  }
}
