package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableMap;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.condition.Condition;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.NoiseSchedule;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.diffusion.train.TrainingState;

/**
 * A policy's U-Net as the evaluations of this package run it: with its trained weights forward and
 * backward, without its adapter, and beside it the reference. Gradients are added to the training
 * state.
 */
final class PolicyNetwork implements AutoCloseable {
  /** The U-Net's name in the training state. */
  static final String UNET = "unet";

  private final LatentDiffusion model;
  private final FunctionOptions trained;
  private final boolean adapted;
  private final TrainingState state;
  private final ImmutableMap<String, FloatBuffer> parameters;
  private @Nullable Conditions conditions; // of the latest evaluation
  private final Map<Integer, DenoiserBatch> batches = new HashMap<>();
  private final Map<Integer, DenoiserBatch> linked = new HashMap<>();
  private final NoiseSchedule noise;
  private final PolicyReference reference;
  private boolean hasGradient;
  private @Nullable DenoiserBatch inactive; // the latest that went backward and added nothing
  private boolean otherReference;
  private @Nullable GradientSource source;

  /**
   * The network of a policy.
   *
   * @param model the view that says how to sample
   * @param trained of the U-Net's function
   * @param frozen the model without the adapter, or null where there is no adapter
   * @param state what is trained
   */
  PolicyNetwork(
      LatentDiffusion model,
      FunctionOptions trained,
      @Nullable LatentDiffusion frozen,
      TrainingState state) {
    this.model = model;
    this.trained = trained;
    this.adapted = frozen != null;
    this.state = state;
    ImmutableMap.Builder<String, FloatBuffer> views = ImmutableMap.builder();
    state.weights().forEach((name, array) -> views.put(name, FloatBuffers.of(array)));
    this.parameters = views.buildOrThrow();
    this.noise = NoiseSchedule.of(model.components().scheduler());
    this.reference = new PolicyReference(model, frozen);
  }

  LatentDiffusion model() {
    return model;
  }

  /** The trained weights by name, views of the weights themselves. */
  ImmutableMap<String, FloatBuffer> parameters() {
    return parameters;
  }

  /** Texts as conditions, for an evaluation that begins: room for so many is reserved. */
  Conditions conditions(int texts) {
    conditions = model.conditions(texts);
    return conditions;
  }

  /** A text as a condition, from those of the latest evaluation where it is among them. */
  Condition condition(String text) {
    Conditions latest = conditions == null ? conditions(0) : conditions;
    return latest.of(text);
  }

  NoiseSchedule noiseSchedule() {
    return noise;
  }

  /**
   * The denoising steps, each a Gaussian policy.
   *
   * @throws IllegalStateException if a step is deterministic (eta 0), and so without a likelihood
   */
  SamplingRun denoisingSteps() {
    return model.denoisingSteps();
  }

  /** Those of them in which what is trained is active. */
  StepWindow activeSteps() {
    return model.adapted().steps(denoisingSteps(), noise.trainSteps());
  }

  // ---- The trained network

  /** The trained U-Net for a number of rows, with its function. */
  DenoiserBatch batch(int rows) {
    DenoiserBatch batch =
        batches.computeIfAbsent(
            rows, r -> new DenoiserBatch(model, trained, model.latentShape(), r));
    batch.open();
    return batch;
  }

  /** The same, whose backward pass gives the gradient of the latents too. */
  DenoiserBatch linkedBatch(int rows) {
    FunctionOptions withLatents = trained.withInputGradients(Set.of(UNet2DConditionModel.SAMPLE));
    DenoiserBatch batch =
        linked.computeIfAbsent(
            rows, r -> new DenoiserBatch(model, withLatents, model.latentShape(), r));
    batch.open();
    return batch;
  }

  /** Discards the gradient. */
  void begin() {
    state.begin();
    hasGradient = false;
    inactive = null;
  }

  /** Runs a batch backward, and adds its gradient. */
  void backward(DenoiserBatch batch) {
    Map<String, INDArray> unused = backwardToInputs(batch);
  }

  /** The same, with the gradient of the inputs that its function names. */
  Map<String, INDArray> backwardToInputs(DenoiserBatch batch) {
    if (batch.active() == 0) {
      inactive = batch;
    } else {
      hasGradient = true;
    }
    return batch.backward(state);
  }

  /**
   * Whether something was added since {@link #begin}. If that were only rows on which the adapter
   * does not act, it is 0.
   */
  boolean hasGradient() {
    if (!hasGradient && inactive != null) {
      inactive.backwardZeros(state);
      hasGradient = true;
    }
    return hasGradient;
  }

  // ---- Gradients from elsewhere

  /** Null where they are computed here. */
  @Nullable GradientSource gradientSource() {
    return source;
  }

  void computeGradientsBy(GradientSource elsewhere) {
    if (!adapted) {
      throw new IllegalArgumentException(
          "only a LoRA's gradient is computed elsewhere, but all weights are trained");
    }
    source = elsewhere;
  }

  /** Adds a gradient, as {@link #backward} does. */
  void addGradient(Map<String, FloatBuffer> gradient) {
    gradient.forEach(state::add);
    hasGradient = true;
  }

  /** What runs elsewhere knows the policy without its adapter only. */
  void requireOwnReference() {
    if (!isItsOwnReference()) {
      throw new IllegalStateException(
          "gradients are computed elsewhere, where the reference is the policy without its LoRA,"
              + " but useReference gave another: train on one machine, or without it");
    }
  }

  // ---- What it is compared with

  /** The pre-trained model; with full weights a copy, made at the first call. */
  LatentDiffusion reference() {
    return reference.view(state.step());
  }

  void keepReference() {
    reference.keep(state.step());
  }

  void useReference(LatentDiffusion other) {
    reference.use(other);
    otherReference = true;
  }

  /** The reference's U-Net for a number of rows, with its function. */
  DenoiserBatch referenceBatch(int rows) {
    return reference.batch(rows, state.step());
  }

  /** Whether {@link #reference} can be had without a copy of the weights being made for it. */
  boolean hasReference() {
    return reference.isThere();
  }

  /** Whether {@link #reference} is the policy without its adapter. */
  boolean isItsOwnReference() {
    return adapted && !otherReference;
  }

  /** Runs something while the adapter is all zeros, and so not there. */
  void withoutAdapter(Runnable action) {
    state.asZeros(action);
  }

  /** Frees what was made; the model and the adapter stay. */
  @Override
  public void close() {
    for (Map<Integer, DenoiserBatch> all : List.of(batches, linked)) {
      all.values().forEach(DenoiserBatch::close);
      all.clear();
    }
    reference.close();
  }
}
