package org.tastemaker.benchmarks;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/**
 * {@link UnetForwardBenchmark} and {@link PolicyStepBenchmark} with LibTorch in place of this
 * library, on the same weights, inputs and loss, in the same Java process. Before anything is
 * measured, its output and LoRA gradients are compared with this library's.
 *
 * <p>Only in the Maven profile {@code libtorch}, which adds 90 MB of natives of linux-x86_64:
 *
 * <pre>
 * ./mvnw -Plibtorch -pl benchmarks -am package -DskipTests
 * java -jar benchmarks/target/benchmarks.jar "Unet|PolicyStep" -p engine=onednn
 * </pre>
 */
@SuppressWarnings("try") // a PointerScope is there to be closed, not to be used
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 9, time = 3)
@Fork(1)
public class LibTorchUnetBenchmark {
  private static final long TEXT_LENGTH = 77;

  /**
   * Relative bounds; two float32 implementations that sum in different orders differ by about 1e-6.
   */
  private static final double OUTPUT_BOUND = 1e-4;

  private static final double GRADIENT_BOUND = 1e-3;

  /** A model folder in the diffusers layout, or {@code small}. */
  @Param("small")
  public String model = "";

  /** The number of images; the policy step runs the U-Net on twice as many. */
  @Param("32")
  public int batch;

  /** Side of the latents. */
  @Param("8")
  public int latent;

  private LibTorchUnet unet;
  private LibTorchUnet policy;
  private Tensor sample; // [B, 4, h, w]
  private Tensor timestep; // [B]
  private Tensor text; // [B, 77, D]
  private Tensor policySample; // [2B, 4, h, w], both halves the same
  private Tensor policyTimestep;
  private Tensor policyText;
  private Tensor cotangent; // [2B, 4, h, w]
  private FloatBuffer unconditionalCotangent; // [B, 4, h, w], the first half of it
  private FloatBuffer conditionalCotangent;
  private PolicyObjective objective;
  private TensorVector trained;
  private AdamW optimizer;

  /** JMH creates it. */
  @SuppressWarnings("NullAway.Init")
  public LibTorchUnetBenchmark() {}

  /**
   * Makes the model in both libraries, and compares them.
   *
   * @throws IOException if the model cannot be read
   */
  @Setup
  public void setUp() throws IOException {
    if (!torch.hasMKLDNN()) {
      throw new IllegalStateException("this LibTorch was built without oneDNN: no fair comparison");
    }
    Path folder = Files.createTempDirectory("libtorch");
    try (UNet2DConditionModel ours = Workload.unet(model);
        Lora lora =
            Lora.create(
                "policy",
                LoraNetwork.UNET,
                ours.parameters(),
                Lora.Options.defaults(),
                Seed.of(9))) {
      // 1. Weights, through a file in the diffusers layout, and LoRA branches that are not zero.
      ours.save(folder.resolve("unet"));
      unet = new LibTorchUnet(ours.config());
      policy = new LibTorchUnet(ours.config());
      try (SafetensorsFile file =
          SafetensorsFile.open(folder.resolve("unet/diffusion_pytorch_model.safetensors"))) {
        for (String name : file.names()) {
          long[] shape = file.info(name).shape().toArray();
          unet.put(name, file.floats(name), shape);
          policy.put(name, file.floats(name), shape);
        }
      }
      Map<String, Tensor> parameters = branches(lora);

      // 2. Inputs.
      int dim = ours.config().crossAttentionDim();
      sample = normal(Seed.of(1), batch, 4, latent, latent);
      timestep = torch.full(new long[] {batch}, new Scalar(501f));
      text = normal(Seed.of(3), batch, TEXT_LENGTH, dim);
      policySample = normal(Seed.of(1), 2L * batch, 4, latent, latent);
      FloatBuffer x = policySample.createBuffer();
      int half = x.remaining() / 2;
      x.put(half, x, 0, half);
      policyTimestep = torch.full(new long[] {2L * batch}, new Scalar(481f));
      policyText = normal(Seed.of(3), 2L * batch, TEXT_LENGTH, dim);
      cotangent = normal(Seed.of(6), 2L * batch, 4, latent, latent);

      // 3. The comparison of the results.
      compare(ours, lora, parameters);

      // 4. The rest that a policy step needs.
      FloatBuffer both = cotangent.createBuffer();
      unconditionalCotangent = both.slice(0, half);
      conditionalCotangent = both.slice(half, half);
      objective = new PolicyObjective(batch, x.slice(0, half));
      AdamWOptions options = new AdamWOptions(3e-4);
      options.weight_decay().put(1e-4);
      optimizer = new AdamW(trained, options);
      try (PointerScope scope = new PointerScope();
          NoGradGuard noGrad = new NoGradGuard()) {
        FloatBuffer out = policy.forward(policySample, policyTimestep, policyText).createBuffer();
        objective.record(out.slice(0, half), out.slice(half, half));
      }
    } finally {
      AtomicFiles.deleteRecursively(folder);
    }
  }

  /**
   * The forward pass.
   *
   * @return an element of the output
   */
  @Benchmark
  public float forward() {
    try (PointerScope scope = new PointerScope();
        NoGradGuard noGrad = new NoGradGuard()) {
      FloatBuffer out = unet.forward(sample, timestep, text).createBuffer();
      return out.get(0);
    }
  }

  /**
   * The policy step.
   *
   * @return the norm of the gradient before clipping
   */
  @Benchmark
  public double policyStep() {
    try (PointerScope scope = new PointerScope()) {
      Tensor output = policy.forward(policySample, policyTimestep, policyText);
      FloatBuffer out = output.detach().createBuffer();
      int half = out.remaining() / 2;
      objective.gradient(
          out.slice(0, half),
          out.slice(half, half),
          unconditionalCotangent,
          conditionalCotangent);
      backward(output);
      double norm = torch.clip_grad_norm_(trained, 1);
      optimizer.step();
      optimizer.zero_grad();
      return norm;
    }
  }

  /** Frees everything. */
  @TearDown
  public void tearDown() {
    unet.close();
    policy.close();
    for (Tensor tensor :
        new Tensor[] {
          sample, timestep, text, policySample, policyTimestep, policyText, cotangent
        }) {
      tensor.close();
    }
  }

  private void backward(Tensor output) {
    output.backward(cotangent, new BoolOptional(), false, new TensorArrayRefOptional());
  }

  /** LoRA branches with the same values for both, by our names for them. */
  private Map<String, Tensor> branches(Lora lora) {
    Map<String, Tensor> parameters = new LinkedHashMap<>();
    int stream = 100;
    for (Map.Entry<String, INDArray> entry : lora.parameters().arrays().entrySet()) {
      FloatBuffer values = FloatBuffers.of(entry.getValue());
      float[] drawn = new float[values.remaining()];
      Seed.of(stream++).gaussian(0, drawn);
      for (int i = 0; i < drawn.length; i++) {
        drawn[i] *= 0.1f;
      }
      values.put(0, drawn);
      Tensor tensor = AbstractTensor.create(drawn, entry.getValue().shape());
      tensor.set_requires_grad(true);
      parameters.put(entry.getKey(), tensor);
    }
    lora.modules()
        .forEach(
            (path, module) -> {
              Tensor down = find(parameters, path, ".down.weight");
              Tensor up = find(parameters, path, ".up.weight");
              policy.put(path, new LibTorchUnet.Branch(down, up, module.scale()));
            });
    trained = new TensorVector(parameters.values().toArray(new Tensor[0]));
    return parameters;
  }

  private static Tensor find(Map<String, Tensor> parameters, String path, String end) {
    for (Map.Entry<String, Tensor> entry : parameters.entrySet()) {
      if (entry.getKey().endsWith("." + path + end)) {
        return entry.getValue();
      }
    }
    throw new IllegalStateException("there is no " + path + end + " in " + parameters.keySet());
  }

  private void compare(UNet2DConditionModel ours, Lora lora, Map<String, Tensor> parameters) {
    try (PointerScope scope = new PointerScope()) {
      GraphFunction forward = ours.function(batch, latent, latent, 77, FunctionOptions.inference());
      requireClose(
          "output",
          forward.forward(inputs(sample, timestep, text)).get(UNet2DConditionModel.OUT),
          unet.forward(sample, timestep, text),
          OUTPUT_BOUND);
      GraphFunction adapted =
          ours.function(
              2 * batch,
              latent,
              latent,
              77,
              FunctionOptions.inference().withAdapter(lora).withTrainable(lora.trainable()));
      Tensor output = policy.forward(policySample, policyTimestep, policyText);
      requireClose(
          "output with LoRA",
          adapted
              .forward(inputs(policySample, policyTimestep, policyText))
              .get(UNet2DConditionModel.OUT),
          output.detach(),
          OUTPUT_BOUND);
      backward(output);
      Map<String, INDArray> gradients =
          adapted.backward(Map.of(UNet2DConditionModel.OUT, array(cotangent)));
      parameters.forEach(
          (name, tensor) ->
              requireClose(
                  "gradient of " + name, gradients.get(name), tensor.grad(), GRADIENT_BOUND));
      parameters.values().forEach(tensor -> tensor.grad().zero_());
    }
  }

  private static Map<String, INDArray> inputs(Tensor sample, Tensor timestep, Tensor text) {
    return Map.of(
        UNet2DConditionModel.SAMPLE, array(sample),
        UNet2DConditionModel.TIMESTEP, array(timestep),
        UNet2DConditionModel.TEXT, array(text));
  }

  /** The same values as an array of ND4J. */
  private static INDArray array(Tensor tensor) {
    INDArray array = Workload.normal(Seed.of(0), tensor.shape());
    FloatBuffer values = tensor.createBuffer();
    FloatBuffers.of(array).put(0, values, 0, values.remaining());
    return array;
  }

  /** Compares the norm of the difference with that of the value. */
  private static void requireClose(
      String what, @Nullable INDArray ours, Tensor theirs, double bound) {
    FloatBuffer expected = FloatBuffers.of(Objects.requireNonNull(ours, what));
    FloatBuffer actual = theirs.contiguous().createBuffer();
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.remaining(); i++) {
      difference += Math.pow(expected.get(i) - actual.get(i), 2);
      norm += Math.pow(expected.get(i), 2);
    }
    double error = Math.sqrt(difference / norm);
    if (expected.remaining() != actual.remaining() || !(error < bound)) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "%s: LibTorch differs by %.1e of the norm, and %.0e is allowed", what, error, bound));
    }
  }

  private static Tensor normal(Seed seed, long... shape) {
    int size = 1;
    for (long length : shape) {
      size = Math.multiplyExact(size, Math.toIntExact(length));
    }
    float[] values = new float[size];
    seed.gaussian(0, values);
    return AbstractTensor.create(values, shape);
  }
}
