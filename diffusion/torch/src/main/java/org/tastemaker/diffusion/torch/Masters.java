package org.tastemaker.diffusion.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.Leaf;

/**
 * What may change between any two runs, on one device: trainable parameters and constants, in the
 * type of the graph. On the CPU a master is the owner's own memory. On another device it is a copy,
 * which is written only when the owner's numbers are no longer those that were sent.
 */
final class Masters implements AutoCloseable {
  private final Map<Integer, Tensor> tensors = new HashMap<>();
  private final List<Sent> sent = new ArrayList<>();

  /** A copy, and the numbers that it was made of. */
  private record Sent(INDArray array, Tensor host, Tensor tensor, BytePointer numbers) {}

  /**
   * Makes the masters.
   *
   * @param leaves by number
   * @param device where they are
   * @param shared whether they are the owner's memory; only on the CPU
   */
  @SuppressWarnings("try") // a scope is there to be closed
  Masters(List<Leaf> leaves, Device device, boolean shared) {
    for (int i = 0; i < leaves.size(); i++) {
      Leaf leaf = leaves.get(i);
      if (leaf.role() == Leaf.Role.INPUT || leaf.role() == Leaf.Role.FROZEN) {
        continue;
      }
      INDArray array = Objects.requireNonNull(leaf.array());
      Tensor host = HostArrays.view(array);
      Tensor tensor = host;
      if (!shared) {
        try (PointerScope scope = new PointerScope()) {
          tensor = host.clone().to(device, host.scalar_type()).retainReference();
        }
        long bytes = host.nbytes();
        BytePointer numbers = new BytePointer(bytes);
        Pointer.memcpy(numbers, host.data_ptr(), bytes);
        sent.add(new Sent(array, host, tensor, numbers));
      }
      if (leaf.role() == Leaf.Role.TRAINABLE) {
        tensor.set_requires_grad(true);
      }
      tensors.put(i, tensor);
    }
  }

  /** The master of a leaf; not to be closed. */
  Tensor get(int leaf) {
    return Objects.requireNonNull(tensors.get(leaf));
  }

  /** Sends what the owner has changed; says how many arrays that were. */
  @SuppressWarnings("try")
  int refresh() {
    int count = 0;
    for (Sent each : sent) {
      long bytes = each.numbers.capacity();
      if (Pointer.memcmp(each.numbers, each.host.data_ptr(), bytes) != 0) {
        Pointer.memcpy(each.numbers, each.host.data_ptr(), bytes);
        try (PointerScope scope = new PointerScope();
            AutoGradMode noGradients = new AutoGradMode(false)) {
          // Not in autograd's sight: a tape that is replayed reads the new numbers, as it should.
          each.tensor.variable_data().copy_(each.host);
        }
        count++;
      }
    }
    return count;
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
    sent.forEach(
        each -> {
          each.host.close();
          each.numbers.close();
        });
    tensors.clear();
    sent.clear();
  }
}
