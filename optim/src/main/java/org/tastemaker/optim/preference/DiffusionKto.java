package org.tastemaker.optim.preference;

import com.google.common.collect.Lists;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.preference.LabelledImage.Labels;

/**
 * Diffusion-KTO: Li, Kallidromitis, Gokul, Kato and Kozuka, "Aligning Diffusion Models by
 * Optimizing Human Utility" (2024).
 *
 * <p>It needs no pairs: each image was liked or was not, such as by a thumb or by a judge that
 * answers yes or no. What is maximized is the expected utility of how much more probable than under
 * the reference an image is, measured from an offset, with the denoising error in the place of the
 * negative log-probability:
 *
 * <pre>
 *   L(x) = |e - e_theta(x_t, t, z)|^2 ,  L_ref(x) the reference's, means over elements
 *   g    = L_ref(x) - L(x)
 *   z    = an estimate of the KL, without a gradient                             {@link KtoOffset}
 *   x    = beta (g - z) where the image was liked, -beta (g - z) where it was not
 *   loss = lambda (1 - U(x))                                                    {@link KtoUtility}
 * </pre>
 *
 * <p>t is uniform, and every image has a timestep and noise of its own.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>gains</td><td>g</td></tr>
 * <tr><td>offset</td><td>z (the paper's Q_ref)</td></tr>
 * <tr><td>utility</td><td>U</td></tr>
 * <tr><td>likedWeight, otherWeight</td><td>lambda of the two labels</td></tr>
 * <tr><td>insideTerm, implicitAccuracy (metrics)</td><td>x; how often it is above 0</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Labels come from rewards: from a threshold on, or above and below the mean of the prompt's
 * images. The offset needs the gains of a whole batch before the first backward pass: a batch that
 * is larger than a micro-batch runs the policy forward twice. Not thread-safe.
 */
public final class DiffusionKto extends LatentPreferences<Labels> {
  private final Options options;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of the images' order, timesteps and noise
   * @throws IllegalStateException if the policy's weights have been trained and its reference was
   *     not kept
   */
  public DiffusionKto(DiffusionPolicy policy, Options options, Seed seed) {
    super(
        "diffusion-kto",
        policy,
        options,
        new Shared(options.updates(), options.microBatch(), options.guard()),
        seed);
    this.options = options;
    policy.keepReference();
  }

  @Override
  Optional<Labels> examples(List<RatedGroup> groups) {
    Labels labels = LabelledImage.of(groups, options.threshold());
    return labels.isEmpty() ? Optional.empty() : Optional.of(labels);
  }

  @Override
  String reasonOfNone() {
    return "no image is better or worse than the mean of its prompt's images; images with a label"
        + " each need a threshold between the labels, such as 0.5";
  }

  /** Some rows of a batch, from one on. */
  private record Rows(int first, List<LabelledImage> images) {}

  @Override
  void update(
      Labels all,
      long number,
      Seed order,
      DenoisingExamples denoising,
      Seed noise,
      PreferenceUpdate update) {
    List<LabelledImage> batch = all.draw(number, options.batch(), options.likedShare(), order); // N
    List<Rows> parts = parts(batch, denoising.microBatch());
    policy.begin();

    // 1. The gains g of all N images, and the offset z of the batch.
    double[] gains = gains(batch, parts, 0, denoising, noise);
    boolean mismatched = options.offset() == KtoOffset.MISMATCHED;
    double offset =
        options
            .offset()
            .of(mismatched ? gains(batch, parts, 1, denoising, noise) : gains, liked(batch)); // z

    for (Rows rows : parts) {
      // 2. Forward, again where the U-Net has seen other rows since.
      if (parts.size() > 1 || mismatched) {
        forward(batch, rows, 0, denoising, noise);
      }

      // 3. Loss: the mean over all N images, and its derivative by each error: dg / dL = -1.
      double[] slopes = new double[rows.images().size()]; // [B]
      for (int n = 0; n < slopes.length; n++) {
        LabelledImage image = rows.images().get(n);
        double sign = image.liked() ? 1 : -1;
        double weight = image.liked() ? options.likedWeight() : options.otherWeight(); // lambda
        double x = sign * options.beta() * (gains[rows.first() + n] - offset);
        KtoUtility.Value value = options.utility().at(x);
        slopes[n] = weight * value.slope() * sign * options.beta() / batch.size();
        update.row(
            image.image(),
            weight * (1 - value.utility()),
            x,
            Map.of("gain", gains[rows.first() + n], "likedShare", image.liked() ? 1.0 : 0.0));
      }

      // 4. Backward: sum_n slopes[n] grad L_n, added to the gradient.
      denoising.backward(slopes, null);
    }
    // 5. Update, unless the loss has spiked: the gradient is clipped by its norm, then AdamW.
    update.finish();
  }

  /** g of each image of a batch, with the prompt of the image some places before it. */
  private static double[] gains(
      List<LabelledImage> batch,
      List<Rows> parts,
      int shift,
      DenoisingExamples denoising,
      Seed noise) {
    double[] gains = new double[batch.size()];
    for (Rows rows : parts) {
      forward(batch, rows, shift, denoising, noise);
      double[] errors = denoising.errors(); // L, [B]
      double[] reference = denoising.referenceErrors(); // L_ref, [B]
      for (int n = 0; n < errors.length; n++) {
        gains[rows.first() + n] = reference[n] - errors[n];
      }
    }
    return gains;
  }

  private static void forward(
      List<LabelledImage> batch, Rows rows, int shift, DenoisingExamples denoising, Seed noise) {
    List<String> texts = new ArrayList<>();
    List<Seed> seeds = new ArrayList<>();
    for (int n = 0; n < rows.images().size(); n++) {
      int at = rows.first() + n;
      texts.add(batch.get(Math.floorMod(at - shift, batch.size())).text());
      seeds.add(noise.split(at));
    }
    denoising.forward(rows.images().stream().map(LabelledImage::clean).toList(), texts, seeds);
  }

  private static List<Rows> parts(List<LabelledImage> batch, int microBatch) {
    List<Rows> parts = new ArrayList<>();
    int first = 0;
    for (List<LabelledImage> some : Lists.partition(batch, microBatch)) {
      parts.add(new Rows(first, some));
      first += some.size();
    }
    return parts;
  }

  private static boolean[] liked(List<LabelledImage> batch) {
    boolean[] liked = new boolean[batch.size()];
    for (int n = 0; n < liked.length; n++) {
      liked[n] = batch.get(n).liked();
    }
    return liked;
  }

  /**
   * Hyper-parameters.
   *
   * @param utility U
   * @param offset what gains are measured from
   * @param beta how much the reference binds, above 0
   * @param likedWeight lambda of liked images, above 0
   * @param otherWeight lambda of the others, above 0
   * @param likedShare which share of a batch is liked, in (0, 1), where there are enough of both
   * @param threshold the lowest reward of a liked image; empty for the mean of its prompt, where an
   *     image at the mean has no label
   * @param updates a step, at least 1
   * @param batch images an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   * @param guard against spikes of the loss
   */
  @RecordBuilder
  public record Options(
      KtoUtility utility,
      KtoOffset offset,
      double beta,
      double likedWeight,
      double otherWeight,
      double likedShare,
      OptionalDouble threshold,
      int updates,
      int batch,
      int microBatch,
      SpikeGuard.Options guard)
      implements DiffusionKtoOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(utility, "utility == null");
      Objects.requireNonNull(offset, "offset == null");
      OptionChecks.positive("beta", beta);
      OptionChecks.positive("likedWeight", likedWeight);
      OptionChecks.positive("otherWeight", otherWeight);
      OptionChecks.require(
          likedShare > 0 && likedShare < 1, "likedShare must be in (0, 1), but was " + likedShare);
      Objects.requireNonNull(threshold, "threshold == null: use OptionalDouble.empty() for none");
      OptionChecks.require(updates >= 1, "updates must be at least 1, but was " + updates);
      OptionChecks.require(batch >= 1, "batch must be at least 1, but was " + batch);
      OptionChecks.require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
      Objects.requireNonNull(guard, "guard == null: use SpikeGuard.Options.none()");
    }

    /**
     * The paper's sigmoid with beta 1000, both weights 1, 80% liked images, labels by the prompt's
     * mean, 5 updates of 32 images a step.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(
          KtoUtility.SIGMOID,
          KtoOffset.MIDDLE,
          1000,
          1,
          1,
          0.8,
          OptionalDouble.empty(),
          5,
          32,
          8,
          SpikeGuard.Options.defaults());
    }
  }
}
