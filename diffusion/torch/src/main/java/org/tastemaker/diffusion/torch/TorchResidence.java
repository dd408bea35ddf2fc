package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableMap;
import java.nio.FloatBuffer;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Residence;

/** A function's inputs and outputs as tensors of its device that are made once. */
@SuppressWarnings("try") // scopes are there to be closed
final class TorchResidence implements Residence, AutoCloseable {
  private final OptionalInt gpu;
  private final long stream;
  private final Consumer<Runnable> inStream;
  private final Run run;
  private final ImmutableMap<String, Tensor> inputs;
  private final ImmutableMap<String, Tensor> outputs;

  /** Computes the outputs from the inputs. */
  interface Run {
    void from(ImmutableMap<String, Tensor> inputs, ImmutableMap<String, Tensor> outputs);
  }

  /**
   * Inputs and outputs of zeros.
   *
   * @param graph whose they are
   * @param device where they are
   * @param stream handle of the stream
   * @param inStream runs something in it
   * @param run the function, run in the stream
   */
  TorchResidence(
      GraphDefinition graph, Device device, long stream, Consumer<Runnable> inStream, Run run) {
    this.gpu = device.is_cuda() ? OptionalInt.of(device.index()) : OptionalInt.empty();
    this.stream = stream;
    this.inStream = inStream;
    this.run = run;
    this.inputs = tensors(graph.inputs(), device);
    this.outputs = tensors(graph.outputs(), device);
  }

  private static ImmutableMap<String, Tensor> tensors(
      ImmutableMap<String, org.tastemaker.diffusion.engine.graph.Tensor> all, Device device) {
    ImmutableMap.Builder<String, Tensor> tensors = ImmutableMap.builder();
    all.forEach(
        (name, tensor) -> {
          try (PointerScope scope = new PointerScope()) {
            TensorOptions options =
                new TensorOptions()
                    .dtype(new ScalarTypeOptional(HostArrays.type(tensor.dataType())))
                    .device(new DeviceOptional(device));
            tensors.put(name, torch.zeros(tensor.shape().toArray(), options).retainReference());
          }
        });
    return tensors.buildOrThrow();
  }

  @Override
  public OptionalInt gpu() {
    return gpu;
  }

  @Override
  public long stream() {
    return stream;
  }

  @Override
  public long address(String name) {
    return tensor(name).data_ptr().address();
  }

  @Override
  public void upload(String input, long at, FloatBuffer values) {
    apart(() -> flat(input, at, values.remaining()).copy_(host(values)));
  }

  @Override
  public void download(String name, FloatBuffer to) {
    apart(
        () -> {
          if (to.isDirect()) {
            host(to).copy_(flat(name, 0, to.remaining()));
          } else {
            Tensor here = flat(name, 0, to.remaining()).cpu();
            to.duplicate()
                .put(new FloatPointer(here.data_ptr_float()).capacity(to.remaining()).asBuffer());
          }
        });
  }

  @Override
  public void copyWithin(String input, long from, long to, long count) {
    apart(() -> flat(input, to, count).copy_(flat(input, from, count)));
  }

  /** In the stream, without gradients, and with nothing left over. */
  private void apart(Runnable work) {
    inStream.accept(
        () -> {
          try (PointerScope scope = new PointerScope();
              AutoGradMode noGradients = new AutoGradMode(false)) {
            work.run();
          }
        });
  }

  @Override
  public void run() {
    inStream.accept(() -> run.from(inputs, outputs));
  }

  /** A buffer's numbers as a tensor: in place if it lies outside the heap. */
  private static Tensor host(FloatBuffer values) {
    FloatPointer pointer = new FloatPointer(values.slice());
    return torch.from_blob(
        pointer, new long[] {values.remaining()}, new TensorOptions(ScalarType.Float));
  }

  private Tensor flat(String name, long at, long count) {
    return tensor(name).view(-1).narrow(0, at, count);
  }

  /** An input or output itself. */
  Tensor tensor(String name) {
    Tensor tensor = inputs.containsKey(name) ? inputs.get(name) : outputs.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "there is no input or output \""
              + name
              + "\"; there are "
              + inputs.keySet()
              + " and "
              + outputs.keySet());
    }
    return tensor;
  }

  @Override
  public void close() {
    inputs.values().forEach(Tensor::close);
    outputs.values().forEach(Tensor::close);
  }
}
