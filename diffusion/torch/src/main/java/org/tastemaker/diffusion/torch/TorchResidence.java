package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableMap;
import java.nio.FloatBuffer;
import java.util.Objects;
import java.util.OptionalInt;
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
  private final TorchFunction function;
  private final OptionalInt gpu;
  private final ImmutableMap<String, Tensor> inputs;
  private final ImmutableMap<String, Tensor> outputs;

  TorchResidence(TorchFunction function, GraphDefinition graph, Device device) {
    this.function = function;
    this.gpu = device.is_cuda() ? OptionalInt.of(device.index()) : OptionalInt.empty();
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

  /** LibTorch's stream is the default one, unless a program sets another for this thread. */
  @Override
  public long stream() {
    return 0;
  }

  @Override
  public long address(String name) {
    return tensor(name).data_ptr().address();
  }

  @Override
  public void upload(String input, long at, FloatBuffer values) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      flat(input, at, values.remaining()).copy_(host(values));
    }
  }

  @Override
  public void download(String name, FloatBuffer to) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      if (to.isDirect()) {
        host(to).copy_(flat(name, 0, to.remaining()));
      } else {
        Tensor here = flat(name, 0, to.remaining()).cpu();
        to.duplicate()
            .put(new FloatPointer(here.data_ptr_float()).capacity(to.remaining()).asBuffer());
      }
    }
  }

  @Override
  public void copyWithin(String input, long from, long to, long count) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      flat(input, to, count).copy_(flat(input, from, count));
    }
  }

  @Override
  public void run() {
    function.run(inputs, false, name -> Objects.requireNonNull(outputs.get(name)));
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

  private Tensor tensor(String name) {
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
