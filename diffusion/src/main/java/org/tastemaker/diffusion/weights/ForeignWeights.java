package org.tastemaker.diffusion.weights;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a file is that is no safetensors file, by its first bytes. */
final class ForeignWeights {
  private ForeignWeights() {}

  /**
   * What the bytes begin.
   *
   * @param first up to 8 bytes
   * @return for the end of a message
   */
  static String what(ByteBuffer first) {
    byte[] bytes = new byte[first.remaining()];
    first.duplicate().get(bytes);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    if (bytes.length == 0) {
      return ": it is empty; download it again";
    }
    if (text.startsWith("version ")) {
      return ": it is a pointer of Git LFS and not the weights; fetch them with 'git lfs pull'";
    }
    if (text.startsWith("PK\3\4") || text.startsWith("\u0080\2")) {
      return ": it is a file of PyTorch, which may hold code and is not read; convert it to"
          + " safetensors";
    }
    if (text.startsWith("<")) {
      return ": it is a page of HTML or XML, as a server gives one in a file's place; download the"
          + " weights again";
    }
    if (text.startsWith("GGUF")) {
      return ": it is a GGUF file; the model's safetensors are needed";
    }
    return ": it is cut short or not a safetensors file";
  }
}
