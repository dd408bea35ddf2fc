package org.tastemaker.diffusion.checkpoint;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** Recognises files of tensors that are no checkpoint of a Stable Diffusion. */
final class OtherFiles {
  /**
   * What a file is.
   *
   * @param contents by kind
   * @param words for a message; empty for a checkpoint and for what is not known
   */
  record Found(FileContents contents, String words) {}

  private static final String LORA = "a LoRA: load the model that it is for, and apply this to it";
  private static final String FLUX = "a model of FLUX, a transformer and not a U-Net";
  private static final String THIRD =
      "a model of Stable Diffusion 3, a transformer and not a U-Net";
  private static final String CONTROL = "a ControlNet, which is not supported";
  private static final String INVERSION = "an embedding of textual inversion, and not a model";
  private static final String CLIP =
      "a CLIP model, which scores images and makes none: load it with ClipFile.load";
  private static final String PART =
      "a network of a folder in the diffusers layout: load the folder, with model_index.json";
  private static final String ALONE = ", and not a whole model: load one that has a U-Net too";

  /** By a part of a tensor's name that only such files have. */
  private static final ImmutableMap<String, Found> KINDS =
      ImmutableMap.<String, Found>builder()
          .put("joint_blocks.", new Found(FileContents.TRANSFORMER, THIRD))
          .put("attn.add_k_proj.", new Found(FileContents.TRANSFORMER, THIRD))
          .put("double_blocks.", new Found(FileContents.TRANSFORMER, FLUX))
          .put("single_transformer_blocks.", new Found(FileContents.TRANSFORMER, FLUX))
          .put("control_model.", new Found(FileContents.CONTROL_NET, CONTROL))
          .put("controlnet_cond_embedding.", new Found(FileContents.CONTROL_NET, CONTROL))
          .put("lora_unet_", new Found(FileContents.LORA, LORA))
          .put("lora_te", new Found(FileContents.LORA, LORA))
          .put(".lora_A.", new Found(FileContents.LORA, LORA))
          .put(".lora.down.", new Found(FileContents.LORA, LORA))
          .put("string_to_param", new Found(FileContents.TEXTUAL_INVERSION, INVERSION))
          .put("emb_params", new Found(FileContents.TEXTUAL_INVERSION, INVERSION))
          .put("vision_model.embeddings.class_embedding", new Found(FileContents.CLIP, CLIP))
          .put("visual.class_embedding", new Found(FileContents.CLIP, CLIP))
          .put("down_blocks.0.resnets.0.conv1.weight", new Found(FileContents.NETWORK, PART))
          .put(
              "decoder.mid.block_1.conv1.weight",
              new Found(FileContents.NETWORK, "an autoencoder" + ALONE))
          .put(
              "text_model.encoder.layers.0.self_attn.q_proj.weight",
              new Found(FileContents.NETWORK, "a text encoder" + ALONE))
          .buildOrThrow();

  /** What may be a part of a whole checkpoint too. */
  private static final Set<FileContents> PARTS = Set.of(FileContents.NETWORK, FileContents.CLIP);

  private OtherFiles() {}

  /** What a file is, by the names of its tensors. */
  static Found of(Set<String> names) {
    boolean ofOurs = names.stream().anyMatch(name -> name.startsWith(UNetNames.PREFIX));
    for (Map.Entry<String, Found> kind : KINDS.entrySet()) {
      boolean has = names.stream().anyMatch(name -> name.contains(kind.getKey()));
      // A whole checkpoint holds networks.
      if (has && !(ofOurs && PARTS.contains(kind.getValue().contents()))) {
        return kind.getValue();
      }
    }
    return new Found(ofOurs ? FileContents.CHECKPOINT : FileContents.OTHER, "");
  }

  static void refuse(Path path, Set<String> names) {
    Found found = of(names);
    if (!found.words().isEmpty()) {
      throw new IllegalArgumentException(path + " is " + found.words());
    }
    if (found.contents() != FileContents.CHECKPOINT) {
      throw new IllegalArgumentException(
          path
              + " is no checkpoint of Stable Diffusion: it has no tensors "
              + UNetNames.PREFIX
              + "*"
              + (names.isEmpty() ? "" : ", but " + names.iterator().next() + " and others"));
    }
  }
}
