#!/usr/bin/env python3
"""Measures the engine onednn and PyTorch in turns on the same cores, and prints a table of ratios.

Needs Python 3.9, torch, diffusers and transformers (pip install torch diffusers transformers), the
benchmarks' jar, and a machine with nothing else to do:

    ./mvnw -q -pl benchmarks -am package -DskipTests
    python3 scripts/speed_turns.py --turns 5 small:forward:32 small:policy:32 sd15:forward:2

A case is MODEL:WHAT:BATCH, with MODEL small (the bundled one), sd15 or sdxl, and WHAT forward,
policy (a DDPO step with guidance and a LoRA of rank 4), decode, encode or text. Each turn starts one
process for each program, one after the other; a process runs the case some times and reports the
median. A ratio is PyTorch's time divided by ours in the same turn: higher is better. Weights are
random. Peak memory is the resident memory of the whole process.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SMALL = os.path.join(ROOT, "examples/src/main/resources/org/tastemaker/examples/emoji/model")
PROGRAM = "org.tastemaker.benchmarks.SpeedRun"


# ---- PyTorch's side: one case in this process


def unet(model):
    from diffusers import UNet2DConditionModel

    if model == "small":
        with open(os.path.join(SMALL, "unet/config.json")) as file:
            config = {k: v for k, v in json.load(file).items() if not k.startswith("_")}
        return UNet2DConditionModel(**{k: tuple(v) if isinstance(v, list) else v for k, v in config.items()})
    if model == "sd15":
        return UNet2DConditionModel(sample_size=64, cross_attention_dim=768)
    # Without the second embedding, as on our side.
    return UNet2DConditionModel(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        cross_attention_dim=2048,
        use_linear_projection=True,
    )


def with_lora(torch, net, rank=4):
    class Adapted(torch.nn.Module):
        def __init__(self, base):
            super().__init__()
            self.base = base
            self.down = torch.nn.Linear(base.in_features, rank, bias=False)
            self.up = torch.nn.Linear(rank, base.out_features, bias=False)
            torch.nn.init.zeros_(self.up.weight)

        def forward(self, x, *args, **kwargs):
            return self.base(x) + self.up(self.down(x))

    net.requires_grad_(False)
    for module in list(net.modules()):
        if hasattr(module, "to_q"):
            for name in ("to_q", "to_k", "to_v"):
                setattr(module, name, Adapted(getattr(module, name)))
            module.to_out[0] = Adapted(module.to_out[0])
    return [p for p in net.parameters() if p.requires_grad]


def policy(torch, net, batch, side, dim):
    """One update by DDPO's clipped ratio: noise with guidance, the step's log-probability, AdamW."""
    weights = with_lora(torch, net)
    optimizer = torch.optim.AdamW(weights, 3e-4)
    x = torch.randn(batch, 4, side, side)
    text = torch.randn(2 * batch, 77, dim)
    following, advantage = torch.randn_like(x), torch.randn(batch)
    alpha, before, sigma = 0.30, 0.33, 0.28

    def step():
        without, given = net(torch.cat([x, x]), 481, encoder_hidden_states=text).sample.chunk(2)
        noise = without + 5 * (given - without)
        clean = (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5
        mean = before**0.5 * clean + (1 - before - sigma**2) ** 0.5 * noise
        log = (-((following - mean) ** 2) / (2 * sigma**2)).mean((1, 2, 3))
        ratio = torch.exp(log - log.detach())
        loss = torch.maximum(-advantage * ratio, -advantage * ratio.clamp(1 - 1e-4, 1 + 1e-4)).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()

    return step


def case(torch, model, what, batch, latent, compiled):
    if what == "text":
        from transformers import CLIPTextConfig, CLIPTextModel

        net = CLIPTextModel(CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)).eval()
        ids = torch.arange(batch * 77).reshape(batch, 77) * 37 % 49408
        return lambda: net(ids).last_hidden_state
    if what in ("decode", "encode"):
        from diffusers import AutoencoderKL

        net = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            sample_size=512,
        ).eval()
        side = latent or 64
        x = torch.randn(batch, 4, side, side) if what == "decode" else torch.randn(batch, 3, 8 * side, 8 * side)
        return (lambda: net.decode(x).sample) if what == "decode" else (lambda: net.encode(x).latent_dist.mean)
    net = unet(model).eval()
    side, dim = latent or net.config.sample_size, net.config.cross_attention_dim
    if what == "policy":
        return policy(torch, net, batch, side, dim)
    x, text = torch.randn(batch, 4, side, side), torch.randn(batch, 77, dim)
    if compiled:
        net = torch.compile(net)
    return lambda: net(x, 481, encoder_hidden_states=text).sample


def peer(options):
    import torch

    torch.set_num_threads(options.threads)
    start = time.perf_counter()
    run = case(torch, options.model, options.what, options.batch, options.latent, options.compiled)
    made = time.perf_counter() - start
    half = options.precision == "bfloat16"
    times = []
    grad = torch.enable_grad() if options.what == "policy" else torch.no_grad()
    with grad, torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        for _ in range(options.warm + options.runs):
            start = time.perf_counter()
            run()
            times.append(1e3 * (time.perf_counter() - start))
    measured = sorted(times[options.warm :])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        f"RESULT {measured[len(measured) // 2]:.2f} {measured[0]:.2f} {measured[-1]:.2f} {times[0]:.0f} {1e3 * made:.0f} {peak:.0f}"
    )


# ---- The turns


def measure(command, threads):
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = [line for line in said.stdout.splitlines() if line.startswith("RESULT ")]
    if said.returncode or not lines:
        sys.exit(f"{' '.join(command)} failed:\n{said.stdout}{said.stderr}")
    return [float(number) for number in lines[0].split()[1:]]


def spread(values, form):
    low, high = form.format(min(values)), form.format(max(values))
    return f"{form.format(statistics.median(values))} ({low} to {high})"


def turns(options):
    settings = []
    for text in options.cases:
        parts = text.split(":")
        if len(parts) not in (3, 4):
            sys.exit(f"a case is MODEL:WHAT:BATCH[:LATENT], but was {text}")
        settings.append((text, parts[0], parts[1], parts[2], parts[3] if len(parts) > 3 else "0"))
    programs = [("PyTorch", "float32")] + [("onednn", p) for p in options.precisions.split(",")]
    if options.peer_bfloat16:
        programs.append(("PyTorch", "bfloat16"))
    if options.peer_compiled:
        programs.append(("PyTorch compiled", "float32"))
    found = {}
    for turn in range(options.turns):
        for text, model, what, batch, latent in settings:
            for program, precision in programs:
                if program == "PyTorch compiled" and what != "forward":
                    continue
                count = ["--warm", str(options.warm), "--runs", str(options.runs)]
                if program.startswith("PyTorch"):
                    command = [sys.executable, os.path.abspath(__file__), "--peer", model, what, batch, "--latent", latent]
                    command += ["--precision", precision, "--threads", str(options.threads), *count]
                    command += ["--compiled"] if program.endswith("compiled") else []
                else:
                    command = ["java", f"-Xmx{options.heap}", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-Dorg.bytedeco.javacpp.maxbytes=0"]
                    command += ["-cp", options.jar, PROGRAM, f"what={what}", f"model={model}", f"batch={batch}", f"latent={latent}"]
                    command += [f"precision={precision}", f"warm={options.warm}", f"runs={options.runs}"]
                    command += ["checkpointing=true"] if options.checkpointing else []
                result = measure(command, options.threads)
                found.setdefault((text, program, precision), []).append(result)
                print(f"turn {turn + 1} {text} {program} {precision} {result}", file=sys.stderr, flush=True)
    print("| case | program | time, ms | ratio | peak, MB | first run, ms |\n| --- | --- | --- | --- | --- | --- |")
    for (text, program, precision), results in found.items():
        base = found[(text, "PyTorch", "float32")]
        ratios = [b[0] / r[0] for b, r in zip(base, results)]
        print(
            f"| {text} | {program} {precision} | {statistics.median(r[0] for r in results):.0f} | {spread(ratios, '{:.2f}')} "
            f"| {max(r[5] for r in results):.0f} | {statistics.median(r[3] for r in results):.0f} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--warm", type=int, default=1, help="runs of a process that are not measured")
    parser.add_argument("--runs", type=int, default=3, help="runs of a process that are")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precisions", default="float32,bfloat16", help="ours")
    parser.add_argument("--peer-bfloat16", action="store_true", help="PyTorch with autocast too")
    parser.add_argument("--peer-compiled", action="store_true", help="torch.compile too, forward")
    parser.add_argument("--checkpointing", action="store_true", help="ours keeps convolutions' weights once")
    parser.add_argument("--jar", default=os.path.join(ROOT, "benchmarks/target/benchmarks.jar"), help="or a class path")
    parser.add_argument("--heap", default="1g", help="of Java")
    parser.add_argument("--peer", nargs=3, metavar=("MODEL", "WHAT", "BATCH"), help=argparse.SUPPRESS)
    parser.add_argument("--latent", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--precision", default="float32", help=argparse.SUPPRESS)
    parser.add_argument("--compiled", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        options.model, options.what, options.batch = options.peer[0], options.peer[1], int(options.peer[2])
        peer(options)
    elif options.cases:
        turns(options)
    else:
        parser.error("name a case, such as sd15:forward:2")


if __name__ == "__main__":
    main()
