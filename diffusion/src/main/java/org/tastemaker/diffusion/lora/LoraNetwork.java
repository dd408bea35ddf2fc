package org.tastemaker.diffusion.lora;

/** The networks of a pipeline that a LoRA file can adapt. */
public enum LoraNetwork {
  /** The denoising U-Net. */
  UNET("unet", "lora_unet_"),
  /** The CLIP text encoder. */
  TEXT_ENCODER("text_encoder", "lora_te_");

  private static final String TEXT_MODEL = "text_model.";

  private final String prefix;
  private final String kohyaPrefix;

  LoraNetwork(String prefix, String kohyaPrefix) {
    this.prefix = prefix;
    this.kohyaPrefix = kohyaPrefix;
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
    return this == UNET ? "U-Net" : "text encoder";
  }

  /** What kohya keys of the network begin with, where this library writes them. */
  String kohyaPrefix() {
    return kohyaPrefix;
  }

  /** A module's path as files have it: there the text encoder's begin with text_model. */
  String pathInFiles(String path) {
    return this == TEXT_ENCODER && !path.startsWith(TEXT_MODEL) ? TEXT_MODEL + path : path;
  }

  /** A module's path as the files of some programs have it, without text_model. */
  String shortPathInFiles(String path) {
    return this == TEXT_ENCODER && path.startsWith(TEXT_MODEL)
        ? path.substring(TEXT_MODEL.length())
        : path;
  }
}
