package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;

/**
 * What a LoRA's file held.
 *
 * @param loras a LoRA for each network that the file adapts
 * @param embeddings the embeddings of new tokens that are bundled with it, which belong to no
 *     network's layer: the names of the file's tensors, by the word that stands for them
 */
public record LoraContents(
    ImmutableMap<LoraNetwork, Lora> loras, ImmutableMap<String, ImmutableList<String>> embeddings)
    implements AutoCloseable {
  /** Closes every LoRA. */
  @Override
  public void close() {
    loras.values().forEach(Lora::close);
  }
}
