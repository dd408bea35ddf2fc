package org.tastemaker.diffusion.weights;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a file is that is no file of tensors, by its first bytes. */
final class ForeignWeights {
  /** Where a tar file names itself. */
  private static final int USTAR = 257;

  private ForeignWeights() {}

  /**
   * What the bytes begin.
   *
   * @param first at least 8 bytes, if it has as many; a tar file needs 262
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
    if (FileKind.of(first) != FileKind.OTHER) {
      return ": it is a file of PyTorch; open it with TorchFile or TensorFiles";
    }
    if (text.length() > USTAR + 5 && text.startsWith("ustar", USTAR)) {
      return ": it is a tar file, as PyTorch wrote them before version 0.1.10; save it anew with a"
          + " later one";
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
