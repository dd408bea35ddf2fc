package org.tastemaker.diffusion.checkpoint;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** Recognises files of tensors that are no checkpoint of a Stable Diffusion. */
final class OtherFiles {
  /** By a part of a tensor's name that only such files have. */
  private static final ImmutableMap<String, String> KINDS =
      ImmutableMap.<String, String>builder()
          .put("joint_blocks.", "a model of Stable Diffusion 3, a transformer and not a U-Net")
          .put("double_blocks.", "a model of FLUX, a transformer and not a U-Net")
          .put("control_model.", "a ControlNet, which is not supported")
          .put("lora_unet_", "a LoRA: load the model that it is for, and apply this to it")
          .put("lora_te", "a LoRA: load the model that it is for, and apply this to it")
          .put(".lora_A.", "a LoRA: load the model that it is for, and apply this to it")
          .put(".lora.down.", "a LoRA: load the model that it is for, and apply this to it")
          .put("string_to_param", "an embedding of textual inversion, and not a model")
          .put("emb_params", "an embedding of textual inversion, and not a model")
          .put(
              "down_blocks.0.resnets.0.conv1.weight",
              "a network of a folder in the diffusers layout: load the folder, with model_index.json")
          .buildOrThrow();

  private OtherFiles() {}

  static void refuse(Path path, Set<String> names) {
    boolean ofOurs = names.stream().anyMatch(name -> name.startsWith(UNetNames.PREFIX));
    for (Map.Entry<String, String> kind : KINDS.entrySet()) {
      boolean has = names.stream().anyMatch(name -> name.contains(kind.getKey()));
      if (has && !(ofOurs && kind.getValue().startsWith("a network"))) {
        throw new IllegalArgumentException(path + " is " + kind.getValue());
      }
    }
    if (!ofOurs) {
      throw new IllegalArgumentException(
          path
              + " is no checkpoint of Stable Diffusion: it has no tensors "
              + UNetNames.PREFIX
              + "*"
              + (names.isEmpty() ? "" : ", but " + names.iterator().next() + " and others"));
    }
  }
}
