package org.tastemaker.diffusion.torch;

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
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.Leaf;

/**
 * What may change between any two runs, on one device: trainable parameters and constants, in the
 * type of the graph.
 *
 * <ul>
 *   <li>While a parameter is trained on this device, its master is the training's own memory.
 *   <li>While it is trained on another, the master is a copy, written after each update.
 *   <li>Otherwise on the CPU the master is the owner's own memory.
 *   <li>Otherwise it is a copy, which is written only when the owner's numbers are no longer those
 *       that were sent.
 * </ul>
 */
@SuppressWarnings("try") // scopes are there to be closed
final class Masters implements AutoCloseable {
  private final Device device;
  private final boolean shared;
  private final Weights weights;
  private final Map<Integer, Master> masters = new HashMap<>();
  private int moves;

  /** One leaf's tensor, and what it was made of. */
  private final class Master implements AutoCloseable {
    private final INDArray array;
    private final boolean trainable;
    private final Tensor host;
    private @Nullable Tensor tensor;
    private @Nullable BytePointer sent; // the numbers that the copy was made of
    private @Nullable TrainedMasters training;
    private long version;

    private Master(Leaf leaf) {
      array = Objects.requireNonNull(leaf.array());
      trainable = leaf.role() == Leaf.Role.TRAINABLE;
      host = HostArrays.view(array);
      training = weights.training(array);
      make();
    }

    private void make() {
      TrainedMasters here = training;
      moves++;
      if (here != null && isHere(here.device())) {
        tensor = new Tensor(here.master(array)); // the same one, by a handle of its own
        return;
      }
      version = here == null ? 0 : here.version();
      if (here == null && shared) {
        tensor = new Tensor(host);
      } else {
        try (PointerScope scope = new PointerScope();
            AutoGradMode noGradients = new AutoGradMode(false)) {
          Tensor source = here == null ? host.clone() : here.master(array).detach();
          tensor = source.to(device, host.scalar_type()).retainReference();
        }
        if (here == null) {
          BytePointer numbers = new BytePointer(host.nbytes());
          Pointer.memcpy(numbers, host.data_ptr(), host.nbytes());
          sent = numbers;
        }
      }
      if (trainable) {
        tensor.set_requires_grad(true);
      }
    }

    /** Makes the numbers those that they should be; says whether any were sent. */
    private boolean refresh() {
      TrainedMasters now = weights.training(array);
      if (now != training) {
        drop();
        training = now;
        make();
        return true;
      }
      if (now != null) {
        if (isHere(now.device()) || version == now.version()) {
          return false;
        }
        version = now.version();
        copy(now.master(array));
        return true;
      }
      BytePointer numbers = sent;
      if (numbers == null || Pointer.memcmp(numbers, host.data_ptr(), numbers.capacity()) == 0) {
        return false;
      }
      Pointer.memcpy(numbers, host.data_ptr(), numbers.capacity());
      copy(host);
      return true;
    }

    private void copy(Tensor source) {
      try (PointerScope scope = new PointerScope();
          AutoGradMode noGradients = new AutoGradMode(false)) {
        // Not in autograd's sight: a tape that is replayed reads the new numbers, as it should.
        Objects.requireNonNull(tensor).variable_data().copy_(source.detach());
      }
    }

    private void drop() {
      if (tensor != null) {
        tensor.close();
        tensor = null;
      }
      if (sent != null) {
        sent.close();
        sent = null;
      }
    }

    @Override
    public void close() {
      drop();
      host.close();
    }
  }

  /**
   * Makes the masters.
   *
   * @param leaves by number
   * @param device where they are; stays the caller's
   * @param shared whether they are the owner's memory; only on the CPU
   * @param weights knows what is trained on a device
   */
  Masters(List<Leaf> leaves, Device device, boolean shared, Weights weights) {
    this.device = device;
    this.shared = shared;
    this.weights = weights;
    for (int i = 0; i < leaves.size(); i++) {
      Leaf leaf = leaves.get(i);
      if (leaf.role() != Leaf.Role.INPUT && leaf.role() != Leaf.Role.FROZEN) {
        masters.put(i, new Master(leaf));
      }
    }
  }

  private boolean isHere(Device other) {
    return other.str().getString().equals(device.str().getString());
  }

  /** The master of a leaf, until the next {@link #refresh}; not to be closed. */
  Tensor get(int leaf) {
    return Objects.requireNonNull(Objects.requireNonNull(masters.get(leaf)).tensor);
  }

  /** Sends what has changed; says how many arrays that were. */
  int refresh() {
    int count = 0;
    for (Master master : masters.values()) {
      count += master.refresh() ? 1 : 0;
    }
    return count;
  }

  /**
   * How often a master has become another tensor: more than before, and all are to be read anew.
   */
  int moves() {
    return moves;
  }

  @Override
  public void close() {
    masters.values().forEach(Master::close);
    masters.clear();
  }
}
