#!/usr/bin/env python3
"""Writes adapters with PEFT and with LyCORIS, and the weights that they make of a small U-Net's:
what the tests of the LoRA dialects compare with.

Needs Python with torch, diffusers, transformers, peft 0.16 or newer, safetensors and lycoris-lora:

    python3 scripts/lora_goldens.py diffusion/src/test/resources/goldens/unet_tiny \\
        diffusion/src/test/resources/goldens/lora

Each folder holds what the library wrote, and merged.safetensors with every weight and bias that
changes.
"""
import pathlib
import sys

import torch
from diffusers import UNet2DConditionModel
from lycoris.modules.full import FullModule
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from lycoris.modules.norms import NormModule
from peft import LoHaConfig, LoKrConfig, LoraConfig, get_peft_model
from safetensors.torch import save_file

MIDDLE = "mid_block.attentions.0.transformer_blocks.0."
LINEAR = [MIDDLE + "attn1.to_q", MIDDLE + "attn2.to_k", MIDDLE + "attn1.to_out.0"]
CONV = ["mid_block.resnets.0.conv1", "mid_block.attentions.0.proj_in"]
BOTH = LINEAR + CONV
BIASED = ["mid_block.resnets.0.time_emb_proj", "mid_block.resnets.1.conv2"]

PEFT = {
    "peft_lora": LoraConfig(
        r=2, lora_alpha=3, target_modules=BOTH, use_rslora=True,
        rank_pattern={"attn1.to_q": 3}, alpha_pattern={".*conv1": 5}),
    "peft_dora": LoraConfig(r=2, lora_alpha=3, target_modules=BOTH, use_dora=True),
    "peft_bias": LoraConfig(r=2, lora_alpha=3, target_modules=BIASED, lora_bias=True),
    "peft_loha": LoHaConfig(
        r=2, alpha=3, target_modules=BOTH, use_effective_conv2d=True,
        alpha_pattern={"attn2.to_k": 1}),
    "peft_loha_flat": LoHaConfig(r=2, alpha=3, target_modules=CONV),
    "peft_lokr": LoKrConfig(
        r=1, alpha=3, target_modules=BOTH, use_effective_conv2d=True, decompose_both=True,
        decompose_factor=2),
    "peft_lokr_whole": LoKrConfig(r=16, alpha=8, target_modules=BOTH),
}

LYCORIS = {
    "lycoris_locon": (LoConModule, dict(use_tucker=True, alpha=1), BOTH),
    "lycoris_dora": (LoConModule, dict(use_tucker=True, alpha=1, weight_decompose=True), BOTH),
    "lycoris_dora_of_inputs": (
        LoConModule, dict(alpha=1, weight_decompose=True, wd_on_out=False),
        [MIDDLE + "attn2.to_k", "mid_block.resnets.0.conv1"]),
    "lycoris_loha": (LohaModule, dict(alpha=1), BOTH),
    "lycoris_loha_tucker": (LohaModule, dict(use_tucker=True, alpha=3), CONV),
    "lycoris_lokr": (LokrModule, dict(factor=2, alpha=1, lora_dim=1, decompose_both=True), BOTH),
    "lycoris_lokr_tucker": (
        LokrModule, dict(factor=2, alpha=1, lora_dim=1, use_tucker=True, weight_decompose=True),
        CONV),
    "lycoris_lokr_whole": (LokrModule, dict(factor=4, full_matrix=True), BOTH),
    "lycoris_full": (FullModule, dict(), LINEAR + BIASED),
    "lycoris_norm": (NormModule, dict(), ["mid_block.resnets.0.norm1", MIDDLE + "norm2"]),
}


def randomize(name, tensor):
    """Lengths of rows stay near what they are; all others are noise."""
    noise = torch.randn(tensor.shape)
    if "magnitude" in name or "dora_scale" in name:
        tensor.copy_(tensor * (1 + 0.2 * noise))
    else:
        tensor.copy_(0.3 * noise)


def changed(before, after, names):
    weights = {}
    for name in names:
        for kind in ("weight", "bias"):
            key = f"{name}.{kind}"
            if key in after and not torch.equal(after[key], before[key]):
                weights[key] = after[key].detach().clone()
    return weights


def peft(unet_folder, folder, config):
    unet = UNet2DConditionModel.from_pretrained(unet_folder).eval()
    before = {name: value.clone() for name, value in unet.state_dict().items()}
    model = get_peft_model(unet, config)
    for name, value in model.named_parameters():
        if any(part in name for part in ("lora_", "hada_", "lokr_")):
            randomize(name, value)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    after = model.merge_and_unload().state_dict()
    save_file(changed(before, after, config.target_modules), folder / "merged.safetensors")


def effect(module, layer):
    """The weight and the bias as the module's own forward pass has them."""
    if isinstance(module, FullModule):
        weight, bias = module.get_diff_weight()
        return layer.weight + weight, None if bias is None else layer.bias + bias
    if isinstance(module, NormModule):
        return module.make_weight()
    base = layer.weight.detach()
    if isinstance(module, LoConModule):
        change = module.make_weight() * module.scale
    else:
        change = module.get_weight(module.shape) * module.scalar
    new = base + change
    return (module.apply_weight_decompose(new, 1) if module.wd else new), None


def lycoris(unet_folder, folder, kind, settings, names):
    unet = UNet2DConditionModel.from_pretrained(unet_folder).eval()
    tensors = {}
    merged = {}
    for name in names:
        layer = unet.get_submodule(name)
        flat = "lora_unet_" + name.replace(".", "_")
        arguments = dict(settings)
        if kind is not NormModule:
            arguments.setdefault("lora_dim", 2)
        module = kind(flat, layer, 1.0, **arguments)
        for parameter, value in module.named_parameters():
            randomize(parameter, value)
        state = module.custom_state_dict()
        if state is None:
            state = dict(module.named_parameters())
        elif kind is FullModule:  # before it is applied, its parameters are the differences
            state = {"diff": module.weight, "diff_b": module.bias}
        for key, value in state.items():
            if value is not None:
                tensors[f"{flat}.{key}"] = value.detach().clone()
        weight, bias = effect(module, layer)
        merged[name + ".weight"] = weight.detach().clone()
        if bias is not None:
            merged[name + ".bias"] = bias.detach().clone()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "lycoris.safetensors")
    save_file(merged, folder / "merged.safetensors")


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    unet, out = map(pathlib.Path, sys.argv[1:])
    torch.set_grad_enabled(False)
    for index, (name, config) in enumerate(PEFT.items()):
        torch.manual_seed(index)
        peft(unet, out / name, config)
    for index, (name, (kind, settings, names)) in enumerate(LYCORIS.items()):
        torch.manual_seed(100 + index)
        lycoris(unet, out / name, kind, settings, names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
