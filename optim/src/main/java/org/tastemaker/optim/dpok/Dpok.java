package org.tastemaker.optim.dpok;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.Shuffle;
import org.tastemaker.optim.policy.Transitions;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * DPOK, online: Fan et al., "DPOK: Reinforcement Learning for Fine-tuning Text-to-Image Diffusion
 * Models" (2023), algorithm 1.
 *
 * <p>The reward is maximized while the policy stays near the pre-trained model. The divergence of
 * the images is bounded by the sum of the divergences of the steps (section 4.2), each of which is
 * that of two Gaussians of one deviation:
 *
 * <pre>
 *   min E [ -alpha r(x_0, z) + beta sum_t KL( p_theta(x_{t-1} | x_t, z) || p_pre(x_{t-1} | x_t, z) ) ]
 *   KL_t = |mu_theta - mu_pre|^2 / (2 sigma_t^2) = c_t |e_theta - e_pre|^2
 *
 *   gradient:  sum_t  -alpha A_t grad log p_theta(x_{t-1} | x_t, z) + beta grad KL_t
 *   A_t = r(x_0, z) - V(x_t, z, t)
 * </pre>
 *
 * <p>(the term that charges later divergences to earlier steps is left out, as in the paper).
 * Several updates a round are corrected by the ratio rho of probabilities, whose clamping is
 * applied directly: outside of {@code [1 - c, 1 + c]} a step has no gradient on either side, unlike
 * PPO.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>rewardWeight, klWeight</td><td>alpha, beta</td></tr>
 * <tr><td>divergences</td><td>KL_t; over an image's elements mean or sum, like log p</td></tr>
 * <tr><td>advantage</td><td>A_t</td></tr>
 * <tr><td>value</td><td>V, {@link ValueNetwork}</td></tr>
 * <tr><td>ratio, clipRange</td><td>rho, c</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Each round learns from its own transitions; the public code's buffer over rounds is not taken
 * over, nor its KL without c_t, which {@link Transitions.Divergence#UNWEIGHTED} gives on request.
 * Sums over t are means over the transitions drawn. Not thread-safe.
 */
public final class Dpok implements PolicyOptimizer, AutoCloseable {
  private static final String VALUE_FILE = "value_network.zip";

  private final DiffusionPolicy policy;
  private final Options options;
  private final Seed seed;
  private final @Nullable ValueNetwork value;
  private long steps;

  /**
   * The value network's hyper-parameters.
   *
   * @param width of its three hidden layers, at least 1
   * @param learningRate above 0
   * @param weightDecay at least 0
   * @param updates a round, before the policy's, at least 1
   * @param batch transitions an update, at least 1
   */
  public record ValueOptions(
      int width, double learningRate, double weightDecay, int updates, int batch) {
    public ValueOptions {
      require(width >= 1, "width must be at least 1, but was " + width);
      require(
          learningRate > 0 && Double.isFinite(learningRate),
          "learningRate must be above 0 and finite, but was " + learningRate);
      require(
          weightDecay >= 0 && Double.isFinite(weightDecay),
          "weightDecay must be at least 0 and finite, but was " + weightDecay);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(batch >= 1, "batch must be at least 1, but was " + batch);
    }

    /**
     * Those of the public code: width 256, 1e-4, decay 0.01, 5 updates of 256 transitions.
     *
     * @return the options
     */
    public static ValueOptions defaults() {
      return new ValueOptions(256, 1e-4, 0.01, 5, 256);
    }
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's; the paper
   * has 1e-5 and 0.1.
   *
   * @param rewardWeight alpha, at least 0
   * @param klWeight beta, at least 0; with 0 the divergence is not computed
   * @param divergence what is regularised
   * @param clipRange c, above 0
   * @param updates a round, at least 1
   * @param batch transitions an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   * @param value of the baseline; empty for the reward itself, which fits a single prompt
   */
  public record Options(
      double rewardWeight,
      double klWeight,
      Transitions.Divergence divergence,
      double clipRange,
      int updates,
      int batch,
      int microBatch,
      Optional<ValueOptions> value) {
    public Options {
      require(
          rewardWeight >= 0 && Double.isFinite(rewardWeight),
          "rewardWeight must be at least 0 and finite, but was " + rewardWeight);
      require(
          klWeight >= 0 && Double.isFinite(klWeight),
          "klWeight must be at least 0 and finite, but was " + klWeight);
      Objects.requireNonNull(divergence, "divergence == null");
      require(clipRange > 0, "clipRange must be above 0, but was " + clipRange);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(batch >= 1, "batch must be at least 1, but was " + batch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
      Objects.requireNonNull(value, "value == null: use Optional.empty() for none");
    }

    /**
     * For one prompt: weights 10 and 0.01, clip range 1e-4, 5 updates of 32 transitions a round, no
     * value network.
     *
     * @return the paper's settings
     */
    public static Options singlePrompt() {
      return new Options(10, 0.01, Transitions.Divergence.EXACT, 1e-4, 5, 32, 8, Optional.empty());
    }

    /**
     * For several prompts: weights 10 and 0.001, and a value network.
     *
     * @return the paper's settings
     */
    public static Options multiplePrompts() {
      return new Options(
          10,
          0.001,
          Transitions.Divergence.EXACT,
          1e-4,
          5,
          32,
          8,
          Optional.of(ValueOptions.defaults()));
    }

    /**
     * These options with other weights.
     *
     * @param rewardWeight alpha, at least 0
     * @param klWeight beta, at least 0
     * @return new options
     */
    public Options withWeights(double rewardWeight, double klWeight) {
      return new Options(
          rewardWeight, klWeight, divergence, clipRange, updates, batch, microBatch, value);
    }

    /**
     * These options with another form of the divergence.
     *
     * @param divergence what is regularised
     * @return new options
     */
    public Options withDivergence(Transitions.Divergence divergence) {
      return new Options(
          rewardWeight, klWeight, divergence, clipRange, updates, batch, microBatch, value);
    }

    /**
     * These options with another clip range.
     *
     * @param clipRange above 0
     * @return new options
     */
    public Options withClipRange(double clipRange) {
      return new Options(
          rewardWeight, klWeight, divergence, clipRange, updates, batch, microBatch, value);
    }

    /**
     * These options with other updates of a round.
     *
     * @param updates at least 1
     * @param batch transitions an update, at least 1
     * @param microBatch rows through the U-Net together, at least 1
     * @return new options
     */
    public Options withUpdates(int updates, int batch, int microBatch) {
      return new Options(
          rewardWeight, klWeight, divergence, clipRange, updates, batch, microBatch, value);
    }

    /**
     * These options with another baseline.
     *
     * @param value of the value network; empty for none
     * @return new options
     */
    public Options withValue(Optional<ValueOptions> value) {
      return new Options(
          rewardWeight, klWeight, divergence, clipRange, updates, batch, microBatch, value);
    }
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  /**
   * An optimizer that has not done a step. With full weights it takes the reference's copy.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of the value network and of the transitions drawn
   * @throws IllegalStateException if the policy is deterministic (eta 0) and has no likelihood, or
   *     if its pre-trained weights are not there any more
   */
  public Dpok(DiffusionPolicy policy, Options options, Seed seed) {
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    int denoisingSteps = policy.denoisingSteps().steps().size();
    LatentDiffusion sampler = policy.sampler();
    if (options.klWeight() > 0) {
      LatentDiffusion unused = policy.reference();
    }
    this.value =
        options
            .value()
            .map(
                v ->
                    new ValueNetwork(
                        v,
                        sampler.latentShape().size(),
                        sampler.components().unet().config().crossAttentionDim(),
                        denoisingSteps,
                        seed.split("value")))
            .orElse(null);
  }

  /**
   * One step of one image.
   *
   * @param image in the rollout
   * @param step from 0, the noisiest
   * @param reward of the image
   */
  private record Row(int image, int step, double reward) {}

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    long number = steps + 1;
    RewardedImages batch = RewardedImages.of(rollout, rewards);
    if (batch.allEqual()) {
      steps = number;
      return new StepReport(number, batch.metrics(), batch.reasonToSkip());
    }
    List<Row> rows = new ArrayList<>();
    for (int k = 0; k < batch.size(); k++) {
      for (int t = 0; t < rollout.steps(); t++) {
        rows.add(new Row(batch.images().get(k), t, batch.rewards().get(k)));
      }
    }
    Transitions transitions = policy.transitions(rollout, options.microBatch());
    Map<String, Double> metrics = new TreeMap<>(batch.metrics());
    ValueNetwork.Memory before = value == null ? null : value.memory();
    try {
      metrics.putAll(policy.atomically(() -> train(transitions, rollout, rows, number)));
    } catch (RuntimeException | Error e) {
      if (value != null && before != null) {
        value.resume(before);
      }
      throw e;
    } finally {
      if (before != null) {
        before.close();
      }
    }
    steps = number;
    return StepReport.of(number, metrics);
  }

  private Map<String, Double> train(
      Transitions transitions, Rollout rollout, List<Row> rows, long number) {
    UpdateDiagnostics diagnostics = new UpdateDiagnostics(number);
    Map<String, Double> metrics = new TreeMap<>();
    Seed drawn = seed.split(number);

    // 1. The baseline learns what to expect.
    if (value != null) {
      double loss = 0;
      for (int i = 0; i < value.options().updates(); i++) {
        List<Row> some = draw(rows, value.options().batch(), drawn.split("value").split(i));
        loss = value.fit(states(rollout, some), some.stream().mapToDouble(Row::reward).toArray());
      }
      if (!Double.isFinite(loss)) {
        throw new ArithmeticException(
            "step %d: the value network's loss is %s; lower its learning rate or scale the rewards"
                .formatted(number, loss));
      }
      metrics.put("valueLoss", loss);
    }

    // 2. The policy's updates.
    for (int i = 0; i < options.updates(); i++) {
      List<Row> some = draw(rows, options.batch(), drawn.split("policy").split(i));
      update(transitions, rollout, some, diagnostics);
    }
    metrics.putAll(diagnostics.metrics());
    return metrics;
  }

  private static List<Row> draw(List<Row> rows, int count, Seed seed) {
    return Arrays.stream(Shuffle.order(rows.size(), seed))
        .limit(count)
        .mapToObj(rows::get)
        .toList();
  }

  private void update(
      Transitions transitions, Rollout rollout, List<Row> rows, UpdateDiagnostics diagnostics) {
    policy.begin();
    for (int first = 0; first < rows.size(); first += options.microBatch()) {
      List<Row> some = rows.subList(first, Math.min(first + options.microBatch(), rows.size()));
      transitions.forward(
          some.stream().mapToInt(Row::image).toArray(),
          some.stream().mapToInt(Row::step).toArray());
      double[] now = transitions.logProbabilities(); // [B]
      double[] old = transitions.recordedLogProbabilities(); // [B]
      double[] kl =
          options.klWeight() > 0 ? transitions.divergences(options.divergence()) : null; // [B]
      double[] baseline =
          value == null ? new double[some.size()] : value.values(states(rollout, some)); // [B]
      double[] byLogProbability = new double[some.size()];
      double[] byDivergence = new double[some.size()];
      for (int n = 0; n < some.size(); n++) {
        Row row = some.get(n);
        double advantage = row.reward() - baseline[n]; // A_t
        double ratio = Math.exp(now[n] - old[n]); // rho
        boolean inside = Math.abs(ratio - 1) <= options.clipRange();
        double clamped =
            Math.max(1 - options.clipRange(), Math.min(1 + options.clipRange(), ratio));
        double weight = options.rewardWeight() * advantage;
        byLogProbability[n] = inside ? -weight * ratio / rows.size() : 0;
        byDivergence[n] = options.klWeight() / rows.size();
        diagnostics.ratio(row.image(), row.step(), now[n] - old[n], !inside);
        diagnostics.loss(
            row.image(), -weight * clamped + (kl == null ? 0 : options.klWeight() * kl[n]));
        diagnostics.mean("advantage", row.image(), advantage);
        if (kl != null) {
          diagnostics.mean("kl", row.image(), kl[n]);
        }
      }
      transitions.backward(byLogProbability, kl == null ? null : byDivergence);
    }
    diagnostics.update(policy);
  }

  private List<ValueNetwork.State> states(Rollout rollout, List<Row> rows) {
    FloatBuffer trajectory = FloatBuffers.of(rollout.latents()); // [T+1, N, C, h, w]
    int size = trajectory.capacity() / (rollout.steps() + 1) / rollout.size();
    List<ValueNetwork.State> states = new ArrayList<>();
    for (Row row : rows) {
      int at = (row.step() * rollout.size() + row.image()) * size;
      states.add(
          new ValueNetwork.State(
              trajectory.slice(at, size),
              policy.textFeature(rollout.prompts().get(row.image()).text()),
              row.step()));
    }
    return states;
  }

  @Override
  public void save(Path folder) {
    CheckpointFile.write(folder, "dpok", steps, settings(), Map.of());
    policy.save(CheckpointFile.newPart(folder, "policy"));
    if (value != null) {
      value.save(folder.resolve(VALUE_FILE));
    }
  }

  @Override
  public void restore(Path folder) {
    CheckpointFile checkpoint = CheckpointFile.read(folder, "dpok", settings());
    ComputationGraph read = value == null ? null : value.read(folder.resolve(VALUE_FILE));
    policy.restore(folder.resolve("policy")); // nothing after it can fail
    if (value != null && read != null) {
      value.restore(read);
    }
    steps = checkpoint.step();
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("seed", String.valueOf(seed.key()));
    settings.put("rewardWeight", String.valueOf(options.rewardWeight()));
    settings.put("klWeight", String.valueOf(options.klWeight()));
    settings.put("divergence", options.divergence().name());
    settings.put("clipRange", String.valueOf(options.clipRange()));
    settings.put("updates", String.valueOf(options.updates()));
    settings.put("batch", String.valueOf(options.batch()));
    settings.put("microBatch", String.valueOf(options.microBatch()));
    settings.put("value", options.value().map(ValueOptions::toString).orElse("none"));
    return settings;
  }

  /** Frees the value network; the policy stays. */
  @Override
  public void close() {
    if (value != null) {
      value.close();
    }
  }
}
