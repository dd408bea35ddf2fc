package org.tastemaker.diffusion.checkpoint;

/** What a file of tensors holds, by the names of the tensors. */
public enum FileContents {
  /** A whole Stable Diffusion: a U-Net with the names of CompVis, and what goes with it. */
  CHECKPOINT,
  /** A diffusion transformer: Stable Diffusion 3, FLUX and others. */
  TRANSFORMER,
  /** A ControlNet. */
  CONTROL_NET,
  /** A LoRA, with the names that most of them have. */
  LORA,
  /** An embedding of textual inversion, as AUTOMATIC1111 writes it. */
  TEXTUAL_INVERSION,
  /** A CLIP model with its image tower, for scores of images. */
  CLIP,
  /** A single network of a model. */
  NETWORK,
  /** Something else. */
  OTHER
}
