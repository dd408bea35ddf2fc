package org.tastemaker.optim.policy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.NoiseSchedule;

/** The pre-trained model, to which a policy's KL is measured. */
final class PolicyReference implements AutoCloseable {
  private final LatentDiffusion policy;
  private final Map<Integer, DenoiserBatch> batches = new HashMap<>();
  private @Nullable LatentDiffusion view;
  private @Nullable UNet2DConditionModel kept;

  /** Of a given view; null for a copy of the policy's weights, when it is first asked for. */
  PolicyReference(LatentDiffusion policy, @Nullable LatentDiffusion view) {
    this.policy = policy;
    this.view = view;
  }

  /** Whether it is given, or its copy made. */
  boolean isThere() {
    return view != null;
  }

  /** The model, when the policy has done a number of updates. */
  LatentDiffusion view(long updates) {
    keep(updates);
    return Objects.requireNonNull(view);
  }

  /** Makes the copy if there is none, when the policy has done a number of updates. */
  void keep(long updates) {
    if (view != null) {
      return;
    }
    if (updates > 0) {
      throw new IllegalStateException(
          "the pre-trained weights are gone after "
              + updates
              + " updates: call keepReference() before training, or give a model of your own with"
              + " useReference");
    }
    kept = policy.components().unet().copy();
    view =
        policy.with(kept).with(FunctionOptions.inference().withEngine(policy.execution().engine()));
  }

  /** Takes another model in place of it, if it denoises the same latents. */
  void use(LatentDiffusion other) {
    List<String> problems = new ArrayList<>();
    Components own = policy.components();
    Components its = other.components();
    LatentDiffusion sized = other.with(policy.options());
    differ(problems, "images", ImageSize.of(policy), ImageSize.of(sized));
    differ(
        problems,
        "channels of latents",
        policy.latentShape().channels(),
        sized.latentShape().channels());
    differ(
        problems,
        "prediction_type",
        own.scheduler().predictionType(),
        its.scheduler().predictionType());
    differ(
        problems,
        "noise schedule",
        NoiseSchedule.of(own.scheduler()).checksum(),
        NoiseSchedule.of(its.scheduler()).checksum());
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "a reference must denoise the same latents as the policy: "
              + String.join("; ", problems));
    }
    close();
    view =
        other
            .with(policy.options())
            .with(
                FunctionOptions.inference()
                    .withEngine(other.execution().engine())
                    .withAdapter(other.execution().adapter()));
  }

  private static void differ(List<String> problems, String what, Object policy, Object reference) {
    if (!policy.equals(reference)) {
      problems.add(String.format(Locale.ROOT, "%s are %s and %s", what, policy, reference));
    }
  }

  /** Its U-Net for a number of rows, with its function. */
  DenoiserBatch batch(int rows, long updates) {
    LatentDiffusion model = view(updates);
    DenoiserBatch batch =
        batches.computeIfAbsent(
            rows, r -> new DenoiserBatch(model, model.execution(), policy.latentShape(), r));
    batch.open();
    return batch;
  }

  /** Frees the copy, if one was made. */
  @Override
  public void close() {
    batches.values().forEach(DenoiserBatch::close);
    batches.clear();
    if (kept != null) {
      kept.close();
      kept = null;
    }
    view = null;
  }
}
