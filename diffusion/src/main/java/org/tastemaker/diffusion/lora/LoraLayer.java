package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import org.jspecify.annotations.Nullable;

/**
 * What a file holds for one layer, checked, before its numbers are read.
 *
 * @param place the layer
 * @param module the low-rank pair, if there is one that stays a pair
 * @param pair the names of the pair's tensors
 * @param change the names of the tensors of any other change
 * @param scale of that change
 * @param rank of that change; 0 where it has none
 */
record LoraLayer(
    LoraPlace place,
    @Nullable LoraModule module,
    ImmutableMap<LoraRole, String> pair,
    ImmutableMap<LoraRole, String> change,
    double scale,
    long rank) {}
