package org.tastemaker.diffusion.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.files.MissingPath;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.weights.HalvesInMemory;
import org.tastemaker.diffusion.weights.TensorFile;
import org.tastemaker.diffusion.weights.TensorFiles;

/**
 * Reads CLIP models in the layouts that people have.
 *
 * <table class="striped">
 * <caption>What is read</caption>
 * <thead><tr><th>what</th><th>such as</th></tr></thead>
 * <tbody>
 * <tr><td>a folder of transformers' CLIPModel</td><td>openai/clip-vit-large-patch14,
 *     yuvalkirstain/PickScore_v1, adams-story/HPSv2-hf</td></tr>
 * <tr><td>a folder of OpenCLIP</td><td>open_clip_config.json with open_clip_model.safetensors or
 *     open_clip_pytorch_model.bin</td></tr>
 * <tr><td>a file with the names of either, safetensors or PyTorch's</td><td>{@code
 *     HPS_v2.1_compressed.pt}; weights may stand in {@code state_dict}, and all names behind
 *     something such as {@code module.}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>A file of PyTorch is read by a reader that makes tensors and nothing else ({@link
 * TensorFiles}). A tensor that is no parameter of the model is an error, and not left out: a score
 * from half of a model looks like a score. Not read are CLIP models with a ResNet, those of timm
 * (SigLIP, EVA), and OpenAI's own {@code ViT-L-14.pt}, which is a program; the same weights are in
 * the folder of transformers.
 */
public final class ClipFile {
  private static final List<String> OPEN_CLIP =
      List.of(
          "open_clip_model.safetensors",
          "open_clip_pytorch_model.safetensors",
          "open_clip_pytorch_model.bin");
  private static final List<String> TRANSFORMERS =
      List.of(
          "model.safetensors",
          "model.safetensors.index.json",
          "pytorch_model.bin",
          "pytorch_model.bin.index.json");

  private ClipFile() {}

  /**
   * Reads a model.
   *
   * @param path of a file or folder
   * @return the model, in FLOAT, to be closed
   * @throws IllegalArgumentException if it is something else, or does not say enough of itself; the
   *     message says what to do
   */
  public static ClipModel load(Path path) {
    return load(path, ClipFileOptions.defaults());
  }

  /**
   * Reads a model that does not say everything of itself.
   *
   * @param path of a file or folder
   * @param options what is known of it
   * @return the model, computing in FLOAT, to be closed
   * @throws IllegalArgumentException if it is something else, or does not say enough of itself; the
   *     message says what to do
   */
  public static ClipModel load(Path path, ClipFileOptions options) {
    Optional<Path> file = file(path);
    if (file.isEmpty()) {
      return ClipModel.load(path, options.variant(), options.halfInMemory());
    }
    try (TensorFile stored = TensorFiles.open(file.get())) {
      TensorFile tensors = options.halfInMemory() ? new HalvesInMemory(stored) : stored;
      ClipNames names = names(stored);
      ClipConfig config = config(stored, names, options);
      try (ClipPart part = new ClipPart(tensors, ClipModel.names(config), names)) {
        return ClipModel.read(config, part);
      }
    }
  }

  /**
   * Checks that a model can be read, by its configuration and the header of its weights: what
   * {@link #load(Path, ClipFileOptions)} would find out, but for damaged numbers.
   *
   * @param path of a file or folder
   * @param options what is known of it
   * @return the configuration
   * @throws IllegalArgumentException if it is something else, or does not say enough of itself; the
   *     message says what to do
   */
  public static ClipConfig check(Path path, ClipFileOptions options) {
    Optional<Path> file = file(path);
    if (file.isEmpty()) {
      return ClipModel.check(path, options.variant());
    }
    try (TensorFile stored = TensorFiles.open(file.get())) {
      ClipNames names = names(stored);
      ClipConfig config = config(stored, names, options);
      try (ClipPart part = new ClipPart(stored, ClipModel.names(config), names)) {
        ClipModel.check(config, part);
      }
      return config;
    }
  }

  /** The one file to read; empty for a folder of transformers. */
  private static Optional<Path> file(Path path) {
    MissingPath.require(path);
    if (!Files.isDirectory(path)) {
      return Optional.of(path);
    }
    FolderBounds folder = FolderBounds.of(path);
    boolean transformers =
        TRANSFORMERS.stream().anyMatch(name -> Files.isRegularFile(folder.resolve(name)));
    return transformers
        ? Optional.empty()
        : OPEN_CLIP.stream().map(folder::resolve).filter(Files::isRegularFile).findFirst();
  }

  private static ClipNames names(TensorFile file) {
    return ClipNames.of(file.names())
        .orElseThrow(() -> new IllegalArgumentException(refusal(file)));
  }

  private static ClipConfig config(TensorFile file, ClipNames names, ClipFileOptions options) {
    return options
        .config()
        .or(() -> beside(file.path()))
        .orElseGet(
            () -> new ClipSizes(file, names, openClip(file.path())).config(options.activation()));
  }

  private static Optional<OpenClipConfig> openClip(Path file) {
    Path config = file.resolveSibling(OpenClipConfig.NAME);
    return Files.isRegularFile(config)
        ? Optional.of(OpenClipConfig.read(config))
        : Optional.empty();
  }

  /** Transformers' configuration, where there is one of a CLIP model beside the file. */
  private static Optional<ClipConfig> beside(Path file) {
    Path config = file.resolveSibling("config.json");
    boolean clip =
        Files.isRegularFile(config)
            && "clip"
                .equals(Json.readObject(config, JsonLimits.configuration()).value("model_type"));
    return clip ? Optional.of(ClipConfig.read(config)) : Optional.empty();
  }

  private static String refusal(TensorFile file) {
    String what =
        "it has no image tower of OpenCLIP (visual.class_embedding) or transformers"
            + " (vision_model.embeddings.class_embedding)";
    if (file.names().stream().anyMatch(name -> name.contains("visual.attnpool."))) {
      what = "its image tower is a ResNet, which is not supported; take one with a ViT";
    } else if (file.names().stream().anyMatch(name -> name.contains("visual.trunk."))) {
      what = "its image tower is timm's, which is not supported; take one with OpenCLIP's ViT";
    } else if (file.names().stream().anyMatch(name -> name.startsWith("layers.0."))) {
      what = "it may be the head of an aesthetic score: load the CLIP model that it was trained on";
    }
    return String.format(
        Locale.ROOT,
        "%s is no CLIP model that can be read: %s%s",
        file.path(),
        what,
        file.names().isEmpty() ? "" : "; its first tensor is " + file.names().iterator().next());
  }
}
