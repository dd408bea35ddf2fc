package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;

/** The networks of a pipeline that a LoRA file can adapt. */
public enum LoraNetwork {
  /** The denoising U-Net. */
  UNET("unet", "the U-Net", "lora_unet_"),
  /** The CLIP text encoder, or the first of two. */
  TEXT_ENCODER("text_encoder", "the text encoder", "lora_te_", "lora_te1_"),
  /** The second text encoder, as Stable Diffusion XL has it. */
  TEXT_ENCODER_2("text_encoder_2", "a second text encoder (Stable Diffusion XL)", "lora_te2_");

  private static final String TEXT_MODEL = "text_model.";
  private static final String TEXT_PROJECTION = "text_projection";

  private final String prefix;
  private final String words;
  private final ImmutableList<String> kohyaPrefixes;

  LoraNetwork(String prefix, String words, String... kohyaPrefixes) {
    this.prefix = prefix;
    this.words = words;
    this.kohyaPrefixes = ImmutableList.copyOf(kohyaPrefixes);
  }

  /**
   * The network's name in a pipeline, and in PEFT keys.
   *
   * @return without the dot that follows it
   */
  public String prefix() {
    return prefix;
  }

  /** As it is called in a sentence. */
  String words() {
    return words;
  }

  /** What kohya keys of the network begin with. */
  ImmutableList<String> kohyaPrefixes() {
    return kohyaPrefixes;
  }

  /** A module's path as files have it: there the text encoder's begin with text_model. */
  String pathInFiles(String path) {
    return this == UNET || path.startsWith(TEXT_MODEL) || path.startsWith(TEXT_PROJECTION)
        ? path
        : TEXT_MODEL + path;
  }

  /** A module's path as the files of some programs have it, without text_model. */
  String shortPathInFiles(String path) {
    return this != UNET && path.startsWith(TEXT_MODEL) ? path.substring(TEXT_MODEL.length()) : path;
  }
}
