package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;

/**
 * Trains a CLIP model: both towers and the logit scale, or some of their parameters.
 *
 * <pre>
 *   I_m = image tower of image m,   T_n = text tower of text n at its end token
 *   l_mn = exp(s) cos(I_m, T_n)
 *   minimize L(l)                   {@link ContrastiveLoss}, {@link ChoiceLoss}
 *   s = min(max(s, 0), ln 100)      after each update
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>{@link ClipBatch#images}, {@link ClipBatch#texts}</td><td>M images, N texts</td></tr>
 * <tr><td>{@link ClipModel#logitScale}</td><td>s</td></tr>
 * <tr><td>{@link ClipBatch#objective}</td><td>L</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The bound of the logit scale is CLIP's (Radford et al., 2021, sec. 2.5: logits are scaled by
 * at most 100); OpenCLIP and HPSv2 have the bound 0 as well. CLIP's AdamW has the betas 0.9 and
 * 0.98, the epsilon 1e-6 and a weight decay of 0.2 of all but gains and biases; {@link AdamW} has
 * one decay for all parameters, the logit scale among them.
 *
 * <p>The whole batch goes through the towers together, since the contrastive loss compares all of
 * it; {@link OptimizerOptions#accumulation} adds up losses of batches, each compared by itself.
 * Updates are made on the host, also if the engine computes on a device.
 *
 * <p>Nothing is drawn here, so with batches that are functions of their number a run that is
 * resumed ({@link #restore}) ends with weights that are bit-identical to those of a run that was
 * never stopped, provided that the machine's native code is deterministic. Not thread-safe; the
 * model must not be used otherwise while {@link #runUntil} does.
 */
public final class ClipTrainer {
  private static final String CLIP = "clip";
  private static final String SCALE = CLIP + "/logit_scale";
  private static final float LARGEST_SCALE = (float) Math.log(100);

  private final ClipModel clip;
  private final OptimizerOptions optimizer;
  private final ClipPass pass;
  private final boolean trainsScale;
  private final TrainingState state;
  private final TrainingLoop loop;

  /**
   * A trainer at the beginning of its run. Nothing is computed yet.
   *
   * @param clip what is trained; the caller closes it after training
   * @param options which parameters are trained, by name ({@link FunctionOptions#trainable}), such
   *     as {@link LastClipLayers}, and on which engine; without an adapter
   * @param optimizer how gradients update the weights
   * @throws IllegalArgumentException if nothing is trained, or something that is not FLOAT
   */
  public ClipTrainer(ClipModel clip, FunctionOptions options, OptimizerOptions optimizer) {
    if (options.adapter() != Adapter.NONE) {
      throw new IllegalArgumentException(
          "a CLIP model is trained by its own parameters, but the options have an adapter; leave it out");
    }
    this.clip = clip;
    this.optimizer = Objects.requireNonNull(optimizer, "optimizer == null");
    this.state =
        new TrainingState(
            optimizer,
            ImmutableMap.of(CLIP, new TrainedPart(options, ImmutableList.of())),
            ImmutableMap.of(CLIP, clip.parameters()));
    this.trainsScale = state.names().contains(SCALE);
    this.pass =
        new ClipPass(
            clip,
            options,
            trains(options, clip.vision().parameters()),
            trains(options, clip.text().parameters()));
    this.loop = new TrainingLoop(CLIP, "training CLIP", optimizer, Settings.none(), state);
  }

  private static boolean trains(FunctionOptions options, Parameters tower) {
    return tower.arrays().keySet().stream().anyMatch(options.trainable());
  }

  /**
   * Trains from where the run is to its last step.
   *
   * @param batches a batch for each part of each step
   * @param checkpoints when and where the run is saved
   * @param listener receives the loss ({@code "loss"}), the factor of the cosines ({@code
   *     "logitScale"}), the gradient's norm and the learning rate of each step
   * @param cancellation checked before each batch
   * @throws org.tastemaker.core.DivergedException if the loss or a gradient is NaN or infinite; the
   *     message names the step, and the weights are those before it
   * @throws java.util.concurrent.CancellationException if it was cancelled; the weights are those
   *     after the last whole step
   */
  public void run(
      BatchSource<ClipBatch> batches,
      Checkpointing checkpoints,
      RunListener listener,
      Cancellation cancellation) {
    runUntil(optimizer.steps(), batches, checkpoints, listener, cancellation);
  }

  /**
   * Trains from where the run is to a step before its last, such as to look at it after an epoch.
   *
   * @param step how many updates are to be done then, in all; at most those of the options
   * @param batches as for {@link #run}
   * @param checkpoints as for {@link #run}
   * @param listener as for {@link #run}
   * @param cancellation as for {@link #run}
   */
  public void runUntil(
      long step,
      BatchSource<ClipBatch> batches,
      Checkpointing checkpoints,
      RunListener listener,
      Cancellation cancellation) {
    if (step > optimizer.steps()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the run has %s steps, so it cannot be run until step %s",
              optimizer.steps(),
              step));
    }
    TrainingLoop.Objective objective =
        new TrainingLoop.Objective() {
          @Override
          public Map<String, Double> backward(long number, double share) {
            return ClipTrainer.this.backward(batches.batch(number), number, share);
          }

          @Override
          public void updated() {
            boundScale();
          }
        };
    loop.runOnHost(objective, step, checkpoints, listener, cancellation);
  }

  /** Adds a batch's gradient to the state. */
  private Map<String, Double> backward(ClipBatch batch, long number, double share) {
    check(batch, number);
    double scale = Math.exp(clip.logitScale().getDouble(0));
    double loss =
        pass.run(
            batch,
            share,
            new ClipPass.Gradient() {
              @Override
              public void ofTower(GraphFunction function, Map<String, INDArray> cotangents) {
                Map<String, INDArray> unused = state.backward(CLIP, function, cotangents, Set.of());
              }

              @Override
              public void ofScale(double gradient) {
                if (trainsScale) {
                  try (INDArray array = Nd4j.createFromArray((float) gradient)) { // [1]
                    state.add(SCALE, array);
                  }
                }
              }
            });
    return Map.of("loss", loss, "logitScale", scale);
  }

  private void check(ClipBatch batch, long number) {
    int side = clip.config().vision().imageSize();
    Samples images = batch.images();
    if (images.channels() != 3 || images.height() != side || images.width() != side) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "batch %s: images must be 3 x %s x %s, but are %s x %s x %s",
              number,
              side,
              side,
              images.channels(),
              images.height(),
              images.width()));
    }
    images.requireFinite("batch " + number + ": images");
    batch
        .texts()
        .forEach(
            text -> DenoisingModels.requireIds(text, "batch " + number + ": texts", clip.text()));
  }

  private void boundScale() {
    float scale = clip.logitScale().getFloat(0);
    if (trainsScale && !(scale >= 0 && scale <= LARGEST_SCALE)) {
      clip.logitScale().putScalar(0, Math.max(0, Math.min(LARGEST_SCALE, scale)));
    }
  }

  /**
   * How far the run is.
   *
   * @return how many updates have been done
   */
  public long step() {
    return state.step();
  }

  /**
   * The trained weights.
   *
   * @return the model's own arrays, by name with {@code clip/} before it
   */
  public ImmutableMap<String, INDArray> weights() {
    return state.weights();
  }

  /**
   * Writes a full checkpoint: for {@link #restore}, with the weights, the optimizer's moments, the
   * averages and the step.
   *
   * @param folder empty, as {@code RunFolder.saveCheckpoint} and {@code AtomicFiles.writeFolder}
   *     give one
   */
  public void save(Path folder) {
    loop.write(folder);
  }

  /**
   * Resumes from a checkpoint: everything is as it was when the checkpoint was written.
   *
   * @param folder of a checkpoint of the same run: same model and options. The learning rate and
   *     the bound of the gradient's norm may have changed
   * @return what has changed of these, a sentence each; empty where nothing has
   * @throws IllegalArgumentException if it is of another run, or damaged; nothing has changed then
   */
  public List<String> restore(Path folder) {
    return loop.restore(folder);
  }

  /**
   * Runs something, such as scoring images or saving the model, while the trained weights have the
   * values of their moving average.
   *
   * @param action what to run
   * @throws IllegalStateException if the run keeps no average
   */
  public void withAverages(Runnable action) {
    state.withAverages(action);
  }
}
