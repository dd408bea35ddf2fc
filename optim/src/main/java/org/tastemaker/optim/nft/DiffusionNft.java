package org.tastemaker.optim.nft;

import static java.math.RoundingMode.CEILING;

import com.google.common.collect.Lists;
import com.google.common.math.IntMath;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongFunction;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.schedule.NoiseSchedule;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.optim.likelihood.PretrainingData;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.Deviation;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.GroupAdvantages;
import org.tastemaker.optim.policy.PolicySnapshot;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.RoundSampler;
import org.tastemaker.optim.policy.Shuffle;
import org.tastemaker.optim.policy.Trajectory;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * DiffusionNFT, negative-aware fine-tuning: Zheng et al., "DiffusionNFT: Online Diffusion
 * Reinforcement with Forward Process" (2025).
 *
 * <p>Images are made by the old policy, with any sampler. Their rewards split them softly into good
 * and bad ones. A single network is trained on the forward process, so that one implicit policy
 * explains the good images and its mirror image the bad ones:
 *
 * <pre>
 *   L(theta) = E_{z, x_0 ~ old, t, e}  rho |v+ - v|^2 + (1 - rho) |v- - v|^2
 *   v+ = (1 - beta) v_old + beta v_theta,  v- = (1 + beta) v_old - beta v_theta
 * </pre>
 *
 * <p>As the reference implementation does, the two squared errors are those of the clean estimates,
 * each divided by its own mean absolute error, which is taken as a constant; a small penalty keeps
 * the policy near the pre-trained one:
 *
 * <pre>
 *   c [ rho mean (x+ - x_0)^2 / w+ + (1 - rho) mean (x- - x_0)^2 / w- ] / beta + lambda mean (o - o_ref)^2
 * </pre>
 *
 * <p><b>What is not trained on can be kept</b>, which is our addition: on images of other prompts
 * the output is held to that of the pre-trained model, as DreamBooth's prior preservation does
 * (Ruiz et al., 2022) with the pre-training loss.
 *
 * <p><b>For models that do not predict the velocity of a flow</b> this is a port of our own, not
 * the paper's. The mixture is linear, and so is the clean estimate in the network's output, so that
 * mixing noise, velocities or clean samples is the same up to the factor of the output. With noise
 * it is {@code sqrt(1 - abar) / sqrt(abar)}, which grows without bound near pure noise: w cancels
 * most of it, and timesteps with hardly any signal are left out ({@code minSignal}). The penalty is
 * on the output itself.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>{@link Optimality}</td><td>rho, from the advantage of the reward: its difference from the
 *     prompt's mean, divided by the deviation of the whole round</td></tr>
 * <tr><td>beta</td><td>beta: how far apart the implicit policies are</td></tr>
 * <tr><td>old, {@link OldPolicy}</td><td>v_old, and how fast it follows v_theta</td></tr>
 * <tr><td>advantageClip</td><td>c</td></tr>
 * <tr><td>penalty</td><td>lambda</td></tr>
 * <tr><td>{@link Preservation}</td><td>not in the paper</td></tr>
 * <tr><td>{@link Contrast}</td><td>the two terms and their derivative</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Sample with {@link #sampler}, the old policy. There is no guidance in training: each text is
 * denoised by itself. A round costs N K rows of three forward passes and one backward. Everything
 * drawn is a function of the seed and the step's number. Not thread-safe.
 */
public final class DiffusionNft implements PolicyOptimizer, AutoCloseable {
  /** What helps a run that has diverged, or is needed with less memory. */
  private static final Set<String> MAY_CHANGE = Set.of("updates", "microBatch", "noisings");

  /** What is added to the deviation of a round's rewards, as in the reference implementation. */
  private static final double DEVIATION_EPSILON = 1e-4;

  private static final String OLD = "old.safetensors";

  private final DiffusionPolicy policy;
  private final Options options;
  private final Seed seed;
  private final NoiseSchedule schedule;
  private final PredictionType prediction;
  private final PolicySnapshot old;
  private final int timesteps; // how many have enough signal
  private final Optional<Preservation> preservation;
  private long steps;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close, after this
   * @param options hyper-parameters
   * @param seed of orders, timesteps and noise
   */
  public DiffusionNft(DiffusionPolicy policy, Options options, Seed seed) {
    this(policy, options, Optional.empty(), seed);
  }

  /**
   * An optimizer that has not done a step, and keeps the model as it is on some images.
   *
   * @param policy what is trained; stays the caller's to close, after this
   * @param preserved images of other prompts, such as those of {@link PretrainingData#drawnBy}
   * @param options hyper-parameters, with a {@code preservation} above 0
   * @param seed of orders, timesteps and noise
   */
  public DiffusionNft(
      DiffusionPolicy policy, PretrainingData preserved, Options options, Seed seed) {
    this(policy, options, Optional.of(preserved), seed);
  }

  private DiffusionNft(
      DiffusionPolicy policy, Options options, Optional<PretrainingData> preserved, Seed seed) {
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    var scheduler = policy.sampler().components().scheduler();
    this.schedule = NoiseSchedule.of(scheduler);
    this.prediction = scheduler.predictionType();
    int enough = 0;
    while (enough < schedule.trainSteps() && schedule.alphaCumprod(enough) > options.minSignal()) {
      enough++;
    }
    if (enough == 0) {
      throw new IllegalArgumentException(
          "minSignal is "
              + options.minSignal()
              + ", but no timestep of the model has more than "
              + schedule.alphaCumprod(0)
              + ": lower it");
    }
    this.timesteps = enough;
    if (preserved.isPresent() != options.preservation() > 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "preservation is %s, but there %s images to keep the model by: give some and a weight above 0, or neither",
              options.preservation(),
              preserved.isPresent() ? "are" : "are no"));
    }
    this.preservation =
        preserved.map(
            data -> new Preservation(data, options.preservation(), options.preservedBatch()));
    if (options.penalty() > 0 || preservation.isPresent()) {
      policy.keepReference();
    }
    this.old = policy.snapshot();
  }

  /**
   * The old policy, which makes the images of each round with the sampler of {@link
   * org.tastemaker.diffusion.LatentDiffusion#generate}, whatever that is: give it to the run in
   * place of {@code policy.sampler()}. Evaluations are of the new policy.
   *
   * @return the sampler, which stays valid as long as this is open
   */
  public DiffusionSampler sampler() {
    return new RoundSampler(policy.sampler(), () -> old.sampler()::endpoints);
  }

  /**
   * The old policy, sampled in another way in each round, such as with several guidance scales in
   * turn: the training does not depend on how images were made. A resumed run goes on in turn.
   *
   * @param ofRound gives the options of a round, by its number from 1 on
   * @return the sampler, as for {@link #sampler()}
   */
  public DiffusionSampler sampler(LongFunction<SamplingOptions> ofRound) {
    Objects.requireNonNull(ofRound, "ofRound == null");
    return new RoundSampler(
        policy.sampler(), () -> old.sampler().with(ofRound.apply(steps + 1))::endpoints);
  }

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    long number = steps + 1;
    RewardedImages batch = RewardedImages.of(rollout, rewards); // N' of the rollout's N images
    if (batch.allEqual()) {
      steps = number;
      return new StepReport(number, batch.metrics(), batch.reasonToSkip());
    }

    // 1. How probable it is that an image is a good one.
    GroupAdvantages advantages =
        GroupAdvantages.of(
            batch.prompts(), batch.rewards().toArray(), Deviation.BATCH, DEVIATION_EPSILON);
    if (advantages.isEmpty()) {
      steps = number;
      return new StepReport(
          number,
          batch.metrics(),
          "no prompt has two images with different rewards: all advantages are 0");
    }

    // 2. to 7. The updates: all of them, or none if one fails.
    UpdateDiagnostics diagnostics = new UpdateDiagnostics(number, policy);
    DenoisingExamples denoising = policy.examples(options.microBatch());
    Seed drawn = seed.split(number);
    policy.atomically(
        number,
        () -> {
          List<List<Row>> updates = updates(rollout, batch, advantages, drawn);
          for (int u = 0; u < updates.size(); u++) {
            update(updates.get(u), u, denoising, drawn.split("preserved"), diagnostics);
          }
        });

    // 8. The old policy follows.
    double keep = options.oldPolicy().keep(steps);
    old.follow(keep);

    Map<String, Double> metrics = diagnostics.metrics();
    metrics.putAll(batch.metrics());
    metrics.put("oldPolicyKept", keep);
    steps = number;
    return StepReport.of(number, metrics);
  }

  /** An image at a timestep, with what is drawn for it. */
  private record Row(
      int image, FloatBuffer clean, String text, double rho, int timestep, Seed noise) {}

  /**
   * 2. Every image of a prompt with different rewards is noised K times, once in each K-th of the
   * timesteps; all rows in random order, cut into the round's updates.
   */
  private List<List<Row>> updates(
      Rollout rollout, RewardedImages batch, GroupAdvantages advantages, Seed drawn) {
    List<Row> rows = new ArrayList<>();
    for (int n = 0; n < advantages.images().length(); n++) {
      int image = batch.images().get(advantages.images().get(n));
      double rho =
          options.optimality().probability(advantages.values().get(n), options.advantageClip());
      FloatBuffer clean = Trajectory.last(rollout, image); // x_0, [C, h, w]
      for (int k = 0; k < options.noisings(); k++) {
        Seed own = drawn.split(image).split(k);
        double place = (k + own.generator().nextDouble()) / options.noisings(); // in [0, 1)
        int t = Math.min((int) (place * timesteps), timesteps - 1);
        String text = rollout.prompts().get(image).text();
        rows.add(new Row(image, clean, text, rho, t, own.split("noise")));
      }
    }
    int[] order = Shuffle.order(rows.size(), drawn.split("order"));
    List<Row> shuffled = Arrays.stream(order).mapToObj(rows::get).toList();
    return Lists.partition(shuffled, IntMath.divide(shuffled.size(), options.updates(), CEILING));
  }

  /** An update of a round, on R rows, which go through the U-Net in micro-batches of B. */
  private void update(
      List<Row> rows,
      int number,
      DenoisingExamples denoising,
      Seed preserved,
      UpdateDiagnostics diagnostics) {
    policy.begin();
    for (List<Row> some : Lists.partition(rows, options.microBatch())) {
      // 3. Forward: the new, the old and the reference policy on the same x_t.
      denoising.forward(
          some.stream().map(Row::clean).toList(),
          some.stream().map(Row::text).toList(),
          some.stream().mapToInt(Row::timestep).toArray(),
          some.stream().map(Row::noise).toList());
      FloatBuffer oldOutputs = denoising.answersOf(old); // o_old, [B, C, h, w]
      int size = oldOutputs.capacity() / some.size();
      FloatBuffer gradient = FloatBuffer.allocate(some.size() * size); // by o, [B, C, h, w]
      double weight = 1.0 / rows.size();
      for (int n = 0; n < some.size(); n++) {
        // 4. Loss: the contrast of the implicit policies, and the penalty; their derivative by o.
        Row row = some.get(n);
        FloatBuffer output = denoising.output(n);
        FloatBuffer by = gradient.slice(n * size, size);
        Contrast contrast =
            Contrast.of(
                row.rho(),
                terms(row.timestep()),
                denoising.noisy(n),
                row.clean(),
                output,
                oldOutputs.slice(n * size, size),
                weight,
                by);
        double distance =
            options.penalty() > 0
                ? addPenalty(output, denoising.referenceOutput(n), weight, by)
                : 0;
        diagnostics.loss(row.image(), contrast.loss() + options.penalty() * distance);
        diagnostics.mean("positiveTerm", row.image(), contrast.positive());
        diagnostics.mean("negativeTerm", row.image(), contrast.negative());
        diagnostics.mean("distanceToReference", row.image(), distance);
      }
      // 5. Backward, added to the gradient.
      denoising.backward(gradient);
    }
    // 6. What is preserved, likewise.
    long batch = steps * options.updates() + number;
    preservation.ifPresent(
        term -> term.add(batch, denoising, preserved.split(number), diagnostics));
    // 7. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    diagnostics.updated(gradientNorm);
  }

  /** How an output at a timestep gives a clean estimate. */
  private Contrast.Terms terms(int timestep) {
    double abar = schedule.alphaCumprod(timestep);
    double signal = Math.sqrt(abar);
    double noise = Math.sqrt(1 - abar);
    double beta = options.beta();
    double scale = options.advantageClip();
    return switch (prediction) {
      case EPSILON -> new Contrast.Terms(1 / signal, -noise / signal, beta, scale);
      case V_PREDICTION -> new Contrast.Terms(signal, -noise, beta, scale);
      case SAMPLE -> new Contrast.Terms(0, 1, beta, scale);
    };
  }

  /** Adds the derivative of {@code lambda mean (o - o_ref)^2}, and returns the mean. */
  private double addPenalty(
      FloatBuffer output, FloatBuffer reference, double weight, FloatBuffer gradient) {
    int size = gradient.limit();
    double factor = weight * options.penalty() * 2 / size;
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double difference = (double) output.get(i) - reference.get(i);
      sum += difference * difference;
      gradient.put(i, (float) (gradient.get(i) + factor * difference));
    }
    return sum / size;
  }

  @Override
  public void save(Path folder) {
    String sum = old.save(folder.resolve(OLD));
    CheckpointFile.write(folder, "diffusion-nft", steps, settings(), Map.of("old", sum));
    policy.save(CheckpointFile.newPart(folder, "policy"));
  }

  @Override
  public List<String> restore(Path folder) {
    CheckpointFile checkpoint =
        CheckpointFile.read(folder, "diffusion-nft", settings(), MAY_CHANGE);
    Runnable put = old.restore(folder.resolve(OLD), checkpoint.state().text("old"));
    // The policy checks its own part before it changes anything; nothing after it can fail.
    List<String> changes = policy.restore(folder.resolve("policy"));
    put.run();
    steps = checkpoint.step();
    return checkpoint.changesAnd(changes);
  }

  private Settings settings() {
    return Settings.of(options).with("seed", seed.key());
  }

  /** Frees the old policy. */
  @Override
  public void close() {
    old.close();
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's.
   *
   * @param beta above 0 and finite: the smaller, the further a step goes for the same contrast
   * @param optimality how advantages become probabilities
   * @param advantageClip c, the bound of an advantage, above 0 and finite
   * @param penalty lambda, at least 0 and finite
   * @param minSignal timesteps whose abar is not above it are left out, in [0, 1)
   * @param noisings K, how often an image is noised in a round, at least 1
   * @param updates into how many updates a round's rows are cut, at least 1
   * @param oldPolicy how the old policy follows
   * @param preservation weight of the term that keeps the model as it is on other images, at least
   *     0 and finite; 0 for none
   * @param preservedBatch how many of them an update has, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   */
  @RecordBuilder
  public record Options(
      double beta,
      Optimality optimality,
      double advantageClip,
      double penalty,
      double minSignal,
      int noisings,
      int updates,
      OldPolicy oldPolicy,
      double preservation,
      int preservedBatch,
      int microBatch)
      implements DiffusionNftOptionsBuilder.With {
    public Options {
      require(beta > 0 && Double.isFinite(beta), "beta must be above 0, but was " + beta);
      Objects.requireNonNull(optimality, "optimality == null");
      require(
          advantageClip > 0 && Double.isFinite(advantageClip),
          "advantageClip must be above 0 and finite, but was " + advantageClip);
      require(
          penalty >= 0 && Double.isFinite(penalty),
          "penalty must be at least 0 and finite, but was " + penalty);
      require(minSignal >= 0 && minSignal < 1, "minSignal must be in [0, 1), but was " + minSignal);
      require(noisings >= 1, "noisings must be at least 1, but was " + noisings);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      Objects.requireNonNull(oldPolicy, "oldPolicy == null");
      require(
          preservation >= 0 && Double.isFinite(preservation),
          "preservation must be at least 0 and finite, but was " + preservation);
      require(preservedBatch >= 1, "preservedBatch must be at least 1, but was " + preservedBatch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
    }

    /**
     * Those of the reference implementation: beta 1, advantages within +-5, a penalty of 1e-4, ten
     * noisings of each image; timesteps with less signal than 0.01 are left out, one update a
     * round, and the old policy stays close. Nothing is preserved.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(1, Optimality.ALL, 5, 1e-4, 0.01, 10, 1, OldPolicy.close(), 0, 32, 8);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
