package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.AdamStep;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;

/**
 * Trained parameters on a device. Each kind of number is one tensor in which the parameters lie one
 * after the other, so that an update is some twenty calls for millions of numbers and not twenty
 * for each parameter. Functions read their weights as views of it.
 *
 * <p>An update goes over the numbers in pieces, since its double arithmetic would else take several
 * times the memory of the weights.
 */
@SuppressWarnings("try") // scopes are there to be closed
final class TorchTraining implements ResidentTraining, TrainedMasters {
  /** Every parameter begins at a multiple of 256 bytes, as LibTorch's own memory does. */
  private static final long ALIGNMENT = 64;

  private final ImmutableList<INDArray> parameters;
  private final IdentityHashMap<INDArray, Integer> numbers = new IdentityHashMap<>();
  private final long[] offsets;
  private final long size;
  private final long piece;
  private final Device device;
  private final Weights weights;
  private final MemoryGuard memory;
  private final Map<Kind, Tensor> flat = new EnumMap<>(Kind.class);
  private final List<Tensor> masters = new ArrayList<>();
  private final BitSet received = new BitSet();
  private long version;
  private boolean closed;

  /**
   * Zeros.
   *
   * @param parameters distinct, in C order
   * @param averages whether averages are kept
   * @param device where; closed with it
   * @param weights of the engine, which tells functions where to read
   * @param memory tells a lack of memory from other failures
   * @param piece how many numbers are updated at a time
   */
  TorchTraining(
      ImmutableList<INDArray> parameters,
      boolean averages,
      Device device,
      Weights weights,
      MemoryGuard memory,
      long piece) {
    this.parameters = parameters;
    this.device = device;
    this.weights = weights;
    this.memory = memory;
    this.piece = piece;
    offsets = new long[parameters.size()];
    long end = 0;
    for (int i = 0; i < offsets.length; i++) {
      if (numbers.put(parameters.get(i), i) != null) {
        throw new IllegalArgumentException("parameter " + i + " is there twice");
      }
      offsets[i] = end;
      end += (parameters.get(i).length() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    size = end;
    try {
      memory.run(
          () -> {
            for (Kind kind : Kind.values()) {
              if (kind != Kind.AVERAGES || averages) {
                flat.put(kind, zeros());
              }
            }
          });
    } catch (MemoryGuard.OutOfMemory e) {
      flat.values().forEach(Tensor::close);
      device.close();
      throw e.report(
          "the device's memory does not hold the training's state, "
              + size * Float.BYTES * (averages ? 5 : 4) / (1 << 20)
              + " MB: update on the host, Placement.withUpdates(Updates.HOST), train an adapter"
              + " (Lora) and not all weights, or take a device with more memory");
    }
    for (int i = 0; i < offsets.length; i++) {
      try (PointerScope scope = new PointerScope()) {
        // With a count of changes of its own: an update is none of autograd's business.
        Tensor master = part(Kind.WEIGHTS, i).view(parameters.get(i).shape()).variable_data();
        master.set_requires_grad(true);
        masters.add(master.retainReference());
      }
    }
    weights.train(this, parameters);
  }

  private Tensor zeros() {
    try (PointerScope scope = new PointerScope()) {
      TensorOptions options =
          new TensorOptions()
              .dtype(new ScalarTypeOptional(ScalarType.Float))
              .device(new DeviceOptional(device));
      return torch.zeros(new long[] {size}, options).retainReference();
    }
  }

  /** In a scope. */
  private Tensor part(Kind kind, int parameter) {
    return all(kind).narrow(0, offsets[parameter], parameters.get(parameter).length());
  }

  private Tensor all(Kind kind) {
    Tensor tensor = flat.get(kind);
    if (closed || tensor == null) {
      throw new IllegalStateException(
          closed ? "the training is closed" : "it was made without " + kind);
    }
    return tensor;
  }

  // ---- What functions read and write

  /** Whether it holds a parameter. */
  boolean holds(@Nullable INDArray array) {
    return numbers.containsKey(array);
  }

  @Override
  public Tensor master(INDArray array) {
    return masters.get(number(array));
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public long version() {
    return version;
  }

  private int number(INDArray array) {
    Integer number = numbers.get(array);
    if (number == null) {
      throw new IllegalArgumentException("the training does not hold this parameter");
    }
    return number;
  }

  /** Adds to a parameter's gradient. */
  void add(INDArray array, Tensor gradient) {
    int number = number(array);
    apart(
        () -> {
          Tensor sum = part(Kind.GRADIENTS, number).view(array.shape());
          Tensor here = gradient.to(device, ScalarType.Float);
          if (received.get(number)) {
            sum.add_(here);
          } else {
            sum.copy_(here);
          }
        });
    received.set(number);
  }

  // ---- ResidentTraining

  @Override
  public void upload(Kind kind, int parameter, FloatBuffer values) {
    int length = Math.toIntExact(parameters.get(parameter).length());
    apart(() -> part(kind, parameter).copy_(host(values.slice().limit(length))));
    if (kind == Kind.GRADIENTS) {
      received.set(parameter);
    }
    version++;
  }

  @Override
  public void download(Kind kind, int parameter, FloatBuffer to) {
    int length = Math.toIntExact(parameters.get(parameter).length());
    if (kind == Kind.GRADIENTS && !received.get(parameter)) {
      to.put(to.position(), new float[length]);
      return;
    }
    FloatBuffer target = to.slice().limit(length);
    apart(
        () -> {
          if (target.isDirect()) {
            host(target).copy_(part(kind, parameter));
          } else {
            Tensor here = part(kind, parameter).cpu();
            target.put(new FloatPointer(here.data_ptr_float()).capacity(length).asBuffer());
          }
        });
  }

  /** A buffer's numbers as a tensor: in place if it lies outside the heap. */
  private static Tensor host(FloatBuffer values) {
    return torch.from_blob(
        new FloatPointer(values),
        new long[] {values.remaining()},
        new TensorOptions(ScalarType.Float));
  }

  @Override
  public void begin() {
    received.clear();
  }

  @Override
  public boolean hasGradient(int parameter) {
    return received.get(parameter);
  }

  @Override
  public double squares() {
    double[] sum = new double[1];
    apart(
        () -> {
          // Parameters without a gradient hold an old one.
          if (received.cardinality() < parameters.size()) {
            for (int i = 0; i < parameters.size(); i++) {
              sum[0] += received.get(i) ? squaresOf(part(Kind.GRADIENTS, i)).item_double() : 0;
            }
            return;
          }
          Tensor total = squaresOf(piece(Kind.GRADIENTS, 0));
          for (long at = piece; at < size; at += piece) {
            try (PointerScope inner = new PointerScope()) {
              total.add_(squaresOf(piece(Kind.GRADIENTS, at)));
            }
          }
          sum[0] = total.item_double();
        });
    return sum[0];
  }

  @Override
  public double squares(int parameter) {
    double[] sum = new double[1];
    if (received.get(parameter)) {
      apart(() -> sum[0] = squaresOf(part(Kind.GRADIENTS, parameter)).item_double());
    }
    return sum[0];
  }

  private static Tensor squaresOf(Tensor numbers) {
    Tensor x = numbers.to(ScalarType.Double);
    return x.mul(x).sum();
  }

  private Tensor piece(Kind kind, long at) {
    return all(kind).narrow(0, at, Math.min(piece, size - at));
  }

  @Override
  public void update(AdamStep step) {
    for (int i = 0; i < parameters.size(); i++) {
      if (!received.get(i)) {
        throw new IllegalStateException("parameter " + i + " has no gradient");
      }
    }
    inPieces(at -> update(step, at));
    version++;
  }

  /** The formula of {@link AdamStep}, operation by operation. */
  private void update(AdamStep step, long at) {
    Tensor gradient = piece(Kind.GRADIENTS, at);
    Tensor first = piece(Kind.FIRST_MOMENTS, at);
    Tensor second = piece(Kind.SECOND_MOMENTS, at);
    Tensor weight = piece(Kind.WEIGHTS, at);

    // 1. g
    Tensor g = gradient.to(ScalarType.Double);
    if (step.clip() < 1) {
      g = g.mul(scalar(step.clip())).to(ScalarType.Float).to(ScalarType.Double);
    }
    // 2. m and v
    Tensor m =
        first.to(ScalarType.Double).mul(scalar(step.beta1())).add(g.mul(scalar(1 - step.beta1())));
    Tensor v =
        second
            .to(ScalarType.Double)
            .mul(scalar(step.beta2()))
            .add(g.mul(scalar(1 - step.beta2())).mul(g));
    // 3. p
    Tensor move =
        m.div(scalar(step.correction1()))
            .div(v.div(scalar(step.correction2())).sqrt().add(scalar(step.epsilon())))
            .mul(scalar(step.rate()));
    move = move.masked_fill(m.eq(scalar(0)), scalar(0)); // 0 / 0 where epsilon is 0
    Tensor p =
        weight.to(ScalarType.Double).mul(scalar(1 - step.rate() * step.weightDecay())).sub(move);
    weight.copy_(p);
    first.copy_(m);
    second.copy_(v);
  }

  @Override
  public void average(double share) {
    inPieces(
        at -> {
          Tensor average = piece(Kind.AVERAGES, at);
          Tensor a = average.to(ScalarType.Double);
          Tensor p = piece(Kind.WEIGHTS, at).to(ScalarType.Double);
          average.copy_(a.sub(a.sub(p).mul(scalar(share))));
        });
  }

  @Override
  public void asZeros(Runnable action) {
    Tensor[] kept = new Tensor[1];
    try {
      apart(
          () -> {
            kept[0] = all(Kind.WEIGHTS).clone().retainReference();
            all(Kind.WEIGHTS).zero_();
          });
      version++;
      action.run();
    } finally {
      Tensor copy = kept[0];
      if (copy != null) {
        apart(() -> all(Kind.WEIGHTS).copy_(copy));
        copy.close();
        version++;
      }
    }
  }

  private static Scalar scalar(double value) {
    return new Scalar(value);
  }

  private void inPieces(Consumer<Long> work) {
    for (long at = 0; at < size; at += piece) {
      long from = at;
      apart(() -> work.accept(from));
    }
  }

  /** Without gradients, and with nothing left over. */
  private void apart(Runnable work) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      memory.run(work);
    } catch (MemoryGuard.OutOfMemory e) {
      throw e.report(false);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      weights.endTraining(this, parameters);
      masters.forEach(Tensor::close);
      flat.values().forEach(Tensor::close);
      device.close();
    }
  }
}
