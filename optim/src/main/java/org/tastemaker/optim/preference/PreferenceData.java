package org.tastemaker.optim.preference;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * Judged images that were there before the training, as the latents that a U-Net sees: what {@link
 * OfflineOptimizer} learns from. They lie on the Java heap: 64 KB for an image of 512 x 512 pixels.
 *
 * <pre>
 *   PreferenceData.Builder data = PreferenceData.builder(model);
 *   for (AnnotatedGroup group : PreferenceDataset.readAll(file)) {     // a judge's answers
 *     data.add(group.load(images), group.judgement());
 *   }
 *   for (RankedFiles pair : PairFolders.winnersAndLosers(folder)) {    // a person's folder
 *     data.add(pair.load(), pair.ranking());
 *   }
 *   data.addLabelled(image, prompt, true);                             // a thumb
 *   dpo.step(data.build());
 * </pre>
 *
 * <p>A ranking becomes rewards by win rates: the share of the other ranked images that an image is
 * better than, ties one half. Images without a place are left out.
 */
public final class PreferenceData {
  private final List<RatedGroup> groups;
  private final String identity;

  private PreferenceData(List<RatedGroup> groups, String identity) {
    this.groups = List.copyOf(groups);
    this.identity = identity;
  }

  /**
   * Data that is encoded by a model.
   *
   * @param model whose autoencoder encodes the images, at the size of its options; stays the
   *     caller's
   * @return nothing yet
   */
  public static Builder builder(LatentDiffusion model) {
    return new Builder(model);
  }

  List<RatedGroup> groups() {
    return groups;
  }

  /**
   * How many groups there are.
   *
   * @return at least 1
   */
  public int size() {
    return groups.size();
  }

  /**
   * What tells this data from other data: prompts, images and rewards, in their order.
   *
   * @return a hash, 64 hexadecimal digits
   */
  public String identity() {
    return identity;
  }

  /** Encodes images one group at a time: only latents are kept. */
  public static final class Builder {
    private final LatentDiffusion model;
    private final List<RatedGroup> groups = new ArrayList<>();
    private final Hasher hash = Hashing.sha256().newHasher();
    private int images;
    private int missing;

    private Builder(LatentDiffusion model) {
      this.model = Objects.requireNonNull(model, "model == null");
    }

    /**
     * Adds a judged group.
     *
     * @param group the images, scaled to the size of the model's options
     * @param judgement of its images; one that is missing adds nothing and is counted
     * @return this builder
     */
    public Builder add(ImageGroup group, Judgement judgement) {
      if (judgement.isMissing()) {
        missing++;
        return this;
      }
      return add(group, judgement.ranking());
    }

    /**
     * Adds a ranked group, such as a pair.
     *
     * @param group the images, scaled to the size of the model's options
     * @param ranking of its images
     * @return this builder
     * @throws IllegalArgumentException if it is not of as many images
     */
    public Builder add(ImageGroup group, Ranking ranking) {
      if (ranking.size() != group.size()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a ranking must be of the group's %s images, but is of %s (prompt '%s')",
                group.size(),
                ranking.size(),
                group.prompt().text()));
      }
      List<Integer> ranked = ranking.tiers().stream().flatMap(List::stream).sorted().toList();
      if (ranked.isEmpty()) {
        missing++;
        return this;
      }
      double[] wins = new double[group.size()];
      for (Preference pair : ranking.pairs()) {
        wins[pair.first()] += pair.probability();
        wins[pair.second()] += 1 - pair.probability();
      }
      double others = Math.max(1, ranked.size() - 1);
      add(
          group.prompt(),
          ranked.stream().map(i -> group.images().get(i)).toList(),
          ranked.stream().mapToDouble(i -> wins[i] / others).toArray());
      return this;
    }

    /**
     * Adds an image that was liked, or was not.
     *
     * @param image scaled to the size of the model's options
     * @param prompt what it was made for
     * @param liked gives the reward 1, and otherwise 0; for {@link DiffusionKto} with a threshold
     * @return this builder
     */
    public Builder addLabelled(Image image, Prompt prompt, boolean liked) {
      add(prompt, List.of(image), new double[] {liked ? 1 : 0});
      return this;
    }

    private void add(Prompt prompt, List<Image> some, double[] rewards) {
      LatentShape shape = model.latentShape();
      int factor = model.components().factor();
      List<Image> sized =
          some.stream()
              .map(image -> sized(image, shape.height() * factor, shape.width() * factor))
              .toList();
      List<RatedImage> rated = new ArrayList<>();
      hash.putString(prompt.text(), StandardCharsets.UTF_8).putInt(some.size());
      try (INDArray latents = model.encode(sized)) { // [n, C, h, w]
        FloatBuffer all = FloatBuffers.of(latents);
        for (int i = 0; i < some.size(); i++) {
          FloatBuffer one = FloatBuffer.allocate(shape.size());
          one.put(0, all, i * shape.size(), shape.size());
          rated.add(new RatedImage(images++, one, rewards[i]));
          hash.putString(some.get(i).sha256(), StandardCharsets.UTF_8).putDouble(rewards[i]);
        }
      }
      groups.add(new RatedGroup(prompt.text(), rated));
    }

    private static Image sized(Image image, int height, int width) {
      return image.height() == height && image.width() == width && image.channels() == 3
          ? image
          : image.resized(height, width);
    }

    /**
     * How many groups were left out because nothing was known of them.
     *
     * @return at least 0
     */
    public int missing() {
      return missing;
    }

    /**
     * The data.
     *
     * @return of all that was added; use the builder no more
     * @throws IllegalArgumentException if there is none
     */
    public PreferenceData build() {
      if (groups.isEmpty()) {
        throw new IllegalArgumentException(
            "preference data must have at least one judged group, but there was none"
                + (missing > 0 ? " beside " + missing + " without a judgement" : ""));
      }
      return new PreferenceData(groups, hash.hash().toString());
    }
  }
}
