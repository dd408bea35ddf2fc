#!/usr/bin/env python3
"""Opens every LoRA file that this library writes with diffusers' loader, or PEFT's folders with
PEFT, merges it there, and compares the weights with those that merging gives here.

Needs Python with torch, diffusers, transformers, peft and safetensors, and a bundle, which a
machine with a JDK writes, and which has this program in it:

    scripts/lora-bundle lora-bundle
    python3 lora-bundle/lora_check.py lora-bundle

For each file and each network of it:
1. the loader says nothing of keys that it does not know or that it misses;
2. it adapts exactly the layers that the LoRA has;
3. of the change that merging makes, at most 1e-5 is otherwise, in the norm of all weights.

transformers before 5.6 has text_model in the names of the text encoder's layers, and later ones have
not (those of a second text encoder always do). The files are written with it and without; what the
installed version does not read of that is reported and does not count, if it reads the other.
kohya's names always have it: versions of diffusers that do not take it out again read them with an
older transformers only.

The exit status is 0 only if every file passed.
"""
import argparse
import json
import logging
import pathlib
import sys

import torch
from diffusers import DiffusionPipeline, UNet2DConditionModel
from diffusers.loaders import StableDiffusionLoraLoaderMixin, StableDiffusionXLLoraLoaderMixin
from peft import PeftModel
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection

BOUND = 1e-5
CLASSES = {
    "unet": UNet2DConditionModel,
    "text_encoder": CLIPTextModel,
    "text_encoder_2": CLIPTextModelWithProjection,
}


class One(DiffusionPipeline, StableDiffusionLoraLoaderMixin):
    """The networks of Stable Diffusion that a LoRA adapts."""

    def __init__(self, unet, text_encoder):
        super().__init__()
        self.register_modules(unet=unet, text_encoder=text_encoder)


class Two(DiffusionPipeline, StableDiffusionXLLoraLoaderMixin):
    """The networks of Stable Diffusion XL that a LoRA adapts."""

    def __init__(self, unet, text_encoder, text_encoder_2):
        super().__init__()
        self.register_modules(
            unet=unet, text_encoder=text_encoder, text_encoder_2=text_encoder_2)


class Warnings(logging.Handler):
    """Keeps what is said of keys."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        text = record.getMessage()
        if "unexpected keys" in text or "missing keys" in text or "No LoRA keys" in text:
            self.texts.append(text[:300])


def plain(name):
    """A parameter's name without what PEFT and versions of transformers put into it."""
    for part in (".base_layer", "base_model.model."):
        name = name.replace(part, "")
    return name.replace("text_model.", "")


def weights(network):
    return {
        plain(name): value.detach().float().clone()  # merging is done in place
        for name, value in network.state_dict().items()
        if ".lora_" not in name
    }


def adapted(network):
    """The layers that have a LoRA."""
    return {
        plain(name.split(".lora_A.")[0]) + ".weight"
        for name in network.state_dict()
        if ".lora_A." in name
    }


def compare(before, after, layers, expected):
    """What is wrong with one network."""
    problems = []
    if layers != set(expected):
        missing = sorted(set(expected) - layers)[:3]
        surplus = sorted(layers - set(expected))[:3]
        problems.append(f"layers: without a LoRA {missing}, with one {surplus}")
    difference = change = 0.0
    for name, value in after.items():
        wanted = expected.get(name, before[name])
        difference += float(((value - wanted).double() ** 2).sum())
        change += float(((wanted - before[name]).double() ** 2).sum())
    error = (difference / change) ** 0.5 if change else float("inf")
    if not error < BOUND:
        problems.append(f"merged weights differ by {error:.2e} of the change")
    return error, problems


def check(bundle, case):
    model = bundle / case["model"]
    networks = {
        name: CLASSES[name].from_pretrained(model / name).float().eval()
        for name in case["networks"]
    }
    before = {name: weights(network) for name, network in networks.items()}
    merged = load_file(bundle / case["merged"])
    expected = {
        name: {
            plain(key[len(name) + 1:]): value
            for key, value in merged.items()
            if key.startswith(name + ".")
        }
        for name in networks
    }
    handler = Warnings()
    loggers = [logging.getLogger(name) for name in ("diffusers", "transformers", "peft")]
    for logger in loggers:
        logger.addHandler(handler)
    layers = {}
    after = {}
    try:
        path = bundle / case["file"]
        if case["format"] == "PEFT_FOLDER":
            for name, network in networks.items():
                peft = PeftModel.from_pretrained(network, path / name)
                layers[name] = adapted(peft)
                after[name] = weights(peft.merge_and_unload())
        else:
            pipeline = (Two if "text_encoder_2" in networks else One)(**networks)
            pipeline.load_lora_weights(str(path.parent), weight_name=path.name)
            layers = {name: adapted(network) for name, network in networks.items()}
            pipeline.fuse_lora()
            after = {name: weights(network) for name, network in networks.items()}
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
    problems = list(handler.texts)
    worst = 0.0
    for name in networks:
        error, wrong = compare(before[name], after[name], layers[name], expected[name])
        worst = max(worst, error)
        problems += [f"{name}: {text}" for text in wrong]
    return worst, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("bundle", type=pathlib.Path)
    bundle = parser.parse_args().bundle
    torch.set_grad_enabled(False)
    cases = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))["cases"]
    passed = {}
    for case in cases:
        try:
            worst, problems = check(bundle, case)
        except Exception as error:  # a loader's refusal is a result
            worst, problems = float("inf"), [f"{type(error).__name__}: {str(error)[:300]}"]
        # One of the two spellings of a text encoder's names is enough.
        name = case["file"].replace("-short", "")
        passed[name] = passed.get(name, False) or not problems
        print(f"{'ok' if not problems else 'NOT'} {case['file']} {worst:.1e}")
        for problem in problems:
            print(f"    {problem}")
    failed = [name for name, ok in passed.items() if not ok]
    print(f"{len(passed) - len(failed)} of {len(passed)} files and folders passed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
