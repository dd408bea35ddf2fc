package org.tastemaker.diffusion.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.tastemaker.core.files.BoundedFiles;
import org.tastemaker.core.files.MissingPath;

/** Opens files of tensors, whatever their names end in. */
public final class TensorFiles {
  private TensorFiles() {}

  /**
   * Opens a safetensors file or a file of PyTorch; which it is is told by its first bytes.
   *
   * @param path the file
   * @return the open file; to be closed by the caller
   * @throws SafetensorsException if it is none of them, or a damaged safetensors file; the message
   *     says what it is
   * @throws TorchFileException if it is a file of PyTorch that is damaged or holds more than
   *     tensors
   * @throws IllegalArgumentException if there is nothing at that path
   */
  public static TensorFile open(Path path) {
    Objects.requireNonNull(path, "path == null");
    MissingPath.require(path);
    BoundedFiles.requireSize(path, Long.MAX_VALUE);
    ByteBuffer first = ByteBuffer.allocate(16);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      StoredElements.readFully(
          path, channel, 0, first.limit((int) Math.min(first.capacity(), channel.size())));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
    }
    return FileKind.of(first.flip()) == FileKind.OTHER
        ? SafetensorsFile.open(path)
        : TorchFile.open(path);
  }
}
