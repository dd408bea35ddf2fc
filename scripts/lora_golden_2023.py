#!/usr/bin/env python3
"""Writes a LoRA with diffusers of March 2023, as ddpo-pytorch does, and what the U-Net makes of its
test input with it.

Needs Python with torch, diffusers 0.14 and safetensors:

    python3 scripts/lora_golden_2023.py diffusion/src/test/resources/goldens/unet_tiny \\
        diffusion/src/test/resources/goldens/lora_2023
"""
import pathlib
import sys

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.cross_attention import LoRACrossAttnProcessor
from safetensors.torch import load_file, save_file


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    source, out = map(pathlib.Path, sys.argv[1:])
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    unet = UNet2DConditionModel.from_pretrained(source).eval()
    processors = {}
    for name in unet.attn_processors:
        attention = unet.get_submodule(name.rsplit(".processor", 1)[0])
        inner = attention.to_q.in_features
        text = attention.to_k.in_features
        processors[name] = LoRACrossAttnProcessor(
            hidden_size=inner, cross_attention_dim=None if text == inner else text, rank=2)
        for parameter in processors[name].parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape))
    unet.set_attn_processor(processors)
    unet.save_attn_procs(out)
    given = load_file(str(source / "io.safetensors"))
    result = unet(given["sample"], given["timestep"], given["encoder_hidden_states"]).sample
    save_file({"out": result.contiguous()}, str(out / "io.safetensors"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
