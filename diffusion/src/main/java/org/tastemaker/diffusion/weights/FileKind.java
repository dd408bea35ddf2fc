package org.tastemaker.diffusion.weights;

import java.nio.ByteBuffer;

/** What a file of tensors is, by its first bytes. */
enum FileKind {
  /** What {@code torch.save} writes since PyTorch 1.6. */
  TORCH_ZIP,
  /** What {@code torch.save} wrote before, or another pickle. */
  TORCH_PICKLES,
  /** Safetensors, or something else. */
  OTHER;

  static FileKind of(ByteBuffer first) {
    if (first.remaining() >= 4 && first.getInt(first.position()) == 0x504B0304) {
      return TORCH_ZIP;
    }
    boolean pickle =
        first.remaining() >= 2
            && (first.get(first.position()) & 0xFF) == 0x80
            && first.get(first.position() + 1) >= 2
            && first.get(first.position() + 1) <= 5;
    // The length of a safetensors header could begin so too; behind it there is a brace.
    boolean header = first.remaining() >= 9 && first.get(first.position() + 8) == '{';
    return pickle && !header ? TORCH_PICKLES : OTHER;
  }
}
