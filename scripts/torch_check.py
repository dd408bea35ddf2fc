#!/usr/bin/env python3
"""Runs the engine's layers with PyTorch alone: their numbers first, then their speed.

Needs Python 3.8 and torch 1.13 or newer (2.1 for attention in one call), and nothing else. The
layers, weights and expected numbers come from a bundle, which a machine with a JDK writes, and
which has this program in it:

    scripts/torch-bundle torch-bundle

On a machine with a GPU:

    python3 torch_check.py torch-bundle --minutes 25

or in parts, where a call may last ten minutes:

    python3 torch_check.py torch-bundle --checks-only --out checks.json
    python3 torch_check.py torch-bundle --times-only --minutes 8 --sizes sd15,sd15-vae --out a.json
    python3 torch_check.py torch-bundle --times-only --minutes 8 --sizes sdxl --round= --out b.json

Without one, with Debian 12's torch (1.13, one that has no attention in one call):

    apt-get install -y --no-install-recommends python3-torch
    OMP_NUM_THREADS=1 /usr/bin/python3 scripts/torch_check.py torch-bundle --device cpu --quick

What it does, in this order:
1. every kind of layer and whole small models, forward and backward, against float64: in float32
   each output within 1e-4 and each gradient within 1e-3 of its norm; in TF32 and bfloat16 the
   outputs, and the norm and the direction of the whole gradient;
2. forward with and without autograd gives the same bits (reported, not judged);
3. memory stays flat over many runs (CUDA only);
4. the U-Nets of Stable Diffusion 1.5 and XL, with random weights made here: numbers against
   float64, then time and memory of a forward run and of a policy's micro-step (forward and backward
   with a LoRA of rank 4 on the projections of attention). Eager, as a CUDA graph, and compiled; and
   the same network of diffusers, where that is installed. A batch is what the U-Net is given: with
   classifier-free guidance, two for each image;
5. a round of DDPO as ddpo-pytorch makes it: images sampled with guidance, decoded, and trained on,
   with random advantages in the place of a reward.

Weights of convolutions lie channels last. In bfloat16 it computes as the engine does: linear
layers, convolutions, attention and what lies between them in bfloat16; norms in float32, their
result rounded; a linear layer on one row for each image (the time embedding) in float32; outputs
float32; trained parameters in float32, rounded inside the graph.

The exit status is 0 only if everything that was judged passed. All figures go into one JSON file,
which is written after each of them.
"""
import argparse
import gc
import json
import math
import os
import platform
import statistics
import struct
import sys
import time

import torch
import torch.nn.functional as F

KINDS = [
    "LINEAR", "CONV2D", "GROUP_NORM", "LAYER_NORM", "SILU", "GELU", "QUICK_GELU", "GEGLU",
    "ATTENTION", "UPSAMPLE", "CONCAT", "ADD", "ADD_TO_PIXELS", "ADD_TO_BATCH", "SCALE", "MULTIPLY",
    "CLAMP", "SLICE", "TO_TOKENS", "TO_IMAGE", "EMBEDDING", "TIMESTEP_EMBEDDING",
]

# Of float32: errors of single arrays, relative to their norms. A gradient that is next to nothing,
# such as that of a key's bias, which is 0 but for rounding, is measured by SMALL times the norm of
# the whole gradient.
OUTPUT_BOUND = 1e-4
GRADIENT_BOUND = 1e-3
SMALL = 1e-4

# Of narrower factors: (outputs, whole gradient's norm, 1 - cosine of the whole gradient).
ROUGH_BOUNDS = {"bfloat16": (4e-2, 2e-2, 5e-3), "tf32": (1e-2, 5e-3, 1e-3)}

TARGETS = ("to_q", "to_k", "to_v", "to_out.0")
RANK = 4
HAS_SDPA = hasattr(F, "scaled_dot_product_attention")
SDPA_HAS_SCALE = HAS_SDPA and tuple(
    int(part) for part in torch.__version__.split("+")[0].split(".")[:2]) >= (2, 1)


# ---- Files

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
         "I64": torch.int64, "I32": torch.int32}


def read_safetensors(path):
    """The arrays of a file, by name."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size).decode("utf-8"))
        data = bytearray(file.read())
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        kind = TYPES[entry["dtype"]]
        if begin == end:
            arrays[name] = torch.empty(entry["shape"], dtype=kind)
        else:
            flat = torch.frombuffer(memoryview(data)[begin:end], dtype=kind)
            arrays[name] = flat.reshape(entry["shape"]).clone()
    return arrays


def read_graph(folder):
    with open(os.path.join(folder, "graph.json"), encoding="utf-8") as file:
        graph = json.load(file)
    if graph["format"] != "tastemaker graph" or graph["version"] != 1:
        raise ValueError("%s: not a graph that this program knows" % folder)
    unknown = {layer["kind"] for layer in graph["layers"]} - set(KINDS)
    if unknown:
        raise ValueError("%s: unknown layers %s" % (folder, sorted(unknown)))
    return graph


# ---- Numbers

class Numbers:
    """The types of a run: full for norms, time embedding and outputs, compute for the rest.

    Two other ways than the engine's can be tried: convolutions with the channels first, and norms
    that are given bfloat16, in which case torch itself sums in float32.
    """

    def __init__(self, name, channels_first=False, native_norms=False):
        self.name = name
        self.channels_first = channels_first
        self.native_norms = native_norms
        self.full = "float64" if name == "float64" else "float32"
        self.compute = "bfloat16" if name == "bfloat16" else self.full

    def use(self):
        """Sets what is global in torch."""
        narrow = self.name == "tf32"
        torch.backends.cuda.matmul.allow_tf32 = narrow
        torch.backends.cudnn.allow_tf32 = narrow
        return self

    def memory_format(self):
        return "torch.contiguous_format" if self.channels_first else "torch.channels_last"

    def full_type(self):
        return getattr(torch, self.full)

    def compute_type(self):
        return getattr(torch, self.compute)


# ---- From layers to calls

def math_attention(query, key, value, mask, scale):
    """Attention of torch before 2.1."""
    scores = torch.matmul(query, key.transpose(-1, -2)) * scale
    if mask is not None:
        scores = scores + mask
    return torch.matmul(torch.softmax(scores, -1), value)


def frequencies(half, shift, device):
    """Of a time embedding; an error in them is multiplied by up to 1000, so in float64 first."""
    steps = torch.arange(half, dtype=torch.float64, device=device)
    return (steps * (-math.log(10000) / (half - shift))).exp()


class Program:
    """A graph as Python: one line for each layer, and the forms in which it wants its leaves."""

    def __init__(self, graph, numbers):
        self.graph = graph
        self.numbers = numbers
        self.leaves = {leaf["name"]: leaf for leaf in graph["leaves"]}
        self.inputs = [leaf["name"] for leaf in graph["leaves"] if leaf["role"] == "INPUT"]
        self.outputs = list(graph["outputs"])
        self.differentiable = {
            tensor["name"] for tensor in
            graph["leaves"] + [layer["output"] for layer in graph["layers"]]
            if tensor["differentiable"]}
        self.weights = []  # (leaf, form), as the code numbers them
        self.variable = {}
        self.type = {}
        self.rank = {}
        self.lines = []
        for i, name in enumerate(self.inputs):
            self._name(name, "x[%d]" % i, len(self.leaves[name]["shape"]))
        layers = self._needed()
        last = self._last_readers(layers)
        for i, layer in enumerate(layers):
            result, kind = getattr(self, "_" + layer["kind"].lower())(layer)
            variable = "v%d" % i
            self.lines.append("%s = %s  # %s" % (variable, result, layer["name"]))
            self._name(layer["output"]["name"], variable, len(layer["output"]["shape"]), kind)
            dead = [self.variable[name] for name in last.get(i, []) if name not in self.leaves]
            if dead:
                self.lines.append("del " + ", ".join(dead))
        results = ["(%s)" % self._cast(graph["outputs"][name], numbers.full)
                   if graph["outputs"][name] not in self.leaves or
                   self.leaves[graph["outputs"][name]]["role"] == "INPUT"
                   else self._weight(graph["outputs"][name], "full")
                   for name in self.outputs]
        self.lines.append("return (%s,)" % ", ".join(results))
        self.source = "def forward(w, x):\n  " + "\n  ".join(self.lines) + "\n"
        scope = {"torch": torch, "F": F, "math_attention": math_attention,
                 "frequencies": frequencies}
        exec(compile(self.source, "<layers>", "exec"), scope)  # only what this class wrote
        self.forward = scope["forward"]

    def _name(self, name, variable, rank, kind=None):
        self.variable[name] = variable
        self.rank[name] = rank
        self.type[name] = kind or self.numbers.full

    def _needed(self):
        """The layers that an output needs."""
        wanted = set(self.graph["outputs"].values())
        needed = []
        for layer in reversed(self.graph["layers"]):
            if layer["output"]["name"] in wanted:
                wanted.update(layer["inputs"])
                needed.append(layer)
        return needed[::-1]

    def _last_readers(self, layers):
        last = {}
        for i, layer in enumerate(layers):
            for name in layer["inputs"]:
                last[name] = i
        by_layer = {}
        for name, i in last.items():
            if name not in self.graph["outputs"].values():
                by_layer.setdefault(i, []).append(name)
        return by_layer

    # Tensors that flow: (code, type).

    def _flow(self, name):
        leaf = self.leaves.get(name)
        if leaf is not None and leaf["role"] != "INPUT":
            return self._weight(name, "full")
        return self.variable[name]

    def _type(self, name):
        return self.type.get(name, self.numbers.full)

    def _cast(self, name, kind):
        code = self._flow(name)
        return code if self._type(name) == kind else "%s.to(torch.%s)" % (code, kind)

    def _compute(self, name):
        return self._cast(name, self.numbers.compute)

    # Leaves: as prepared ahead if they are frozen, made in the graph if they are trained.

    def _weight(self, name, form):
        leaf = self.leaves[name]
        if leaf["role"] == "INPUT":
            return self._shaped(self.variable[name], form)
        trained = leaf["role"] == "TRAINABLE"
        key = (name, "master" if trained else form)
        if key not in self.weights:
            self.weights.append(key)
        code = "w[%d]" % self.weights.index(key)
        return self._shaped(code, form) if trained else code

    def _shaped(self, code, form):
        cast = "" if self.numbers.compute == self.numbers.full or form == "full" \
            else ".to(torch.%s)" % self.numbers.compute
        if form == "kernel":
            return code + ".permute(3, 2, 0, 1)%s.contiguous(memory_format=%s)" % (
                cast, self.numbers.memory_format())
        return code + cast

    def _optional(self, layer, i, form):
        names = layer["inputs"]
        return self._weight(names[i], form) if i < len(names) else "None"

    def _norm(self, name, pattern):
        """A norm, computed in full and rounded; or, as a trial, in what it is given."""
        numbers = self.numbers
        if numbers.native_norms:
            return pattern % self._compute(name), numbers.compute
        code = pattern % self._cast(name, numbers.full)
        if numbers.compute != numbers.full:
            code += ".to(torch.%s)" % numbers.compute
        return code, numbers.compute

    # One method for each kind; (code, type of the result).

    def _linear(self, layer):
        x = layer["inputs"][0]
        small = self._rank(x) == 2
        form = "full" if small else "compute"
        kind = self.numbers.full if small else self.numbers.compute
        return "F.linear(%s, %s, %s)" % (
            self._cast(x, kind), self._weight(layer["inputs"][1], form),
            self._optional(layer, 2, form)), kind

    def _rank(self, name):
        return self.rank[name] if name in self.rank else len(self.leaves[name]["shape"])

    def _conv2d(self, layer):
        a = layer["attributes"]
        top, bottom, left, right, stride = (
            int(a[key]) for key in ("top", "bottom", "left", "right", "stride"))
        x = self._compute(layer["inputs"][0])
        padding = (top, left)
        if top != bottom or left != right:
            x = "F.pad(%s, (%d, %d, %d, %d))" % (x, left, right, top, bottom)
            padding = (0, 0)
        x += ".contiguous(memory_format=%s)" % self.numbers.memory_format()
        return "F.conv2d(%s, %s, %s, (%d, %d), (%d, %d))" % (
            (x, self._weight(layer["inputs"][1], "kernel"), self._optional(layer, 2, "compute"),
             stride, stride) + padding), self.numbers.compute

    def _group_norm(self, layer):
        a = layer["attributes"]
        x, scale, shift = layer["inputs"]
        form = "compute" if self.numbers.native_norms else "full"
        pattern = "F.group_norm(%%s, %d, %s, %s, %r)"
        if x not in self.differentiable and {scale, shift} & self.differentiable:
            # With channels last torch 2.10 writes the gradient of x on a processor, wanted or not.
            pattern = pattern.replace("%%s", "%%s.contiguous()")
        return self._norm(x, pattern % (
            int(a["groups"]), self._weight(scale, form), self._weight(shift, form), a["epsilon"]))

    def _layer_norm(self, layer):
        x, scale, shift = layer["inputs"]
        form = "compute" if self.numbers.native_norms else "full"
        return self._norm(x, "F.layer_norm(%%s, (%d,), %s, %s, %r)" % (
            self.leaves[scale]["shape"][0], self._weight(scale, form), self._weight(shift, form),
            layer["attributes"]["epsilon"]))

    def _map(self, layer, pattern):
        x = layer["inputs"][0]
        return pattern.format(x=self._flow(x)), self._type(x)

    def _silu(self, layer):
        return self._map(layer, "F.silu({x})")

    def _gelu(self, layer):
        return self._map(layer, "F.gelu({x})")

    def _quick_gelu(self, layer):
        return self._map(layer, "{x} * torch.sigmoid({x} * 1.702)")

    def _geglu(self, layer):
        x = layer["inputs"][0]
        half = layer["output"]["shape"][-1]
        code = self._flow(x)
        return "%s.narrow(-1, 0, %d) * F.gelu(%s.narrow(-1, %d, %d))" % (
            code, half, code, half, half), self._type(x)

    def _attention(self, layer):
        heads, scale = int(layer["attributes"]["heads"]), layer["attributes"]["scale"]
        parts = ["%s.unflatten(-1, (%d, -1)).transpose(1, 2)" % (self._compute(name), heads)
                 for name in layer["inputs"][:3]]
        mask = self._optional(layer, 3, "compute")
        if SDPA_HAS_SCALE:
            mixed = "F.scaled_dot_product_attention(%s, attn_mask=%s, scale=%r)" % (
                ", ".join(parts), mask, scale)
        else:
            mixed = "math_attention(%s, %s, %r)" % (", ".join(parts), mask, scale)
        return mixed + ".transpose(1, 2).flatten(2)", self.numbers.compute

    def _upsample(self, layer):
        return self._map(layer, 'F.interpolate({x}, scale_factor=2.0, mode="nearest")')

    def _common(self, layer):
        types = {self._type(name) for name in layer["inputs"]}
        kind = self.numbers.compute if len(types) > 1 else types.pop()
        return [self._cast(name, kind) for name in layer["inputs"]], kind

    def _concat(self, layer):
        parts, kind = self._common(layer)
        return "torch.cat((%s), %d)" % (", ".join(parts), int(layer["attributes"]["axis"])), kind

    def _add(self, layer):
        parts, kind = self._common(layer)
        return " + ".join(parts), kind

    def _multiply(self, layer):
        parts, kind = self._common(layer)
        return " * ".join(parts), kind

    def _add_to_pixels(self, layer):
        x, vector = layer["inputs"]
        kind = self._type(x)
        return "%s + %s[:, :, None, None]" % (self._flow(x), self._cast(vector, kind)), kind

    def _add_to_batch(self, layer):
        x, rows = layer["inputs"]
        kind = self._type(x)
        return "%s + %s" % (self._flow(x), self._cast(rows, kind)), kind

    def _scale(self, layer):
        return self._map(layer, "{x} * %r" % layer["attributes"]["factor"])

    def _clamp(self, layer):
        a = layer["attributes"]
        return self._map(layer, "torch.clamp({x}, %r, %r)" % (a["low"], a["high"]))

    def _slice(self, layer):
        a = layer["attributes"]
        return self._map(layer, "{x}.narrow(%d, %d, %d)" % (
            int(a["axis"]), int(a["begin"]), int(a["size"])))

    def _to_tokens(self, layer):
        return self._map(layer, "{x}.permute(0, 2, 3, 1).flatten(1, 2)")

    def _to_image(self, layer):
        a = layer["attributes"]
        return self._map(layer, "{x}.unflatten(1, (%d, %d)).permute(0, 3, 1, 2)" % (
            int(a["height"]), int(a["width"])))

    def _embedding(self, layer):
        ids, table = layer["inputs"]
        return "F.embedding(%s, %s)" % (
            self._flow(ids), self._weight(table, "compute")), self.numbers.compute

    def _timestep_embedding(self, layer):
        a = layer["attributes"]
        self.weights.append(("", ("frequencies", int(a["size"]) // 2, a["shift"])))
        times = self._cast(layer["inputs"][0], self.numbers.full)
        angles = "%s[:, None] * w[%d]" % (times, len(self.weights) - 1)
        name = "a%d" % len(self.lines)
        self.lines.append("%s = %s" % (name, angles))
        parts = "torch.sin(%s), torch.cos(%s)" % (name, name)
        if a["flip"]:
            parts = "torch.cos(%s), torch.sin(%s)" % (name, name)
        return "torch.cat((%s), -1)" % parts, self.numbers.full

    # What the code is given.

    def prepare(self, leaf, device):
        """The list w. leaf(name) gives an array, on any device; masters keep their gradients."""
        numbers = self.numbers
        prepared = []
        for name, form in self.weights:
            if isinstance(form, tuple):
                prepared.append(frequencies(form[1], form[2], device).to(numbers.full_type()))
                continue
            array = leaf(name).to(device)
            if form == "kernel":
                array = array.permute(3, 2, 0, 1).to(numbers.compute_type())
                array = array.contiguous(memory_format=getattr(torch, numbers.memory_format()[6:]))
            elif form == "compute":
                array = array.to(numbers.compute_type())
            else:
                array = array.to(numbers.full_type())
            prepared.append(
                array.detach().clone().requires_grad_() if form == "master" else array)
        return prepared

    def masters(self, weights):
        return {name: weights[i] for i, (name, form) in enumerate(self.weights)
                if form == "master"}


# ---- Errors

def norm(array):
    return array.detach().double().norm().item()


def whole(gradients, expected):
    """Norm's ratio, and 1 - cosine, of all gradients taken as one vector."""
    dot = sum((gradients[name].detach().double() * expected[name].double()).sum().item()
              for name in expected)
    ours = math.sqrt(sum(norm(gradients[name]) ** 2 for name in expected))
    theirs = math.sqrt(sum(norm(array) ** 2 for array in expected.values()))
    if theirs == 0:
        return (1.0 if ours == 0 else math.inf), (0.0 if ours == 0 else 1.0)
    return ours / theirs, 1 - dot / max(ours * theirs, 1e-300)


def errors(found, expected, floor):
    """Of each array, relative to its norm or to the floor."""
    result = {}
    for name, array in expected.items():
        if tuple(found[name].shape) != tuple(array.shape):
            result[name] = math.inf
            continue
        off = norm(found[name].detach().double() - array.double())
        off /= max(norm(array), floor, 1e-30)
        result[name] = off if math.isfinite(off) else math.inf
    return result


def worst(by_name):
    if not by_name:
        return "", 0.0
    name = max(by_name, key=by_name.get)
    return name, by_name[name]


# ---- A bundle's cases

class Case:
    """One graph with its arrays, in some numbers on a device."""

    def __init__(self, folder, numbers, device):
        self.numbers = numbers
        self.graph = read_graph(folder)
        self.arrays = read_safetensors(os.path.join(folder, "arrays.safetensors"))
        self.program = Program(self.graph, numbers)
        self.weights = self.program.prepare(lambda name: self.arrays["leaf/" + name], device)
        self.inputs = []
        self.leaves = dict(self.program.masters(self.weights))
        for name in self.program.inputs:
            array = self.arrays["input/" + name].to(device)
            if array.is_floating_point():
                array = array.to(numbers.full_type())
            if self.program.leaves[name]["differentiable"]:
                array.requires_grad_()
                self.leaves[name] = array
            self.inputs.append(array)
        self.cotangents = {
            name: self._part("cotangent/")[name].to(device, numbers.full_type())
            for name in self._part("cotangent/")}

    def _part(self, prefix):
        return {name[len(prefix):]: array for name, array in self.arrays.items()
                if name.startswith(prefix)}

    def expected(self, prefix):
        return self._part(prefix)

    def run(self):
        """The outputs and the gradients."""
        outputs = dict(zip(self.program.outputs, self.program.forward(self.weights, self.inputs)))
        return outputs, self.backward(outputs)

    def backward(self, outputs):
        if not self.cotangents:
            return {}
        leaves = list(self.leaves)
        gradients = torch.autograd.grad(
            [outputs[name] for name in self.cotangents], [self.leaves[name] for name in leaves],
            list(self.cotangents.values()), allow_unused=True)
        return {name: torch.zeros_like(self.leaves[name]) if gradient is None else gradient
                for name, gradient in zip(leaves, gradients)}

    def without_autograd(self):
        with torch.no_grad():
            return dict(zip(self.program.outputs,
                            self.program.forward(self.weights, self.inputs)))


def check_case(folder, numbers, device):
    """Compares one case with its expected numbers."""
    case = Case(folder, numbers, device)
    outputs, gradients = case.run()
    outputs_expected = case.expected("output/")
    gradients_expected = case.expected("gradient/")
    found = {name: array.cpu() for name, array in outputs.items()}
    slopes = {name: array.cpu() for name, array in gradients.items()}
    complaints = []
    if set(slopes) != set(gradients_expected):
        complaints.append("gradients of %s, expected of %s" % (
            sorted(slopes), sorted(gradients_expected)))
        gradients_expected = {}
    total = math.sqrt(sum(norm(array) ** 2 for array in gradients_expected.values()))
    output = worst(errors(found, outputs_expected, 0))
    gradient = worst(errors(slopes, gradients_expected, SMALL * total))
    ratio, turned = whole(slopes, gradients_expected) if gradients_expected else (1.0, 0.0)
    again = case.without_autograd()
    result = {
        "case": folder.replace(os.sep, "/").split("/")[-1], "precision": numbers.name,
        "output": output[1], "worst_output": output[0], "gradient": gradient[1],
        "worst_gradient": gradient[0], "gradient_norm_ratio": ratio,
        "gradient_one_minus_cosine": turned,
        "same_bits_without_autograd": all(
            torch.equal(again[name], outputs[name].detach()) for name in outputs),
    }
    if numbers.name == "float32" or (numbers.name == "tf32" and not on_gpu(device)):
        if not output[1] <= OUTPUT_BOUND:
            complaints.append("output %s is off by %.2e" % output)
        if not gradient[1] <= GRADIENT_BOUND:
            complaints.append("gradient of %s is off by %.2e" % gradient)
    else:
        bounds = ROUGH_BOUNDS[numbers.name]
        if not output[1] <= bounds[0]:
            complaints.append("output %s is off by %.2e" % output)
        if not abs(ratio - 1) <= bounds[1]:
            complaints.append("the gradient's norm is %.4f of what it should be" % ratio)
        if not turned <= bounds[2]:
            complaints.append("the gradient is turned, 1 - cosine = %.2e" % turned)
    result["complaints"] = complaints
    return result


# ---- A LoRA, as the engine's own adds it

def with_lora(graph, name="policy", rank=RANK):
    """The graph with a branch at each projection of attention; only the branches are trained."""
    layers, leaves, renamed = [], [dict(leaf) for leaf in graph["leaves"]], {}
    for leaf in leaves:
        if leaf["role"] == "TRAINABLE":
            leaf["role"] = "FROZEN"
        leaf["differentiable"] = False
    shapes = {leaf["name"]: leaf["shape"] for leaf in leaves}
    for layer in graph["layers"]:
        layer = dict(layer, inputs=[renamed.get(x, x) for x in layer["inputs"]])
        layers.append(layer)
        path = layer["name"]
        if layer["kind"] != "LINEAR" or not path.endswith(tuple("." + t for t in TARGETS)):
            continue
        out, into = shapes[layer["inputs"][1]]
        prefix = "lora.%s.unet.%s" % (name, path)
        rows = layer["output"]["shape"][:-1]
        for part, shape in ((".down.weight", [rank, into]), (".up.weight", [out, rank])):
            leaves.append({"role": "TRAINABLE", "name": prefix + part, "shape": shape,
                           "type": graph["type"], "differentiable": True})
        for part, kind, inputs, size in (
                (".down", "LINEAR", [layer["inputs"][0], prefix + ".down.weight"], rank),
                (".up", "LINEAR", [prefix + ".down/out", prefix + ".up.weight"], out),
                (".add", "ADD", [layer["output"]["name"], prefix + ".up/out"], out)):
            layers.append({
                "kind": kind, "name": prefix + part, "inputs": inputs, "attributes": {},
                "output": {"name": prefix + part + "/out", "shape": rows + [size],
                           "type": graph["type"], "differentiable": True}})
        renamed[layer["output"]["name"]] = prefix + ".add/out"
    outputs = {key: renamed.get(value, value) for key, value in graph["outputs"].items()}
    return dict(graph, layers=layers, leaves=leaves, outputs=outputs)


def bones(graph):
    """What must be equal in two graphs of different batches."""
    return ([(layer["kind"], layer["name"], layer["inputs"], layer["output"]["name"],
              sorted(layer["attributes"].items())) for layer in graph["layers"]],
            sorted((leaf["name"], leaf["role"], leaf["shape"][1:]) for leaf in graph["leaves"]),
            graph["outputs"])


# ---- U-Nets of real sizes

class Network:
    """A U-Net with random weights: the same numbers in every precision on one kind of device."""

    def __init__(self, graph, numbers, device, lora):
        self.numbers = numbers
        self.device = device
        self.program = Program(with_lora(graph) if lora else graph, numbers)
        values = random_weights(self.program.graph, device)
        self.weights = self.program.prepare(values, device)
        self.masters = list(self.program.masters(self.weights).values())
        self.forward = self.program.forward

    def inputs(self, batch):
        generator = torch.Generator(device="cpu").manual_seed(batch)
        made = []
        for name in self.program.inputs:
            shape = [batch] + self.program.leaves[name]["shape"][1:]
            array = torch.randn(shape, generator=generator)
            if len(shape) == 1:
                array = (array * 200 + 500).clamp(0, 999).round()
            made.append(array.to(self.device, self.numbers.full_type()))
        return made

    def step(self, batch):
        """A function of no arguments, and what it returns: the outputs, or the gradients."""
        inputs = self.inputs(batch)
        if not self.masters:
            def run():
                with torch.no_grad():
                    return self.forward(self.weights, inputs)
            return run
        generator = torch.Generator(device="cpu").manual_seed(1000 + batch)
        cotangent = torch.randn(inputs[0].shape, generator=generator)
        cotangent = cotangent.to(self.device, self.numbers.full_type())

        def run():
            out = self.forward(self.weights, inputs)[0]
            return torch.autograd.grad([out], self.masters, [cotangent])
        return run


def random_weights(graph, device):
    """A function from a leaf's name to its numbers: as a new network's are drawn."""
    fans, ones, zeros = {}, set(), set()
    shapes = {leaf["name"]: leaf["shape"] for leaf in graph["leaves"]}
    for layer in graph["layers"]:
        if layer["kind"] in ("LINEAR", "CONV2D"):
            shape = shapes[layer["inputs"][1]]
            fan = shape[1] if len(shape) == 2 else shape[0] * shape[1] * shape[2]
            for name in layer["inputs"][1:]:
                fans[name] = fan
        elif layer["kind"] in ("GROUP_NORM", "LAYER_NORM"):
            ones.add(layer["inputs"][1])
            zeros.add(layer["inputs"][2])
    seeds = {leaf["name"]: i for i, leaf in enumerate(
        leaf for leaf in graph["leaves"] if leaf["role"] != "INPUT")}

    def draw(name):
        shape = shapes[name]
        if name in ones:
            return torch.ones(shape, device=device)
        if name in zeros:
            return torch.zeros(shape, device=device)
        generator = torch.Generator(device=device).manual_seed(seeds[name])
        bound = 1 / math.sqrt(fans[name])
        return (torch.rand(shape, generator=generator, device=device) * 2 - 1) * bound
    return draw


def is_out_of_memory(error):
    return "out of memory" in str(error).lower() or "can't allocate memory" in str(error).lower()


def first_line(error):
    return "%s: %s" % (type(error).__name__, (str(error).strip() or "?").splitlines()[0])


def clean(device):
    gc.collect()
    if on_gpu(device):
        torch.cuda.synchronize()
        torch.cuda.empty_cache()


def on_gpu(device):
    return device.type == "cuda"


def synchronize(device):
    if on_gpu(device):
        torch.cuda.synchronize()


def measure(run, device, seconds, most=50):
    """Milliseconds of each of some calls, after three that do not count; of slow ones fewer."""
    last = 0.0
    for i in range(3):
        if i < 2 or last < seconds:
            begin = time.perf_counter()
            run()
            synchronize(device)
            last = time.perf_counter() - begin
    least = 5 if last < seconds else 3
    times = []
    begin = time.perf_counter()
    while len(times) < least or (len(times) < most and time.perf_counter() - begin < seconds):
        if on_gpu(device):
            first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            first.record()
            run()
            last.record()
            torch.cuda.synchronize()
            times.append(first.elapsed_time(last))
        else:
            start = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - start))
    return times


def captured(run):
    """The function as a CUDA graph; also what the graph writes."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = run()
    return graph, result


class Report:
    """All that was found; written after each finding."""

    def __init__(self, path, machine):
        self.path = path
        self.data = {"machine": machine, "checks": [], "memory": [], "sizes": [], "timings": [],
                     "profiles": [], "rounds": [], "not_run": [], "failures": []}
        self.write()

    def write(self):
        temporary = self.path + ".tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
            file.write("\n")
        os.replace(temporary, self.path)

    def add(self, group, entry):
        self.data[group].append(entry)
        self.write()

    def fail(self, text):
        print("FAILED: " + text, flush=True)
        self.add("failures", text)

    def skip(self, text):
        print("not run: " + text, flush=True)
        self.add("not_run", text)


class Clock:
    def __init__(self, minutes):
        self.end = time.monotonic() + 60 * minutes if minutes else math.inf

    def is_over(self):
        return time.monotonic() > self.end


# ---- 1, 2: numbers

def check_bundle(folder, bundle, precisions, device, report):
    kinds = set()
    for name in bundle["layers"] + bundle["models"]:
        kinds.update(layer["kind"] for layer in read_graph(os.path.join(folder, name))["layers"])
    if kinds != set(KINDS):
        report.fail("the bundle lacks the kinds %s" % sorted(set(KINDS) - kinds))
    for precision in precisions:
        numbers = Numbers(precision).use()
        for group in ("layers", "models"):
            results = []
            for name in bundle[group]:
                try:
                    result = check_case(os.path.join(folder, name), numbers, device)
                except RuntimeError as error:
                    result = {"case": name, "precision": precision,
                              "complaints": [first_line(error)]}
                results.append(result)
                report.add("checks", result)
                for complaint in result["complaints"]:
                    report.fail("%s in %s: %s" % (name, precision, complaint))
            ran = [r for r in results if "output" in r]
            if ran:
                print("%-9s %-6s %2d of %2d right; worst output %.1e, gradient %.1e, "
                      "gradient's norm %+.1e, 1 - cosine %.1e; "
                      "without autograd the same bits: %d" % (
                          precision, group, sum(not r["complaints"] for r in results),
                          len(results), max(r["output"] for r in ran),
                          max(r["gradient"] for r in ran),
                          max((r["gradient_norm_ratio"] - 1 for r in ran), key=abs),
                          max(r["gradient_one_minus_cosine"] for r in ran),
                          sum(r["same_bits_without_autograd"] for r in ran)), flush=True)


def check_lora(folder, report):
    """The LoRA that this program adds is the one that the engine adds."""
    ours = bones(with_lora(read_graph(os.path.join(folder, "sizes", "small"))))
    engine = bones(read_graph(os.path.join(folder, "models", "unet-small-lora")))
    for part, a, b in zip(("layers", "leaves", "outputs"), ours, engine):
        if part == "leaves":  # an input's batch is its first dimension, and was left out
            a, b = sorted(a), sorted(b)
        if a != b:
            report.fail("the LoRA's %s differ from the engine's" % part)


# ---- 3: memory

def check_memory(folder, precision, runs, device, report):
    case = Case(os.path.join(folder, "models", "unet-small"), Numbers(precision).use(), device)
    sizes = []
    for i in range(runs):
        outputs, gradients = case.run()
        if i == 9:
            synchronize(device)
            del outputs, gradients
            sizes = [torch.cuda.memory_allocated(), torch.cuda.memory_reserved()]
    synchronize(device)
    del outputs, gradients
    now = [torch.cuda.memory_allocated(), torch.cuda.memory_reserved()]
    report.add("memory", {"precision": precision, "runs": runs, "after_10": sizes, "last": now})
    print("%-9s memory after 10 and after %d runs: %d and %d bytes in use, %d and %d held" % (
        precision, runs, sizes[0], now[0], sizes[1], now[1]), flush=True)
    if now[0] > sizes[0] or now[1] > sizes[1]:
        report.fail("memory grew in %s: %s to %s" % (precision, sizes, now))


# ---- 4: real sizes

def check_size(size, graph, precisions, device, report):
    """Outputs and a LoRA's gradients of one image, against float64."""
    reference = {}
    for lora in (False, True):
        for precision in ["float64"] + precisions:
            numbers = Numbers(precision).use()
            network = run = result = None
            try:
                network = Network(graph, numbers, device, lora)
                run = network.step(1)
                names = [str(i) for i in range(len(network.masters))] if lora else ["out"]
                result = dict(zip(names, (x.cpu() for x in run())))
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                report.skip("%s in %s against float64: out of memory" % (size, precision))
                if precision == "float64":
                    return
                continue
            finally:
                network = run = None
                clean(device)
            if precision == "float64":
                reference = result
                continue
            ratio, turned = whole(result, reference)
            entry = {"size": size, "what": "lora gradients" if lora else "output",
                     "precision": precision,
                     "worst": worst(errors(result, reference, 0))[1],
                     "norm_ratio": ratio, "one_minus_cosine": turned}
            report.add("sizes", entry)
            print("%-5s %-14s %-9s worst array %.1e, whole: norm %+.1e, 1 - cosine %.1e" % (
                size, entry["what"], precision, entry["worst"], ratio - 1, turned), flush=True)
            bounds = ROUGH_BOUNDS.get(precision, (OUTPUT_BOUND, GRADIENT_BOUND, 1e-6))
            if not (abs(ratio - 1) <= bounds[1] and turned <= bounds[2]):
                report.fail("%s, %s in %s" % (size, entry["what"], precision))


def time_one(report, entry, make, device, seconds):
    """Times what make() gives, and says whether it fitted into memory."""
    if on_gpu(device):
        torch.cuda.reset_peak_memory_stats()
    run = None
    try:
        run = make()
        times = measure(run, device, seconds)
        entry.update(ms=statistics.median(times), ms_min=min(times), ms_max=max(times),
                     count=len(times))
        if on_gpu(device):
            entry["peak_bytes"] = torch.cuda.max_memory_allocated()
    except RuntimeError as error:
        entry["error"] = "out of memory" if is_out_of_memory(error) else first_line(error)
    except Exception as error:  # a compiler's own
        entry["error"] = first_line(error)
    finally:
        run = None
        clean(device)
    report.add("timings", entry)
    print("%-5s %-7s %-9s batch %-3d %-13s %s" % (
        entry["size"], entry["task"], entry["precision"], entry["batch"], entry["mode"],
        entry.get("error") or "%9.2f ms  %8.2f images/s%s" % (
            entry["ms"], 1000 * entry["batch"] / entry["ms"],
            "  %.1f GB" % (entry["peak_bytes"] / 1e9) if "peak_bytes" in entry else "")),
          flush=True)
    return "error" not in entry


def graph_runner(network, batch, forward, report, entry):
    """Captures a step, and checks that the graph gives the numbers that the step gives."""
    network.forward = forward
    run = network.step(batch)
    expected = [x.detach().clone() for x in run()]
    graph, result = captured(run)
    for x in result:
        x.detach().zero_()
    graph.replay()
    torch.cuda.synchronize()
    error = worst(errors(dict(enumerate(result)), dict(enumerate(expected)), 0))[1]
    entry["error_to_eager"] = error
    if not error <= (2e-2 if network.numbers.name == "bfloat16" else 1e-4):
        report.fail("%s: the CUDA graph's numbers are off by %.2e" % (entry, error))
    return graph.replay


def compare_compiled(network, batch, plain, compiled, entry):
    """Says in the entry how far the compiled numbers are from the plain ones."""
    found = []
    try:
        for forward in (compiled, plain):
            network.forward = forward
            found.append(dict(enumerate(x.detach().clone() for x in network.step(batch)())))
        ratio, turned = whole(*found)
        entry.update(norm_ratio_to_eager=ratio, one_minus_cosine_to_eager=turned)
    except Exception as error:  # what it is shows when it is timed
        entry["compiling"] = first_line(error)
    network.forward = compiled


def time_size(size, graph, tasks, precisions, batches, compile_batches, device, seconds, clock,
              report):
    for task in tasks:
        for precision in precisions:
            if clock.is_over():
                report.skip("%s %s in %s: no time left" % (size, task, precision))
                continue
            numbers = Numbers(precision).use()
            try:
                network = Network(graph, numbers, device, task == "step")
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                report.add("timings", {"size": size, "task": task, "precision": precision,
                                       "error": "out of memory"})
                clean(device)
                continue
            plain = network.program.forward
            modes = ["eager"] + (["graph"] if on_gpu(device) else [])
            fits = dict.fromkeys(modes, True)
            for batch in batches:
                for mode in modes:
                    entry = {"size": size, "task": task, "precision": precision, "batch": batch,
                             "mode": mode}
                    if not fits[mode]:
                        entry["error"] = "out of memory at a smaller batch"
                        report.add("timings", entry)
                    elif clock.is_over():
                        report.skip("%s %s %s batch %d %s: no time left" % (
                            size, task, precision, batch, mode))
                    elif mode == "eager":
                        network.forward = plain
                        time_one(report, entry, lambda: network.step(batch), device, seconds)
                        fits[mode] = entry.get("error") != "out of memory"
                    else:
                        time_one(report, entry,
                                 lambda: graph_runner(network, batch, plain, report, entry),
                                 device, seconds)
                        fits[mode] = entry.get("error") != "out of memory"
            if hasattr(torch, "compile") and precision == "bfloat16":
                for batch in compile_batches:
                    if clock.is_over():
                        report.skip("%s %s %s batch %d compiled: no time left" % (
                            size, task, precision, batch))
                        continue
                    torch._dynamo.reset()
                    compiled = torch.compile(plain, dynamic=False)
                    for mode in ["compiled"] + (["compiled graph"] if on_gpu(device) else []):
                        entry = {"size": size, "task": task, "precision": precision,
                                 "batch": batch, "mode": mode}
                        network.forward = compiled
                        begin = time.monotonic()
                        if mode == "compiled":
                            compare_compiled(network, batch, plain, compiled, entry)
                        time_one(report, entry,
                                 (lambda: network.step(batch)) if mode == "compiled" else
                                 (lambda: graph_runner(network, batch, compiled, report, entry)),
                                 device, seconds)
                        entry["seconds_with_compiling"] = time.monotonic() - begin
            network = None
            clean(device)


def time_variants(size, graph, tasks, batches, device, seconds, clock, report):
    """Other ways than the engine's, in bfloat16: whether they would be faster."""
    for name, numbers in (("channels 1st", Numbers("bfloat16", channels_first=True)),
                          ("norms bf16", Numbers("bfloat16", native_norms=True))):
        for task in tasks:
            network = None
            for batch in batches:
                if clock.is_over():
                    report.skip("%s %s batch %d, %s: no time left" % (size, task, batch, name))
                    continue
                numbers.use()
                network = network or Network(graph, numbers, device, task == "step")
                entry = {"size": size, "task": task, "precision": "bfloat16", "batch": batch,
                         "mode": name}
                time_one(report, entry, lambda: network.step(batch), device, seconds)
            network = None
            clean(device)


def profile(size, graph, tasks, batches, device, clock, report):
    """Which kernels the time goes to, in bfloat16, and how much of it goes to none."""
    for task in tasks:
        network = None
        for batch in batches:
            if clock.is_over():
                report.skip("profile of %s %s batch %d: no time left" % (size, task, batch))
                continue
            try:
                network = network or Network(
                    graph, Numbers("bfloat16").use(), device, task == "step")
                run = network.step(batch)
                ms = statistics.median(measure(run, device, 0.5))
                from torch.profiler import ProfilerActivity
                with torch.profiler.profile(activities=[ProfilerActivity.CUDA]) as found:
                    for _ in range(3):
                        run()
                    torch.cuda.synchronize()
                kernels = sorted(
                    ((getattr(e, "self_device_time_total", None) or
                      getattr(e, "self_cuda_time_total", 0)) / 3000, e.count // 3, e.key[:120])
                    for e in found.key_averages()
                    if str(getattr(e, "device_type", "CUDA")).endswith("CUDA"))[::-1]
            except Exception as error:  # a profiler that this torch was built without
                report.skip("profile of %s %s batch %d: %s" % (
                    size, task, batch, first_line(error)))
                clean(device)
                continue
            total = sum(kernel[0] for kernel in kernels)
            report.add("profiles", {
                "size": size, "task": task, "batch": batch, "ms": ms, "ms_in_kernels": total,
                "kernels": [{"ms": t, "calls": n, "name": key} for t, n, key in kernels[:25]]})
            print("%-5s %-7s bfloat16  batch %-3d %.2f ms, in kernels %.2f ms: outside %.0f %%" % (
                size, task, batch, ms, total, 100 * (1 - total / ms)), flush=True)
            for t, n, key in kernels[:8]:
                print("    %8.3f ms %5d calls  %s" % (t, n, key[:90]), flush=True)
        network = None
        clean(device)


def time_diffusers(folder, size, graph, tasks, batches, device, seconds, clock, report):
    """The same network of diffusers, as people run it: its own modules, eager, in bfloat16."""
    try:
        from diffusers import UNet2DConditionModel
    except Exception:
        report.skip("%s of diffusers: not installed" % size)
        return
    try:
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            model = UNet2DConditionModel.from_config(json.load(file))
        program = Program(graph, Numbers("float32").use())
        draw = random_weights(graph, device)
        weights = {}
        for leaf in graph["leaves"]:
            if leaf["role"] != "INPUT":
                array = draw(leaf["name"]).cpu()
                weights[leaf["name"]] = array.permute(3, 2, 0, 1) if array.dim() == 4 else array
        model.load_state_dict(weights)
        model.to(device).requires_grad_(False).eval()
        network = Network(graph, Numbers("float32"), device, False)
        sample, times, text = (network.inputs(1)[program.inputs.index(name)] for name in
                               ("sample", "timestep", "encoder_hidden_states"))
        with torch.no_grad():
            theirs = model(sample, times, text, return_dict=False)[0]
        error = worst(errors({"out": network.step(1)()[0]}, {"out": theirs}, 0))[1]
        network = None
        report.add("sizes", {"size": size, "what": "output against diffusers",
                             "precision": "float32", "worst": error})
        print("%-5s against diffusers in float32: %.1e" % (size, error), flush=True)
        if not error <= OUTPUT_BOUND:
            report.fail("%s differs from diffusers by %.2e" % (size, error))
        model.to(torch.bfloat16)
    except Exception as error:
        report.skip("%s of diffusers: %s" % (size, first_line(error)))
        clean(device)
        return
    clean(device)
    for task in tasks:
        if task == "step":
            try:
                from peft import LoraConfig
                model.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(TARGETS)))
            except Exception as error:
                report.skip("%s of diffusers with a LoRA: %s" % (size, first_line(error)))
                continue
        trained = [p for p in model.parameters() if p.requires_grad] if task == "step" else []
        for parameter in trained:
            parameter.data = parameter.data.float()
        for batch in batches:
            if clock.is_over():
                report.skip("%s %s of diffusers, batch %d: no time left" % (size, task, batch))
                continue

            def make(batch=batch, trained=trained):
                shapes = [leaf["shape"][1:] for leaf in graph["leaves"] if leaf["role"] == "INPUT"]
                names = [leaf["name"] for leaf in graph["leaves"] if leaf["role"] == "INPUT"]
                made = {name: torch.randn([batch] + shape, device=device, dtype=torch.bfloat16)
                        for name, shape in zip(names, shapes)}
                made["timestep"] = torch.full([batch], 500, device=device)
                arguments = [made[n] for n in ("sample", "timestep", "encoder_hidden_states")]

                def forward():
                    with torch.no_grad():
                        return model(*arguments, return_dict=False)

                def step():
                    with torch.autocast(device.type, torch.bfloat16):
                        out = model(*arguments, return_dict=False)[0]
                    return torch.autograd.grad([out], trained, [torch.ones_like(out)])
                return step if trained else forward
            entry = {"size": size, "task": task, "precision": "bfloat16", "batch": batch,
                     "mode": "diffusers"}
            if not time_one(report, entry, make, device, seconds):
                break
    model = None
    clean(device)


# ---- 5: a round of DDPO

def schedule(steps, device):
    """Of Stable Diffusion, with eta = 1: times, and for each the numbers of its step."""
    betas = torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=torch.float64) ** 2
    alphas = torch.cumprod(1 - betas, 0)
    times, rows = [], []
    for i in reversed(range(steps)):
        time_now = i * (1000 // steps) + 1
        before = time_now - 1000 // steps
        a = alphas[time_now].item()
        b = alphas[max(before, 0)].item()
        variance = (1 - b) / (1 - a) * (1 - a / b)
        times.append(float(time_now))
        rows.append([math.sqrt(a), math.sqrt(1 - a), math.sqrt(b), math.sqrt(1 - b - variance),
                     math.sqrt(variance)])
    return (torch.tensor(times, device=device),
            torch.tensor(rows, dtype=torch.float64).float().to(device))


def graphed(function, arguments):
    """The function as a CUDA graph that copies its arguments in."""
    static = [x.clone() for x in arguments]
    graph, results = captured(lambda: function(*static))

    def call(*given):
        for here, there in zip(static, given):
            here.copy_(there)
        graph.replay()
        return tuple(x.clone() for x in results)
    return call


class Policy:
    """DDPO's sampling and training steps over a U-Net, with guidance, as in ddpo-pytorch."""

    GUIDANCE = 5.0
    CLIP = 1e-4

    def __init__(self, unet, trained):
        self.unet = unet  # (latents [B, ..], times [B], texts [B, ..]) to the same as latents
        self.trained = trained
        self.gradients = [torch.zeros_like(x) for x in trained]

    def mean(self, x, times, texts, row):
        halves = self.unet(torch.cat((x, x)), torch.cat((times, times)), texts).float()
        without, given = halves.chunk(2)
        noise = without + self.GUIDANCE * (given - without)
        return row[2] * (x - row[1] * noise) / row[0] + row[3] * noise

    @staticmethod
    def log_probability(after, mean, sigma):
        every = -((after - mean) ** 2) / (2 * sigma ** 2) - torch.log(sigma) \
            - 0.5 * math.log(2 * math.pi)
        return every.flatten(1).mean(1)

    def sample(self, x, times, texts, row, noise):
        with torch.no_grad():
            mean = self.mean(x, times, texts, row)
            after = mean + row[4] * noise
            return after, self.log_probability(after, mean, row[4])

    def train(self, x, times, texts, row, after, old, advantages):
        """Adds to the gradients; returns the log ratios."""
        difference = self.log_probability(after, self.mean(x, times, texts, row), row[4]) - old
        ratio = torch.exp(difference)
        loss = torch.maximum(
            -advantages * ratio,
            -advantages * ratio.clamp(1 - self.CLIP, 1 + self.CLIP)).mean()
        for sum_, gradient in zip(self.gradients,
                                  torch.autograd.grad([loss], self.trained)):
            sum_.add_(gradient)
        return (difference.detach(),)


class OutOfTime(Exception):
    pass


def ddpo_round(policy, decoder, shape, text_shape, images, steps, batch, as_graph, device, clock):
    """Seconds of sampling, decoding and training; and how far the first ratios are from 1."""
    generator = torch.Generator(device=device).manual_seed(7)

    def draw(*size):
        return torch.randn(size, generator=generator, device=device)

    times, rows = schedule(steps, device)
    texts = [draw(2 * batch, *text_shape) for _ in range(images // batch)]
    advantages = draw(images // batch, batch)
    sample, train = policy.sample, policy.train
    begin = time.perf_counter()
    if as_graph:
        x, old = draw(batch, *shape), draw(batch)
        sample = graphed(sample, [x, times[:1].expand(batch), texts[0], rows[0], x])
        train = graphed(train, [x, times[:1].expand(batch), texts[0], rows[0], x, old, old])
        for gradient in policy.gradients:
            gradient.zero_()
    synchronize(device)
    seconds = {"capture": time.perf_counter() - begin}

    # 1. Sampling: every state and its log-probability is kept.
    begin = time.perf_counter()
    records = []
    for text in texts:
        x = draw(batch, *shape)
        record = []
        for i in range(steps):
            if clock.is_over():
                raise OutOfTime()
            after, old = sample(x, times[i:i + 1].expand(batch), text, rows[i], draw(batch, *shape))
            record.append((x, after, old))
            x = after
        records.append(record)
    synchronize(device)
    seconds["sampling"] = time.perf_counter() - begin

    # 2. Decoding, to bytes on the host.
    begin = time.perf_counter()
    for record in records:
        pictures = decoder(record[-1][1] / 0.18215)
        ((pictures / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).cpu()
    seconds["decoding"] = time.perf_counter() - begin

    # 3. Training: an update after all steps of a batch.
    begin = time.perf_counter()
    optimizer = torch.optim.AdamW(policy.trained, lr=3e-4, weight_decay=1e-4)
    first, losses = 0.0, []
    for k, (text, record) in enumerate(zip(texts, records)):
        for i, (x, after, old) in enumerate(record):
            if clock.is_over():
                raise OutOfTime()
            (difference,) = train(x, times[i:i + 1].expand(batch), text, rows[i], after, old,
                                  advantages[k])
            if k == 0:
                losses.append(difference.abs().max())
        for parameter, gradient in zip(policy.trained, policy.gradients):
            parameter.grad = gradient / steps
        torch.nn.utils.clip_grad_norm_(policy.trained, 1.0)
        optimizer.step()
        for gradient in policy.gradients:
            gradient.zero_()
    synchronize(device)
    seconds["training"] = time.perf_counter() - begin
    first = max(x.item() for x in losses)
    seconds["total"] = sum(seconds.values())
    return seconds, first


def peer_unet(folder, device):
    """diffusers' U-Net with peft's LoRA, under autocast, as ddpo-pytorch runs it."""
    from diffusers import UNet2DConditionModel
    from peft import LoraConfig
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        model = UNet2DConditionModel.from_config(json.load(file))
    model.to(device, torch.bfloat16).requires_grad_(False)
    model.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(TARGETS)))
    trained = [p for p in model.parameters() if p.requires_grad]
    for parameter in trained:
        parameter.data = parameter.data.float()

    def unet(x, times, texts):
        with torch.autocast(device.type, torch.bfloat16):
            return model(x, times, texts, return_dict=False)[0]
    return unet, trained


def time_round(folder, size, modes, precision, images, steps, batch, device, clock, report):
    graph = read_graph(os.path.join(folder, "sizes", size))
    shapes = {leaf["name"]: leaf["shape"][1:] for leaf in graph["leaves"]}
    for mode in modes:
        entry = {"size": size, "task": "round", "precision": precision, "mode": mode,
                 "images": images, "steps": steps, "batch_of_images": batch}
        network = vae = policy = None
        try:
            numbers = Numbers(precision).use()
            vae = Network(read_graph(os.path.join(folder, "sizes", size + "-vae")), numbers, device,
                          False)

            def decode(latents, vae=vae):
                with torch.no_grad():
                    return torch.cat([vae.forward(vae.weights, [part])[0]
                                      for part in latents.split(4)])
            if mode == "diffusers":
                policy = Policy(*peer_unet(os.path.join(folder, "sizes", size), device))
            else:
                network = Network(graph, numbers, device, True)
                order = [("sample", "timestep", "encoder_hidden_states").index(name)
                         for name in network.program.inputs]

                def unet(*arguments, network=network, order=order):
                    return network.forward(network.weights, [arguments[i] for i in order])[0]
                policy = Policy(unet, network.masters)
            seconds, first = ddpo_round(
                policy, decode, shapes["sample"], shapes["encoder_hidden_states"], images, steps,
                batch, mode == "graph", device, clock)
            entry.update(seconds=seconds, first_log_ratio=first)
            if mode != "diffusers" and not first <= Policy.CLIP:
                report.fail("%s round, %s: before the first update a log ratio is %.1e" % (
                    size, mode, first))
            print("%s: DDPO round of %d images, %d steps, batches of %d, %s, %s: %s; "
                  "first log ratio at most %.1e" % (
                      size, images, steps, batch, precision, mode,
                      ", ".join("%s %.2f s" % item for item in seconds.items()), first), flush=True)
        except ImportError as error:
            report.skip("round of %s: %s" % (mode, error))
            continue
        except OutOfTime:
            report.skip("round of %s in %s: no time left" % (size, mode))
            continue
        except RuntimeError as error:
            entry["error"] = "out of memory" if is_out_of_memory(error) else first_line(error)
            print("%s round, %s: %s" % (size, mode, entry["error"]), flush=True)
        finally:
            network = vae = policy = None
            clean(device)
        report.add("rounds", entry)


def table(report):
    """Milliseconds, one line for a batch, one column for a precision and mode."""
    groups = {}
    for entry in report.data["timings"]:
        if "batch" in entry:
            groups.setdefault((entry["size"], entry["task"]), []).append(entry)
    for (size, task), entries in groups.items():
        columns = []
        for entry in entries:
            column = (entry["precision"], entry["mode"])
            if column not in columns:
                columns.append(column)
        print("\n%s, %s: milliseconds (median)" % (
            size, "forward" if task == "forward" else "LoRA step: forward and backward"))
        print("batch " + " ".join("%12s" % precision for precision, _ in columns))
        print("      " + " ".join("%12s" % mode.replace("compiled graph", "comp. graph")
                                  for _, mode in columns))
        for batch in sorted({entry["batch"] for entry in entries}):
            cells = []
            for column in columns:
                cell = "-"
                for entry in entries:
                    if (entry["precision"], entry["mode"]) == column and entry["batch"] == batch:
                        error = entry.get("error", "")
                        cell = "%.2f" % entry["ms"] if not error else (
                            "no memory" if "memory" in error else "error")
                cells.append("%12s" % cell)
            print("%5d %s" % (batch, " ".join(cells)))


def machine(device):
    found = {"torch": torch.__version__, "python": platform.python_version(),
             "platform": platform.platform(), "device": str(device),
             "attention_in_one_call": SDPA_HAS_SCALE, "threads": torch.get_num_threads(),
             "cuda": torch.version.cuda}
    if on_gpu(device):
        properties = torch.cuda.get_device_properties(device)
        found.update(gpu=properties.name, gpu_bytes=properties.total_memory,
                     capability="%d.%d" % (properties.major, properties.minor),
                     cudnn=torch.backends.cudnn.version(),
                     architectures=torch.cuda.get_arch_list())
    return found


def words_of(text, known, what):
    words = [word for word in text.split(",") if word]
    unknown = [word for word in words if word not in known]
    if unknown:
        sys.exit("%s: there is no %s; there are %s" % (
            what, ", ".join(unknown), ", ".join(sorted(known))))
    return words


def numbers_of(text):
    return [int(part) for part in text.split(",") if part]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", help="the folder that TorchBundle wrote")
    parser.add_argument("--device", choices=["cpu", "cuda"],
                        default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--quick", action="store_true",
                        help="correctness, and a small U-Net's times to see that timing works")
    parser.add_argument("--minutes", type=float, default=0,
                        help="begin nothing new after that; what is left out is listed")
    parser.add_argument("--out", default="torch-check.json", help="the results")
    parser.add_argument("--sizes", default="",
                        help="of sd15,sdxl,sd15-vae,small,small-vae; on a GPU the first three")
    parser.add_argument("--tasks", default="forward,step")
    parser.add_argument("--precisions", default="", help="of float32,tf32,bfloat16")
    parser.add_argument("--batches", default="", help="1,2,4,8,16,32")
    parser.add_argument("--compile-batches", default=None,
                        help="1,8; in bfloat16; compiling takes minutes for each; empty for none")
    parser.add_argument("--seconds", type=float, default=1, help="for each figure")
    parser.add_argument("--round", default=None,
                        help="of eager,graph,diffusers: a DDPO round each; empty for none")
    parser.add_argument("--round-images", type=int, default=64)
    parser.add_argument("--round-steps", type=int, default=50)
    parser.add_argument("--round-batch", type=int, default=8,
                        help="images; the U-Net sees twice as many")
    parser.add_argument("--checks-only", action="store_true", help="no times")
    parser.add_argument("--times-only", action="store_true", help="no checks")
    options = parser.parse_args()
    device = torch.device(options.device)
    if on_gpu(device) and not torch.cuda.is_available():
        sys.exit("torch finds no GPU: is it a build for CUDA, and does nvidia-smi work?")
    torch.manual_seed(1)
    if not os.path.exists(os.path.join(options.bundle, "bundle.json")):
        sys.exit("no bundle.json in %s: scripts/torch-bundle writes that folder, where there is a "
                 "JDK" % options.bundle)
    with open(os.path.join(options.bundle, "bundle.json"), encoding="utf-8") as file:
        bundle = json.load(file)
    gpu = on_gpu(device)
    # On a processor TF32 is float32, and the real sizes take minutes a run.
    precisions = words_of(
        options.precisions, ["float32", "tf32", "bfloat16"], "--precisions") or (
        ["float32", "tf32", "bfloat16"] if gpu else ["float32", "bfloat16"])
    small = options.quick or not gpu
    known = [path.split("/")[-1] for path in bundle["sizes"]]
    sizes = words_of(options.sizes, known, "--sizes") or (
        ["small", "small-vae"] if small else ["sd15", "sdxl", "sd15-vae"])
    batches = numbers_of(options.batches or ("1,2" if small else "1,2,4,8,16,32"))
    compile_batches = options.compile_batches
    if compile_batches is None:
        compile_batches = "" if small else "1,8"
    clock = Clock(options.minutes)
    report = Report(options.out, machine(device))
    print(", ".join("%s %s" % item for item in report.data["machine"].items()), flush=True)

    if not options.times_only:
        check_bundle(options.bundle, bundle, precisions, device, report)
        check_lora(options.bundle, report)
        if gpu:
            for precision in precisions:
                runs = 50 if options.quick else 500
                check_memory(options.bundle, precision, runs, device, report)
        else:
            report.skip("memory over many runs: only on a GPU")
    unets = [size for size in sizes if not size.endswith("-vae")]
    graphs = {size: read_graph(os.path.join(options.bundle, "sizes", size)) for size in sizes}
    if not options.times_only:
        for size in unets:
            check_size(size, graphs[size], precisions, device, report)
    if not options.checks_only:
        tasks = words_of(options.tasks, ["forward", "step"], "--tasks")
        # What says most comes first, in case the time does not last.
        order = [p for p in ("bfloat16", "tf32", "float32") if p in precisions]
        for precision in order:
            for size in sizes:
                time_size(size, graphs[size], tasks if size in unets else ["forward"], [precision],
                          batches, [], device, options.seconds, clock, report)
            if precision != order[0]:
                continue
            few = [batch for batch in (1, 8) if batch in batches]
            for size in unets:
                time_diffusers(os.path.join(options.bundle, "sizes", size), size, graphs[size],
                               tasks, batches, device, options.seconds, clock, report)
                if gpu:
                    profile(size, graphs[size], tasks, few, device, clock, report)
            images, steps, batch = (4, 3, 2) if small else (
                options.round_images, options.round_steps, options.round_batch)
            rounds = options.round
            if rounds is None:
                rounds = "eager,graph,diffusers" if gpu else "eager"
            time_round(options.bundle, "small" if small else "sd15",
                       words_of(rounds, ["eager", "graph", "diffusers"], "--round"), precision,
                       images, steps, batch, device, clock, report)
            if compile_batches:
                for size in unets:
                    time_size(size, graphs[size], tasks, ["bfloat16"], [],
                              numbers_of(compile_batches), device, options.seconds, clock, report)
            for size in unets if gpu else []:
                time_variants(size, graphs[size], tasks, few, device, options.seconds, clock,
                              report)
        table(report)
    failures = report.data["failures"]
    left_out = len(report.data["not_run"])
    print("\n%s%s; figures: %s" % (
        "all that ran passed" if not failures else "%d FAILED" % len(failures),
        ", %d not run, see above" % left_out if left_out else "", options.out))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
