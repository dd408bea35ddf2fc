package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import org.tastemaker.diffusion.schedule.DenoisingRange;

/**
 * What a LoRA's file held.
 *
 * @param loras a LoRA for each network that the file adapts
 * @param embeddings the embeddings of new tokens that are bundled with it, which belong to no
 *     network's layer: the names of the file's tensors, by the word that stands for them
 * @param adapted where the LoRAs are meant to be active, for the model's view: all of the denoising
 *     unless the file says otherwise
 */
public record LoraContents(
    ImmutableMap<LoraNetwork, Lora> loras,
    ImmutableMap<String, ImmutableList<String>> embeddings,
    DenoisingRange adapted)
    implements AutoCloseable {
  /** Closes every LoRA. */
  @Override
  public void close() {
    loras.values().forEach(Lora::close);
  }
}
