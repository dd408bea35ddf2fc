#!/usr/bin/env python3
"""DDPO as ddpo-pytorch does it, with PyTorch and diffusers: the other side of a learning curve.

Needs Python 3.9, torch, diffusers, transformers and safetensors (pip install torch diffusers
transformers safetensors). It is started by the program that has our side, which also scores its images:

    ./mvnw -q -pl examples -am compile exec:java \\
        -Dexec.mainClass=org.tastemaker.examples.methods.DdpoCurves -Dexec.args="--python python3"

    python3 scripts/ddpo_curve.py check FOLDER    compares one rollout and two updates with ours
    python3 scripts/ddpo_curve.py train FOLDER    trains, a round whenever it is its turn

The algorithm is the one of Black et al. (2023) in ddpo-pytorch's form: DDIM steps with eta 1 whose
log-probability is a mean over the latent's elements, guidance in sampling and training alike, rewards
standardised by the latest ones of their prompt, clipped ratios of single steps, each image's steps in
an order of its own, LoRA on attention, AdamW.

Files in FOLDER, each written under another name and then renamed:

    task.json                  prompts, model and hyper-parameters               theirs: read
    lora.safetensors           the adapter to begin with
    noise.safetensors          [T + 1, N, C, h, w] of the held-out images
    turn.json                  up to which round to go on
    NAME.safetensors           images [N, 3, H, W] in [0, 1] to be scored         ours: written
    NAME.json                  the scores of NAME.safetensors                     theirs: read
    checkpoint.pt, curve.jsonl after each round                                   ours: written
"""
import argparse
import collections
import json
import math
import os
import sys
import time

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTokenizer

PAUSE = 0.05
# Of the difference of a latent after one step, and of a log-probability; float32 on both sides.
BOUND = 1e-4
# Of the direction in which two updates move the adapter; AdamW divides small gradients by themselves.
DIRECTION = 0.999

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


# ---- Files


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def replace(path, write):
    write(path + ".tmp")
    os.replace(path + ".tmp", path)


def write_text(path, text):
    def write(to):
        with open(to, "w", encoding="utf-8") as file:
            file.write(text)

    replace(path, write)


class Exchange:
    """Asks for scores by files, and waits; ends when the program that answers has ended."""

    def __init__(self, folder):
        self.folder = folder
        self.parent = os.getppid()
        if fcntl:
            # One of an earlier run may still be in its round: it ends after that.
            self.lock = open(self.path("lock"), "w")
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    def path(self, name):
        return os.path.join(self.folder, name)

    def wait(self, ready):
        while not ready():
            if os.getppid() != self.parent:
                sys.exit("the program that scores the images has ended: start it again, and both resume")
            time.sleep(PAUSE)

    def wait_for_turn(self, number):
        def ready():
            path = self.path("turn.json")
            return os.path.exists(path) and read_json(path)["round"] >= number

        self.wait(ready)

    def ask(self, name, images):
        question, answer = self.path(name + ".safetensors"), self.path(name + ".json")
        if os.path.exists(answer):
            os.remove(answer)  # of an interrupted run
        replace(question, lambda to: save_file({"images": images.contiguous()}, to))
        self.wait(lambda: os.path.exists(answer))
        values = read_json(answer)["values"]
        if len(values) != len(images):
            sys.exit(f"{answer} must have {len(images)} values, but has {len(values)}")
        os.remove(question)
        return values


# ---- The model and its policy


class Adapted(torch.nn.Module):
    """A linear layer with a low-rank branch, which begins with given numbers."""

    def __init__(self, base, down, up):
        super().__init__()
        self.base = base
        self.down = torch.nn.Parameter(down.clone())
        self.up = torch.nn.Parameter(up.clone())

    def forward(self, x, *args, **kwargs):
        return self.base(x) + x @ self.down.T @ self.up.T


def adapt(net, tensors):
    """Puts a LoRA with diffusers' names into a U-Net; returns its parameters by those names."""
    net.requires_grad_(False)
    weights = {}
    for name in sorted(tensors):
        if not name.endswith(".lora_A.weight"):
            continue
        path = name[len("unet.") : -len(".lora_A.weight")]
        up = f"unet.{path}.lora_B.weight"
        layer = Adapted(net.get_submodule(path), tensors[name], tensors[up])
        above, _, last = path.rpartition(".")
        parent = net.get_submodule(above)
        if last.isdigit():
            parent[int(last)] = layer
        else:
            setattr(parent, last, layer)
        weights[name], weights[up] = layer.down, layer.up
    return weights


class Policy:
    def __init__(self, task, lora):
        folder = task["model"]
        self.task = task
        self.unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet").float()
        self.vae = AutoencoderKL.from_pretrained(folder, subfolder="vae").float()
        text = CLIPTextModel.from_pretrained(folder, subfolder="text_encoder").float()
        tokenizer = CLIPTokenizer.from_pretrained(folder, subfolder="tokenizer")
        self.vae.requires_grad_(False).eval()
        self.text, self.tokenizer = text.requires_grad_(False).eval(), tokenizer
        self.weights = adapt(self.unet.eval(), lora)
        schedule = DDIMScheduler.from_pretrained(folder, subfolder="scheduler")
        schedule.set_timesteps(task["steps"])
        self.times = schedule.timesteps  # [T]
        self.steps = [self.coefficients(schedule, int(t)) for t in self.times]
        side = self.unet.config.sample_size
        self.shape = (self.unet.config.in_channels, side, side)

    def coefficients(self, schedule, t):
        """Of one DDIM step with eta 1: the roots of abar_t and 1 - abar_t, and of the next, sigma."""
        before = t - schedule.config.num_train_timesteps // self.task["steps"]
        now = schedule.alphas_cumprod[t].double()
        then = schedule.alphas_cumprod[max(before, 0)].double()
        variance = (1 - then) / (1 - now) * (1 - now / then)
        numbers = (now.sqrt(), (1 - now).sqrt(), then.sqrt(), (1 - then - variance).clamp(min=0).sqrt(), variance.sqrt())
        return torch.tensor([float(n) for n in numbers])

    @torch.no_grad()
    def encode(self, texts):
        ids = self.tokenizer(
            texts,
            padding="max_length",
            max_length=self.tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return self.text(ids).last_hidden_state

    def noise(self, x, t, text, empty):
        scale = self.task["guidance"]
        if scale == 1:
            return self.unet(x, t, encoder_hidden_states=text).sample
        both = torch.cat([empty.expand(len(x), -1, -1), text])
        without, given = self.unet(torch.cat([x, x]), torch.cat([t, t]), encoder_hidden_states=both).sample.chunk(2)
        return without + scale * (given - without)

    def step(self, x, steps, text, empty):
        """The Gaussian of a step: x [B, C, h, w] at steps [B] gives its mean and deviation."""
        c = torch.stack([self.steps[i] for i in steps.tolist()]).view(len(x), 5, 1, 1, 1).unbind(1)
        e = self.noise(x, self.times[steps], text, empty)
        clean = (x - c[1] * e) / c[0]
        return c[2] * clean + c[3] * e, c[4]

    @torch.no_grad()
    def sample(self, prompts, noise=None, generator=None):
        """Images [N, 3, H, W] of N prompts, latents [N, T + 1, C, h, w], log-probabilities [N, T]."""
        images, latents, logs = [], [], []
        empty = self.encode([""])
        for first in range(0, len(prompts), self.task["batch"]):
            batch = prompts[first : first + self.task["batch"]]
            text = self.encode(batch)

            def draw(i):
                if noise is not None:
                    return noise[i, first : first + len(batch)]
                return torch.randn(len(batch), *self.shape, generator=generator)

            x = draw(0)
            chain, log = [x], []
            for i in range(len(self.times)):
                mean, deviation = self.step(x, torch.full((len(batch),), i), text, empty)
                x = mean + deviation * draw(i + 1)
                chain.append(x)
                log.append(log_probability(x, mean, deviation))
            decoded = self.vae.decode(x / self.vae.config.scaling_factor).sample
            images.append((decoded / 2 + 0.5).clamp(0, 1))
            latents.append(torch.stack(chain, 1))
            logs.append(torch.stack(log, 1))
        return torch.cat(images), torch.cat(latents), torch.cat(logs)


def log_probability(x, mean, deviation):
    log = -((x - mean) ** 2) / (2 * deviation**2) - deviation.log() - 0.5 * math.log(2 * math.pi)
    return log.mean((1, 2, 3))


# ---- The algorithm


class Statistics:
    """The latest rewards of each prompt, by which new ones are standardised."""

    def __init__(self, size, least):
        self.size, self.least, self.latest = size, least, {}

    def advantages(self, prompts, rewards):
        rewards = np.array(rewards, dtype=np.float64)
        for prompt, reward in zip(prompts, rewards):
            self.latest.setdefault(prompt, collections.deque(maxlen=self.size)).append(float(reward))
        result = np.empty_like(rewards)
        for i, prompt in enumerate(prompts):
            known = self.latest[prompt]
            base = rewards if len(known) < self.least else np.array(known)
            result[i] = (rewards[i] - base.mean()) / (base.std() + 1e-6)
        return result


class Trainer:
    def __init__(self, policy):
        task = policy.task
        self.policy, self.task = policy, task
        self.parameters = list(policy.weights.values())
        self.optimizer = torch.optim.AdamW(
            self.parameters, task["learningRate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=task["weightDecay"]
        )
        self.statistics = Statistics(task["statisticsSize"], task["statisticsLeast"])
        self.generator = torch.Generator().manual_seed(task["seed"])

    def train(self, prompts, latents, logs, rewards, updates):
        """All of a round's steps once, in some updates; returns the gradient's norm in each."""
        count, steps = logs.shape
        bound = self.task["advantageClip"]
        advantages = self.statistics.advantages(prompts, rewards).clip(-bound, bound)
        if not advantages.any():  # no image is better than another: both sides leave such a round out
            return []
        advantages = torch.tensor(advantages)
        texts, empty = self.policy.encode(prompts), self.policy.encode([""])
        order = torch.randperm(count, generator=self.generator)
        own = torch.stack([torch.randperm(steps, generator=self.generator) for _ in range(count)])
        norms = []
        for part in order.tensor_split(min(updates, count)):
            images = part.repeat(steps)
            at = own[part].T.reshape(-1)  # all images' first steps, then their second ones
            for rows, where in zip(images.split(self.task["microBatch"]), at.split(self.task["microBatch"])):
                mean, deviation = self.policy.step(latents[rows, where], where, texts[rows], empty)
                log = log_probability(latents[rows, where + 1], mean, deviation)
                ratio, a, c = torch.exp(log - logs[rows, where]), advantages[rows], self.task["clipRange"]
                loss = torch.maximum(-a * ratio, -a * ratio.clamp(1 - c, 1 + c))
                (loss.sum() / len(images)).backward()
            norms.append(float(torch.nn.utils.clip_grad_norm_(self.parameters, self.task["maxGradientNorm"])))
            self.optimizer.step()
            self.optimizer.zero_grad()
        return norms


class Stopwatch:
    def __enter__(self):
        self.wall, self.processor = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *unused):
        self.wall, self.processor = time.perf_counter() - self.wall, time.process_time() - self.processor


def held_out_prompts(task):
    return [prompt for prompt in task["prompts"] for _ in range(task["heldOutPerPrompt"])]


def train(folder):
    exchange = Exchange(folder)
    task = read_json(exchange.path("task.json"))
    policy = Policy(task, load_file(exchange.path("lora.safetensors")))
    noise = load_file(exchange.path("noise.safetensors"))["noise"]
    trainer = Trainer(policy)
    prompts = [prompt for prompt in task["prompts"] for _ in range(task["imagesPerPrompt"])]
    curve = restore(exchange.path("checkpoint.pt"), trainer)
    write_curve(exchange, curve)

    def score(number):
        images = policy.sample(held_out_prompts(task), noise=noise)[0]
        return float(np.mean(exchange.ask(f"held-out-{number:04d}", images)))

    if not curve:
        exchange.wait_for_turn(0)
        curve.append({"round": 0, "images": 0, "sampling": 0.0, "training": 0.0, "processor": 0.0, "score": score(0)})
        write_curve(exchange, curve)
    for number in range(curve[-1]["round"] + 1, task["rounds"] + 1):
        exchange.wait_for_turn(number)
        with Stopwatch() as sampling:
            images, latents, logs = policy.sample(prompts, generator=trainer.generator)
        rewards = exchange.ask(f"round-{number:04d}", images)
        with Stopwatch() as training:
            trainer.train(prompts, latents, logs, rewards, task["updates"])
        point = {
            "round": number,
            "images": number * len(prompts),
            "sampling": sampling.wall,
            "training": training.wall,
            "processor": sampling.processor + training.processor,
        }
        if number % task["scoreEvery"] == 0 or number == task["rounds"]:
            point["score"] = score(number)
        curve.append(point)
        save(exchange.path("checkpoint.pt"), trainer, curve)
        write_curve(exchange, curve)


def settings(task):
    """What a resumed run must have in common with the one that it resumes."""
    return {name: value for name, value in task.items() if name not in ("model", "rounds")}


def save(path, trainer, curve):
    state = {
        "task": settings(trainer.task),
        "lora": {name: weight.detach() for name, weight in trainer.policy.weights.items()},
        "optimizer": trainer.optimizer.state_dict(),
        "statistics": {prompt: list(latest) for prompt, latest in trainer.statistics.latest.items()},
        "generator": trainer.generator.get_state(),
        "curve": curve,
    }
    replace(path, lambda to: torch.save(state, to))


def restore(path, trainer):
    """Resumes from a checkpoint, if there is one; returns the curve so far."""
    if not os.path.exists(path):
        return []
    state = torch.load(path, weights_only=True)
    if state["task"] != settings(trainer.task):
        sys.exit(f"{path} is of a run with other settings: {state['task']}, and now {settings(trainer.task)}")
    with torch.no_grad():
        for name, weight in trainer.policy.weights.items():
            weight.copy_(state["lora"][name])
    trainer.optimizer.load_state_dict(state["optimizer"])
    for prompt, latest in state["statistics"].items():
        trainer.statistics.latest[prompt] = collections.deque(latest, maxlen=trainer.statistics.size)
    trainer.generator.set_state(state["generator"])
    return state["curve"]


def write_curve(exchange, curve):
    write_text(exchange.path("curve.jsonl"), "".join(json.dumps(point) + "\n" for point in curve))


# ---- The agreement


def check(folder):
    """The same latents, texts and adapter must give the same steps, and two updates the same adapter."""
    task = read_json(os.path.join(folder, "task.json"))
    lora = load_file(os.path.join(folder, "lora.safetensors"))
    after = load_file(os.path.join(folder, "after.safetensors"))
    ours = load_file(os.path.join(folder, "rollout.safetensors"))
    latents, logs, noise = ours["latents"], ours["logProbabilities"], ours["noise"]  # [T + 1, N, ...], [T, N]
    policy = Policy(task, lora)
    prompts = [prompt for prompt in task["prompts"] for _ in range(task["imagesPerPrompt"])]
    text, empty = policy.encode(prompts), policy.encode([""])
    found = {"latent": 0.0, "logProbability": 0.0}
    with torch.no_grad():
        for i in range(len(logs)):
            mean, deviation = policy.step(latents[i], torch.full((len(prompts),), i), text, empty)
            difference = (mean + deviation * noise[i + 1] - latents[i + 1]).abs().max()
            log = (log_probability(latents[i + 1], mean, deviation) - logs[i]).abs().max()
            found["latent"] = max(found["latent"], float(difference))
            found["logProbability"] = max(found["logProbability"], float(log))
        found["image"] = float((policy.sample(prompts, noise=noise)[0] - ours["images"]).abs().max())
    trainer = Trainer(policy)
    rewards = ours["rewards"].tolist()
    norms = []
    for _ in range(2):
        # The statistics see the rewards once, as in two inner epochs over one rollout.
        trainer.statistics.latest.clear()
        norms += trainer.train(prompts, latents.transpose(0, 1), logs.T, rewards, 1)
    found["gradientNorm"] = float(np.mean(norms))
    found["gradientNormOurs"] = float(ours["gradientNorm"])
    moved = torch.cat([(policy.weights[name].detach() - lora[name]).flatten() for name in sorted(lora)])
    expected = torch.cat([(after[name] - lora[name]).flatten() for name in sorted(lora)])
    found["direction"] = float(torch.nn.functional.cosine_similarity(moved, expected, 0))
    found["length"] = float(moved.norm() / expected.norm())
    norm = abs(found["gradientNorm"] / found["gradientNormOurs"] - 1)
    found["agrees"] = (
        found["latent"] <= BOUND
        and found["logProbability"] <= BOUND
        and norm <= 1e-2
        and found["direction"] >= DIRECTION
        and abs(found["length"] - 1) <= 1e-2
    )
    if not found.pop("agrees"):
        sys.exit(f"the two sides are not the same algorithm: {found}")
    write_text(os.path.join(folder, "agreement.json"), json.dumps(found) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("check", "train"))
    parser.add_argument("folder")
    options = parser.parse_args()
    threads = os.environ.get("OMP_NUM_THREADS")
    if threads:
        torch.set_num_threads(int(threads))
    {"check": check, "train": train}[options.what](options.folder)


if __name__ == "__main__":
    main()
