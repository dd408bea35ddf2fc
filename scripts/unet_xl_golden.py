"""Makes the reference numbers of a small U-Net of the structure of Stable Diffusion XL.

With diffusers 0.27.2 and torch 1.13 it made diffusion/src/test/resources/goldens/unet_xl_tiny:

    python3 scripts/unet_xl_golden.py FOLDER
"""
import json, os, struct, sys
import torch
from diffusers import UNet2DConditionModel

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
torch.manual_seed(7)
torch.set_grad_enabled(True)
config = dict(
    sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16),
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    layers_per_block=1, transformer_layers_per_block=(1, 2), attention_head_dim=(2, 4),
    cross_attention_dim=12, norm_num_groups=4, use_linear_projection=True,
    addition_embed_type="text_time", addition_time_embed_dim=8,
    projection_class_embeddings_input_dim=10 + 6 * 8)
unet = UNet2DConditionModel(**config)
sample = torch.randn(2, 4, 8, 8)
timestep = torch.tensor([981, 17])
text = torch.randn(2, 5, 12, requires_grad=True)
pooled = torch.randn(2, 10)
ids = torch.tensor([[64., 64., 0., 0., 64., 64.], [1024., 768., 16., 32., 512., 640.]])
cotangent = torch.randn(2, 4, 8, 8)
y = unet(sample, timestep, text, added_cond_kwargs={"text_embeds": pooled, "time_ids": ids}).sample
(y * cotangent).sum().backward()
grads = ["add_embedding.linear_1.weight", "add_embedding.linear_2.bias", "conv_in.weight", "conv_out.weight",
    "time_embedding.linear_1.weight",
    "down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_k.weight",
    "down_blocks.1.attentions.0.proj_in.weight", "mid_block.attentions.0.transformer_blocks.1.attn1.to_q.weight",
    "mid_block.resnets.1.time_emb_proj.weight", "up_blocks.0.attentions.1.transformer_blocks.1.ff.net.2.weight",
    "up_blocks.1.resnets.1.conv_shortcut.weight"]
io = {"sample": sample, "timestep": timestep, "encoder_hidden_states": text.detach(), "text_embeds": pooled,
      "time_ids": ids, "out": y.detach(), "cotangent": cotangent, "grad_input.encoder_hidden_states": text.grad}
named = dict(unet.named_parameters())
for name in grads:
    io["grad." + name] = named[name].grad

def save(path, tensors):
    header, offset, blobs = {}, 0, []
    for name, t in tensors.items():
        t = t.detach().contiguous()
        data = t.numpy().tobytes()
        header[name] = {"dtype": "I64" if t.dtype == torch.int64 else "F32", "shape": list(t.shape),
                        "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        blobs.append(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))

save(out + "/io.safetensors", io)
save(out + "/diffusion_pytorch_model.safetensors", unet.state_dict())
with open(out + "/config.json", "w") as f:
    json.dump({k: v for k, v in dict(unet.config).items() if not k.startswith("_") or k == "_class_name"}, f, indent=2)
print(sum(p.numel() for p in unet.parameters()), "parameters")
