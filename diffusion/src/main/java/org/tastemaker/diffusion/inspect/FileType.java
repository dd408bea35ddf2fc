package org.tastemaker.diffusion.inspect;

/** What a file or folder is. */
public enum FileType {
  /** A model's folder in the diffusers layout, or one in the cache of Hugging Face's programs. */
  MODEL_FOLDER("LatentDiffusion.load(folder)"),
  /** A model in a single file, with the names of CompVis. */
  CHECKPOINT("LatentDiffusion.load(file)"),
  /** One network of a model in the diffusers layout, such as unet/. */
  NETWORK_FOLDER("UNet2DConditionModel.load(folder) and its like"),
  /** One network in a single file. */
  NETWORK(""),
  /** A CLIP model, for scores of images. */
  CLIP("ClipFile.load(path)"),
  /** A LoRA, or another adapter of weights. */
  LORA("LoraFile.read(path, name, model.components().loraNetworks())"),
  /** A word that textual inversion has learned. */
  TEXTUAL_INVERSION("model.with(TextualInversion.read(file))"),
  /** A tokenizer's folder. */
  TOKENIZER("ClipTokenizer.load(folder)"),
  /** A folder with the settings of a scheduler. */
  SCHEDULER("SchedulerConfig.read(folder.resolve(\"scheduler_config.json\"))"),
  /** A diffusion transformer: Stable Diffusion 3, FLUX and others. */
  TRANSFORMER(""),
  /** A ControlNet. */
  CONTROL_NET(""),
  /** A folder of images. */
  IMAGES(""),
  /** Several models in the cache of Hugging Face's programs, or none that is named. */
  HUB_CACHE(""),
  /** A file that is damaged, or that holds no tensors that can be read. */
  UNREADABLE(""),
  /** Nothing: there is no such path. */
  MISSING(""),
  /** Something else. */
  OTHER("");

  private final String use;

  FileType(String use) {
    this.use = use;
  }

  /** What loads it; empty if nothing does. */
  String use() {
    return use;
  }
}
