package org.tastemaker.optim.policy;

import com.google.common.primitives.Longs;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.NoiseSchedule;

/** What two policies must have in common for one to go on where the other was. */
final class PolicySettings {
  private PolicySettings() {}

  static Map<String, String> of(LatentDiffusion model, @Nullable Lora lora, String frozenSum) {
    SamplingOptions o = model.options();
    NoiseSchedule noise = NoiseSchedule.of(model.components().scheduler());
    Map<String, String> settings = new TreeMap<>();
    settings.put("steps", String.valueOf(o.steps()));
    settings.put("guidanceScale", String.valueOf(o.guidanceScale()));
    settings.put("eta", String.valueOf(o.eta()));
    settings.put("clipSkip", String.valueOf(o.clipSkip()));
    settings.put("reduction", o.reduction().name());
    settings.put("latents", model.latentShape().toString());
    settings.put("prediction", model.components().scheduler().predictionType().key());
    settings.put("noiseSchedule", noiseSum(noise));
    settings.put("trained", lora == null ? "full weights" : describe(lora));
    settings.put("frozen", frozenSum);
    return settings;
  }

  /** Names and shapes of a LoRA's weights are checked by themselves; its scale is not in them. */
  private static String describe(Lora lora) {
    return lora.modules().values().stream().map(m -> String.valueOf(m.scale())).distinct().toList()
        + " x LoRA "
        + lora.name();
  }

  /** Tells noise schedules apart. */
  static String noiseSum(NoiseSchedule noise) {
    CRC32C sum = new CRC32C();
    for (int t = 0; t < noise.trainSteps(); t++) {
      sum.update(Longs.toByteArray(Double.doubleToLongBits(noise.alphaCumprod(t))));
    }
    return "%d levels, %08x".formatted(noise.trainSteps(), sum.getValue());
  }
}
