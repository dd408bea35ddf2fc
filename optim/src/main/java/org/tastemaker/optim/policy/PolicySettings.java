package org.tastemaker.optim.policy;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.NoiseSchedule;

/** What two policies must have in common for one to resume the other. */
final class PolicySettings {
  private PolicySettings() {}

  static Settings of(
      LatentDiffusion model,
      @Nullable Lora lora,
      String frozenSum,
      Record options,
      RateSchedule schedule) {
    NoiseSchedule noise = NoiseSchedule.of(model.components().scheduler());
    // How many images are sampled together changes none of them. A size of 0 is the model's own.
    // Scaled guidance is refused, and earlier settings do not have it, nor a schedule.
    Settings training = Settings.of(options, "schedule");
    if (!schedule.equals(RateSchedule.constant())) {
      training = training.with("schedule", schedule);
    }
    if (!model.adapted().isAll()) { // nor a range
      training = training.with("adapted", model.adapted());
    }
    if (lora != null && scales(lora).distinct().count() > 1) {
      training = training.with("scales", scales(lora).toList()); // which layer has which
    }
    return Settings.of(model.options(), "batchSize", "height", "width", "guidanceRescale")
        .with("imageSize", ImageSize.of(model))
        .with("latentChannels", model.latentShape().channels())
        .with("prediction", model.components().scheduler().predictionType().key())
        .with("noiseSchedule", noise.checksum())
        .with("trained", lora == null ? "full weights" : describe(lora))
        .with("frozen", frozenSum)
        .and(training);
  }

  /** Names and shapes of a LoRA's weights are checked by themselves; its scale is not in them. */
  private static String describe(Lora lora) {
    return scales(lora).distinct().toList() + " x LoRA " + lora.name();
  }

  /** In the order of the layers. */
  private static Stream<String> scales(Lora lora) {
    return lora.modules().values().stream().map(module -> String.valueOf(module.scale()));
  }
}
