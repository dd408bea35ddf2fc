package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.files.BoundedFiles;

/**
 * An open file of PyTorch, as {@code torch.save} writes it: {@code .ckpt}, {@code .bin}, {@code
 * .pt} or {@code .pth}. Such a file may be a program. This reads the tensors in it and runs
 * nothing: the one part that Python would run, a pickle, is read by {@code Pickle}, which knows a
 * handful of names and refuses a file with any other.
 *
 * <p>Opening reads the pickle alone; a tensor's data is read when it is asked for, from its place
 * in the file. Tensors that are views (transposed, or a part of a larger one) are gathered. Both
 * formats are read: the zip of PyTorch 1.6 and later, and the one before.
 *
 * <p>A pickle may have 8 MiB, 400,000 instructions and 20,000 tensors.
 */
public final class TorchFile implements TensorFile {
  private final Path path;
  private final FileChannel channel;
  private final ImmutableMap<String, TorchTensor> tensors;
  private final ImmutableMap<String, String> texts;
  private final ImmutableMap<String, Long> storages; // where each begins in the file, by its key

  private TorchFile(
      Path path, FileChannel channel, TorchTensors content, ImmutableMap<String, Long> storages) {
    this.path = path;
    this.channel = channel;
    this.tensors = content.tensors();
    this.texts = content.texts();
    this.storages = storages;
  }

  /**
   * Opens a file, and finds its tensors.
   *
   * @param path the file
   * @return the open file; to be closed by the caller
   * @throws TorchFileException if it is no file of PyTorch, is not whole, holds something that may
   *     be a program, or is beyond the bounds
   * @throws org.tastemaker.core.files.UnsafeFileException if it is a folder, a pipe or a device
   * @throws UncheckedIOException if it cannot be read
   */
  public static TorchFile open(Path path) {
    Objects.requireNonNull(path, "path == null");
    BoundedFiles.requireSize(path, Long.MAX_VALUE); // opening a pipe would never end
    try {
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      try {
        ByteBuffer first = ByteBuffer.allocate((int) Math.min(512, channel.size()));
        StoredElements.readFully(path, channel, 0, first);
        first.flip();
        TorchLayout layout =
            switch (FileKind.of(first)) {
              case TORCH_ZIP -> TorchLayout.ofZip(path, channel);
              case TORCH_PICKLES -> TorchLayout.ofPickles(path, channel);
              default ->
                  throw new TorchFileException(
                      path + ": not a file of PyTorch" + ForeignWeights.what(first));
            };
        TorchTensors content = TorchTensors.of(path.toString(), layout.root());
        return new TorchFile(path, channel, content, layout.begins(content.tensors().values()));
      } catch (IOException | RuntimeException | Error e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path path() {
    return path;
  }

  /**
   * The texts and numbers that stand beside the tensors, such as {@code global_step}.
   *
   * @return by name
   */
  @Override
  public ImmutableMap<String, String> metadata() {
    return texts;
  }

  @Override
  public ImmutableSet<String> names() {
    return tensors.keySet();
  }

  @Override
  public ImmutableLongArray shape(String name) {
    return tensor(name).shape();
  }

  @Override
  public DType dtype(String name) {
    return tensor(name).storage().dtype();
  }

  private TorchTensor tensor(String name) {
    TorchTensor tensor = tensors.get(Objects.requireNonNull(name, "name == null"));
    if (tensor == null) {
      throw new TorchFileException(
          path
              + ": no tensor "
              + SafetensorsHeader.quote(name)
              + "; the file has "
              + tensors.size()
              + (tensors.isEmpty()
                  ? ""
                  : ", the first is " + SafetensorsHeader.quote(names().iterator().next())));
    }
    return tensor;
  }

  @Override
  public INDArray array(String name, DataType type) {
    TorchTensor tensor = tensor(name);
    TorchStorage storage = tensor.storage();
    DType dtype = storage.dtype();
    if (!StoredElements.converts(dtype, type)) {
      throw new TorchFileException(
          path
              + ": tensor "
              + SafetensorsHeader.quote(name)
              + " is of "
              + dtype
              + " and cannot be read as "
              + type);
    }
    long begin = Objects.requireNonNull(storages.get(storage.key())); // checked when it was opened
    StoredElements elements =
        new StoredElements(path, channel, dtype, begin + tensor.offset() * dtype.bytes());
    return tensor.contiguous()
        ? elements.array(tensor.shape().toArray(), type)
        : Gathered.array(name, tensor, elements, type);
  }

  /** Closes the file. Arrays that were read from it stay. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
