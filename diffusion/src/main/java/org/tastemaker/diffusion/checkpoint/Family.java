package org.tastemaker.diffusion.checkpoint;

import com.google.common.collect.ImmutableList;
import java.util.Set;
import org.tastemaker.diffusion.schedule.PredictionType;

/** The Stable Diffusions whose checkpoints are read, by the text encoders that are in them. */
enum Family {
  FIRST("1.x", "1.5", "cond_stage_model.transformer."),
  SECOND("2.x", "2.1", "cond_stage_model.model."),
  XL("XL", "XL 1.0", "conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."),
  REFINER("XL's refiner", "XL's refiner 1.0", "conditioner.embedders.0.model.");

  private final String title;
  private final String example;
  private final ImmutableList<String> texts; // how the names of each text encoder begin

  Family(String title, String example, String... texts) {
    this.title = title;
    this.example = example;
    this.texts = ImmutableList.copyOf(texts);
  }

  /** The family of a file, by the names in it. */
  static Family of(Set<String> names) {
    for (Family family : ImmutableList.of(XL, REFINER, SECOND)) {
      boolean all =
          family.texts.stream()
              .allMatch(text -> names.stream().anyMatch(name -> name.startsWith(text)));
      if (all) {
        return family;
      }
    }
    return FIRST;
  }

  boolean isXl() {
    return this == XL || this == REFINER;
  }

  /** The text encoders, in the order in which the U-Net reads them. */
  ImmutableList<TextNames> texts() {
    return texts.stream()
        .map(
            prefix ->
                prefix.endsWith(".transformer.")
                    ? TextNames.transformers(prefix)
                    : TextNames.openClip(prefix))
        .collect(ImmutableList.toImmutableList());
  }

  /** What the U-Net predicts where nobody says it. */
  PredictionType usualPrediction() {
    return this == SECOND ? PredictionType.V_PREDICTION : PredictionType.EPSILON;
  }

  /** The side of the images that it was made for, in pixels. */
  int pixels(PredictionType prediction) {
    if (isXl()) {
      return 1024;
    }
    return this == SECOND && prediction == PredictionType.V_PREDICTION ? 768 : 512;
  }

  /** What its latents are multiplied by. */
  double scalingFactor() {
    return isXl() ? 0.13025 : 0.18215;
  }

  /** Its name in the metadata of such files (ModelSpec of Stability AI). */
  String architecture(PredictionType prediction) {
    return switch (this) {
      case FIRST -> "stable-diffusion-v1";
      case SECOND ->
          prediction == PredictionType.V_PREDICTION
              ? "stable-diffusion-v2-768-v"
              : "stable-diffusion-v2-512";
      case XL -> "stable-diffusion-xl-v1-base";
      case REFINER -> "stable-diffusion-xl-v1-refiner";
    };
  }

  /** A model of it. */
  String example() {
    return example;
  }

  @Override
  public String toString() {
    return title;
  }
}
