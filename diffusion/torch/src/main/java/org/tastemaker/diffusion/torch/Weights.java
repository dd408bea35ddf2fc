package org.tastemaker.diffusion.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Frozen weights on devices: one copy for each weight, device, type and form, however many
 * functions read it. A copy lives as long as a function that has leased it.
 *
 * <p>Whether a weight has changed is told from a checksum of the owner's array, so that handing out
 * a function again does not send the whole network over the bus. While a weight is trained on a
 * device, its numbers are those of the training, whoever reads it.
 */
final class Weights {
  private final IdentityHashMap<INDArray, Weight> weights = new IdentityHashMap<>();
  private final IdentityHashMap<INDArray, TrainedMasters> trained = new IdentityHashMap<>();

  /** What makes two copies of a weight different. */
  private record Form(Use use, String device, Numbers numbers) {}

  /** One array of the owner's, and its copies. */
  private static final class Weight {
    private final INDArray array;
    private final Map<Form, Copy> copies = new HashMap<>();
    private Source source;

    private Weight(INDArray array, Source source) {
      this.array = array;
      this.source = source;
    }
  }

  /**
   * What copies were made of.
   *
   * @param training null for the owner's array
   * @param state the training's version, or the array's checksum
   */
  private record Source(@Nullable TrainedMasters training, long state) {}

  /** A copy on a device. */
  private static final class Copy {
    private final Tensor tensor;
    private int users;

    private Copy(Tensor tensor) {
      this.tensor = tensor;
    }
  }

  /** A function's hold on the weights of one device. */
  final class Lease implements AutoCloseable {
    private final Device device;
    private final Numbers numbers;
    private final Set<Key> keys = new LinkedHashSet<>();
    private final Map<Key, Tensor> tensors = new HashMap<>();

    private Lease(Device device, Numbers numbers) {
      this.device = device;
      this.numbers = numbers;
    }

    /** The copy of an array in a form, made if there is none; not to be closed. */
    Tensor get(INDArray array, Use use) {
      Key key = new Key(array, use);
      Tensor known = tensors.get(key);
      if (known != null) {
        return known;
      }
      Tensor tensor = lease(array, new Form(use, device.str().getString(), numbers), device);
      keys.add(key);
      tensors.put(key, tensor);
      return tensor;
    }

    /** Reads the weights again whose owner has changed them. */
    void refresh() {
      refreshAll(keys.stream().map(Key::array).distinct().toList());
    }

    @Override
    public void close() {
      for (Key key : keys) {
        release(key.array, new Form(key.use, device.str().getString(), numbers));
      }
      keys.clear();
      tensors.clear();
    }
  }

  /** An array by its identity, in a form. */
  private record Key(INDArray array, Use use) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && key.array == array && key.use == use;
    }

    @Override
    public int hashCode() {
      return Objects.hash(System.identityHashCode(array), use);
    }
  }

  Lease lease(Device device, Numbers numbers) {
    return new Lease(device, numbers);
  }

  // ---- Trained on a device

  /** From now on a training has the numbers of these arrays. */
  synchronized void train(TrainedMasters training, List<INDArray> arrays) {
    for (INDArray array : arrays) {
      if (trained.containsKey(array)) {
        throw new IllegalStateException(
            "a parameter is trained on a device already: end one training before the next");
      }
    }
    arrays.forEach(array -> trained.put(array, training));
  }

  /** The arrays have their own numbers again. */
  synchronized void endTraining(TrainedMasters training, List<INDArray> arrays) {
    arrays.forEach(array -> trained.remove(array, training));
  }

  /** What trains an array on a device, if anything does. */
  synchronized @Nullable TrainedMasters training(INDArray array) {
    return trained.get(array);
  }

  // ---- Copies

  /** The bytes of all copies. */
  synchronized long bytes() {
    long bytes = 0;
    for (Weight weight : weights.values()) {
      for (Copy copy : weight.copies.values()) {
        bytes += copy.tensor.nbytes();
      }
    }
    return bytes;
  }

  private synchronized Tensor lease(INDArray array, Form form, Device device) {
    Weight weight = weights.get(array);
    Source source = source(array);
    if (weight == null) {
      weight = new Weight(array, source);
      weights.put(array, weight);
    } else {
      // Its other users may not have been told yet that it was trained.
      refresh(weight, source);
    }
    Copy copy =
        weight.copies.computeIfAbsent(
            form, f -> new Copy(prepare(array, source.training, f, device)));
    copy.users++;
    return copy.tensor;
  }

  private synchronized void release(INDArray array, Form form) {
    Weight weight = Objects.requireNonNull(weights.get(array));
    Copy copy = Objects.requireNonNull(weight.copies.get(form));
    if (--copy.users == 0) {
      copy.tensor.close();
      weight.copies.remove(form);
    }
    if (weight.copies.isEmpty()) {
      weights.remove(array);
    }
  }

  private synchronized void refreshAll(List<INDArray> arrays) {
    List<Weight> read = new ArrayList<>();
    arrays.forEach(array -> read.add(Objects.requireNonNull(weights.get(array))));
    // Gigabytes: every core reads some.
    List<Source> sources = read.parallelStream().map(weight -> source(weight.array)).toList();
    for (int i = 0; i < sources.size(); i++) {
      refresh(read.get(i), sources.get(i));
    }
  }

  /** Reads the map alone, which no one writes meanwhile. */
  private Source source(INDArray array) {
    TrainedMasters training = trained.get(array);
    return new Source(training, training == null ? checksum(array) : training.version());
  }

  private static void refresh(Weight weight, Source source) {
    if (!weight.source.equals(source)) {
      weight.source = source;
      weight.copies.forEach((form, copy) -> fill(copy.tensor, weight.array, source.training, form));
    }
  }

  /** A tensor on the device; it owns its memory, so that it does not change with the array. */
  @SuppressWarnings("try") // scopes are there to be closed
  private static Tensor prepare(
      INDArray array, @Nullable TrainedMasters training, Form form, Device device) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      Tensor source = read(array, training);
      Tensor prepared = form.use.apply(source, form.numbers);
      if (prepared.data_ptr().address() == source.data_ptr().address()
          && (device.is_cpu() || training != null)) {
        prepared = prepared.clone();
      }
      Tensor tensor = prepared.to(device, prepared.scalar_type());
      return tensor.retainReference();
    }
  }

  @SuppressWarnings("try")
  private static void fill(
      Tensor tensor, INDArray array, @Nullable TrainedMasters training, Form form) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      tensor.copy_(form.use.apply(read(array, training), form.numbers));
    }
  }

  /**
   * In a scope. A weight in half precision is widened, one at a time, so that it counts the same.
   */
  private static Tensor read(INDArray array, @Nullable TrainedMasters training) {
    if (training != null) {
      return training.master(array).detach();
    }
    Tensor own = HostArrays.view(array);
    boolean half = array.dataType() == DataType.FLOAT16 || array.dataType() == DataType.BFLOAT16;
    return half ? own.to(ScalarType.Float) : own;
  }

  private static long checksum(INDArray array) {
    CRC32C sum = new CRC32C();
    long bytes = array.length() * array.dataType().width();
    // A pointer of its own, which owns no memory and must not be closed.
    sum.update(new BytePointer(array.data().addressPointer()).capacity(bytes).asByteBuffer());
    return sum.getValue();
  }
}
