package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableList;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.diffusion.train.TrainedPart;
import org.tastemaker.diffusion.train.TrainingState;

/**
 * What a policy trains of a model: a LoRA of the U-Net, or all of the U-Net's weights.
 *
 * @param sampler a view of the model with the trained weights
 * @param frozen a view of the model without the LoRA, or null where there is no LoRA
 * @param function the U-Net's function that is differentiated by them
 * @param state of the training
 */
record TrainedWeights(
    LatentDiffusion sampler,
    @Nullable LatentDiffusion frozen,
    FunctionOptions function,
    TrainingState state) {

  static TrainedWeights of(LatentDiffusion model, @Nullable Lora lora, OptimizerOptions options) {
    if (!model.execution().adapter().equals(Adapter.NONE)) {
      throw new IllegalArgumentException(
          "the view of the model runs with an adapter of its own, which would be lost: merge it"
              + " into the weights (Lora.mergeInto) and give the view without it");
    }
    FunctionOptions plain = FunctionOptions.inference().withEngine(model.execution().engine());
    if (lora == null) {
      if (!model.adapted().isAll()) {
        throw new IllegalArgumentException(
            "the view's adapter is active in "
                + model.adapted()
                + " of the denoising, but all weights are trained, which are active everywhere:"
                + " train a LoRA, or give the view without a range");
      }
      TrainedPart all = new TrainedPart(plain.withTrainable(name -> true), ImmutableList.of());
      return new TrainedWeights(model.with(plain), null, all.options(), state(model, all, options));
    }
    if (lora.network() != LoraNetwork.UNET) {
      throw new IllegalArgumentException(
          "the policy is the U-Net, but LoRA \"" + lora.name() + "\" adapts the " + lora.network());
    }
    lora.requireFits(model.components().unet().parameters());
    FunctionOptions adapted = plain.withAdapter(lora);
    TrainedPart part =
        new TrainedPart(
            adapted.withTrainable(lora.trainable()), ImmutableList.of(lora.parameters()));
    return new TrainedWeights(
        model.with(adapted), model.with(plain), part.options(), state(model, part, options));
  }

  private static TrainingState state(
      LatentDiffusion model, TrainedPart part, OptimizerOptions options) {
    return new TrainingState(
        options,
        Map.of(PolicyNetwork.UNET, part),
        Map.of(PolicyNetwork.UNET, model.components().unet().parameters()));
  }
}
