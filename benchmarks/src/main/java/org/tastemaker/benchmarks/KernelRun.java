package org.tastemaker.benchmarks;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.tastemaker.diffusion.cuda.CudaContext;
import org.tastemaker.diffusion.cuda.CudaStream;
import org.tastemaker.diffusion.cuda.DenoisingKernels;
import org.tastemaker.diffusion.cuda.DeviceMemory;
import org.tastemaker.diffusion.cuda.PinnedMemory;
import org.tastemaker.diffusion.cuda.StepArguments;
import org.tastemaker.diffusion.cuda.StorageType;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.weights.HalfPrecision;

/** Runs a {@link KernelCase} on a GPU and compares the results with float64 on the CPU. */
final class KernelRun {
  private static final int GUARD = 512; // bytes before and after each tensor
  private static final byte POISON = (byte) 0xFF; // NaN in every type
  private static final int U = 0;
  private static final int C = 1;
  private static final int X = 2;
  private static final int PREVIOUS = 3;
  private static final int GRADIENT_C = 4;
  private static final int GRADIENT_U = 5;
  private static final int TENSORS = 6;

  /** The relative error of each result, and any other complaints. */
  record Outcome(Map<String, Double> errors, List<String> complaints) {}

  private final KernelCase k;
  private final StorageType type;
  private final int images;
  private final int size;
  private final StepCoefficients c;
  private final double guidance;
  private final int[] offsets;

  KernelRun(KernelCase k) {
    this.k = k;
    this.type = k.type();
    this.images = k.images();
    this.size = k.size();
    this.c = k.c();
    this.guidance = k.guidance();
    this.offsets = k.offsets();
  }

  /** Where a tensor's elements begin in the arena, in bytes. */
  private int at(int tensor) {
    int room = 2 * GUARD + (k.length() + 16) * type.bytes();
    return tensor * ((room + 255) / 256 * 256) + GUARD + offsets[tensor] * type.bytes();
  }

  private int arenaBytes() {
    return at(TENSORS - 1)
        - offsets[TENSORS - 1] * type.bytes()
        + (k.length() + 16) * type.bytes()
        + GUARD;
  }

  Outcome run(CudaContext context, CudaStream stream, DenoisingKernels kernels) {
    Outcome outcome = new Outcome(new LinkedHashMap<>(), new ArrayList<>());
    int perImage = 16 * images; // keys and weights, and then the log-probabilities
    try (DeviceMemory arena = context.allocate(arenaBytes());
        DeviceMemory numbers = context.allocate(2L * perImage);
        PinnedMemory host = context.allocatePinned(arenaBytes());
        PinnedMemory hostNumbers = context.allocatePinned(2L * perImage)) {
      Launch launch = new Launch(arena, numbers, host, hostNumbers, stream, perImage);
      // 1. Inputs, rounded to the storage type, and poison everywhere else.
      double[][] inputs = new double[TENSORS][];
      launch.clear();
      for (int tensor = U; tensor <= X; tensor++) {
        inputs[tensor] = write(host.buffer(), tensor);
      }
      double[] weights = new double[images];
      for (int n = 0; n < images; n++) {
        weights[n] = (n % 3 - .7) * (1 + n) * size; // gradients in the middle of half's range
        hostNumbers.buffer().putLong(8 * n, k.seed().split(n).key());
        hostNumbers.buffer().putDouble(8 * (images + n), weights[n]);
      }
      launch.upload();
      // 2. A step, twice.
      boolean density = c.sigma() != 0;
      StepArguments arguments = arguments(arena, numbers, perImage, density);
      byte[] first = launch.download(() -> kernels.sample(type, arguments));
      byte[] second = launch.download(() -> kernels.sample(type, arguments));
      if (!Arrays.equals(first, second)) {
        outcome.complaints().add("two launches gave different bytes");
      }
      checkGuards(host.buffer(), PREVIOUS, outcome);
      double[] previous = read(host.buffer(), PREVIOUS);
      put(outcome, "previous", previous, Reference.sample(k, inputs), .5 * Math.sqrt(k.length()));
      if (!density) {
        return outcome;
      }
      inputs[PREVIOUS] = previous;
      double[] exact = Reference.logProbabilities(k, inputs);
      double usual = .5 * Math.sqrt(2 * images);
      put(outcome, "log-probability, drawn", launch.logProbabilities(size), exact, usual);
      // 3. Its replay.
      launch.poisonNumbers();
      launch.download(() -> kernels.replay(type, arguments));
      put(outcome, "log-probability, replayed", launch.logProbabilities(size), exact, usual);
      // 4. The gradient.
      launch.download(() -> kernels.gradient(type, arguments));
      checkGuards(host.buffer(), GRADIENT_U, outcome);
      double[][] gradients = Reference.gradients(k, inputs, weights);
      double[] byC = read(host.buffer(), GRADIENT_C);
      double[] byU = read(host.buffer(), GRADIENT_U);
      Reference.leaveOutTheEdge(k, inputs, byC, gradients[0]);
      double slope = Reference.usualGradient(k, weights);
      put(outcome, "gradient", byC, gradients[0], slope * guidance);
      if (k.guided()) {
        Reference.leaveOutTheEdge(k, inputs, byU, gradients[1]);
        put(outcome, "unconditional gradient", byU, gradients[1], slope * (guidance - 1));
      }
    }
    return outcome;
  }

  private StepArguments arguments(
      DeviceMemory arena, DeviceMemory numbers, int perImage, boolean density) {
    long base = arena.address();
    StepArguments arguments =
        new StepArguments()
            .batch(images, size)
            .step(c, Reduction.MEAN)
            .samples(base + at(X), base + at(PREVIOUS))
            .noise(numbers.address(), k.noiseStream())
            .logProbabilities(density ? numbers.address() + perImage : 0)
            .gradient(
                numbers.address() + 8L * images,
                base + at(GRADIENT_C),
                k.guided() ? base + at(GRADIENT_U) : 0);
    return k.guided()
        ? arguments.guided(guidance, base + at(U), base + at(C))
        : arguments.output(base + at(C));
  }

  /** A run's memory on the GPU and on the host, and the copies between them. */
  private record Launch(
      DeviceMemory arena,
      DeviceMemory numbers,
      PinnedMemory host,
      PinnedMemory hostNumbers,
      CudaStream stream,
      int perImage) {
    void clear() {
      for (PinnedMemory memory : List.of(host, hostNumbers)) {
        ByteBuffer buffer = memory.buffer();
        for (int i = 0; i < buffer.capacity(); i++) {
          buffer.put(i, POISON);
        }
      }
    }

    void upload() {
      arena.copyFrom(host, arena.bytes(), stream);
      numbers.copyFrom(hostNumbers, numbers.bytes(), stream);
      stream.synchronize();
    }

    void poisonNumbers() {
      for (int i = perImage; i < 2 * perImage; i++) {
        hostNumbers.buffer().put(i, POISON);
      }
      numbers.copyFrom(hostNumbers, numbers.bytes(), stream);
    }

    byte[] download(Runnable kernel) {
      kernel.run();
      arena.copyTo(host, arena.bytes(), stream);
      numbers.copyTo(hostNumbers, numbers.bytes(), stream);
      stream.synchronize();
      byte[] bytes = new byte[(int) (arena.bytes() + numbers.bytes())];
      host.buffer().get(0, bytes, 0, (int) arena.bytes());
      hostNumbers.buffer().get(0, bytes, (int) arena.bytes(), (int) numbers.bytes());
      return bytes;
    }

    /** Mean and sum of each image. The sum is divided by the size, to have the mean's magnitude. */
    double[] logProbabilities(int size) {
      double[] values = new double[perImage / 8];
      for (int i = 0; i < values.length; i++) {
        values[i] = hostNumbers.buffer().getDouble(perImage + 8 * i) / (i % 2 == 0 ? 1 : size);
      }
      return values;
    }
  }

  private double[] write(ByteBuffer buffer, int tensor) {
    float[] values = new float[k.length()];
    k.seed().split("inputs").gaussian(tensor, values);
    if (tensor == U) { // a model's two outputs differ only a little
      float[] conditional = new float[k.length()];
      k.seed().split("inputs").gaussian(C, conditional);
      for (int i = 0; i < values.length; i++) {
        values[i] = conditional[i] + .2f * values[i];
      }
    }
    double[] stored = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int place = at(tensor) + i * type.bytes();
      switch (type) {
        case FLOAT32 -> buffer.putFloat(place, values[i]);
        case FLOAT16 -> buffer.putShort(place, HalfPrecision.floatToF16(values[i]));
        case BFLOAT16 -> buffer.putShort(place, HalfPrecision.floatToBf16(values[i]));
      }
      stored[i] = element(buffer, place);
    }
    return stored;
  }

  private double[] read(ByteBuffer buffer, int tensor) {
    double[] values = new double[k.length()];
    for (int i = 0; i < values.length; i++) {
      values[i] = element(buffer, at(tensor) + i * type.bytes());
    }
    return values;
  }

  private double element(ByteBuffer buffer, int place) {
    return switch (type) {
      case FLOAT32 -> buffer.getFloat(place);
      case FLOAT16 -> HalfPrecision.f16ToFloat(buffer.getShort(place));
      case BFLOAT16 -> HalfPrecision.bf16ToFloat(buffer.getShort(place));
    };
  }

  /**
   * All bytes outside the tensors, up to the last tensor that was written, must still be poison.
   */
  private void checkGuards(ByteBuffer buffer, int last, Outcome outcome) {
    int place = 0;
    for (int tensor = U; tensor <= last; tensor++) {
      for (; place < at(tensor); place++) {
        if (buffer.get(place) != POISON) {
          outcome
              .complaints()
              .add(
                  String.format(
                      Locale.ROOT, "byte %s before tensor %s was overwritten", place, tensor));
          return;
        }
      }
      place += k.length() * type.bytes();
    }
    for (; last == GRADIENT_U && place < buffer.capacity(); place++) {
      if (buffer.get(place) != POISON) {
        outcome
            .complaints()
            .add(String.format(Locale.ROOT, "byte %s after the tensors was overwritten", place));
        return;
      }
    }
  }

  /**
   * The error relative to the norm of the exact numbers, or to the usual norm of such numbers if
   * that is larger: the few numbers of a small image may all be near 0.
   */
  private static void put(
      Outcome outcome, String what, double[] found, double[] exact, double usualNorm) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < exact.length; i++) {
      error += (found[i] - exact[i]) * (found[i] - exact[i]);
      norm += exact[i] * exact[i];
    }
    double relative = Math.sqrt(error) / Math.max(usualNorm, Math.sqrt(norm));
    outcome.errors().put(what, error == 0 ? 0 : relative);
  }
}
