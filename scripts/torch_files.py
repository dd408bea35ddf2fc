"""Writes the files of diffusion/src/test/resources/torch, with torch 1.13: the same tensors in both of its formats and in safetensors."""
import torch, json, struct
torch.manual_seed(3)
base = torch.randn(6, 5)
class Callback: pass
tensors = {
  "float": torch.randn(3, 4), "half": torch.randn(4).half(), "bfloat": torch.randn(5).bfloat16(),
  "double": torch.randn(2).double(), "long": torch.arange(4), "rows": base[1:4], "turned": base.t(), "scalar": torch.tensor(2.5),
  "parameter": torch.nn.Parameter(torch.randn(2, 2)),
}
for kind, zip_ in (("zip", True), ("legacy", False)):
    torch.save({"state_dict": tensors, "epoch": 3, "global_step": 1000, "pytorch-lightning_version": "1.4.2", "hyper": {"lr": 1e-4}}, f"torch_{kind}.ckpt", _use_new_zipfile_serialization=zip_)
def save(path, tensors):
    header, offset, blobs = {}, 0, []
    for name, t in tensors.items():
        t = t.detach().contiguous()
        kind = {torch.float32:"F32",torch.float16:"F16",torch.bfloat16:"BF16",torch.float64:"F64",torch.int64:"I64"}[t.dtype]
        data = (t.view(torch.int16) if t.dtype==torch.bfloat16 else t).numpy().tobytes()
        header[name] = {"dtype": kind, "shape": list(t.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data); blobs.append(data)
    text = json.dumps(header).encode(); text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
save("torch.safetensors", tensors)
print(torch.__version__)
