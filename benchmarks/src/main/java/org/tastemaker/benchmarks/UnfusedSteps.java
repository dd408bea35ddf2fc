package org.tastemaker.benchmarks;

import com.sun.jna.Memory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import org.tastemaker.diffusion.cuda.CudaContext;
import org.tastemaker.diffusion.cuda.CudaFunction;
import org.tastemaker.diffusion.cuda.CudaModule;
import org.tastemaker.diffusion.cuda.CudaStream;
import org.tastemaker.diffusion.schedule.StepCoefficients;

/**
 * The denoising step as a tensor library would launch it: one kernel per operation
 * (unfused_steps.cu).
 */
final class UnfusedSteps implements AutoCloseable {
  private static final int OPERANDS = 80;

  private final CudaModule module;
  private final CudaStream stream;
  private final CudaFunction combine2;
  private final CudaFunction combine3;
  private final CudaFunction noise;
  private final CudaFunction squaredDifference;
  private final CudaFunction density;
  private final Memory operands = new Memory(OPERANDS);
  private final Memory parameters = new Memory(8);
  private final int blocks;

  UnfusedSteps(CudaContext context, CudaStream stream, int multiprocessors) {
    this.stream = stream;
    this.module = context.module(image());
    this.combine2 = module.function("combine2");
    this.combine3 = module.function("combine3");
    this.noise = module.function("noise");
    this.squaredDifference = module.function("squared_difference");
    this.density = module.function("density");
    this.blocks = 8 * multiprocessors;
    parameters.setPointer(0, operands);
  }

  private static byte[] image() {
    try (InputStream in = UnfusedSteps.class.getResourceAsStream("unfused_steps.fatbin")) {
      return Objects.requireNonNull(in, "unfused_steps.fatbin").readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * One step with guidance and log-probability, without clipping: seven launches.
   *
   * @param scratch the address of memory for four tensors
   */
  void step(
      StepCoefficients c,
      double guidance,
      int images,
      int size,
      long u,
      long cond,
      long sample,
      long previous,
      long keys,
      long logProbabilities,
      long scratch) {
    long bytes = 4L * images * size;
    long output = scratch;
    long x0 = scratch + bytes;
    long mean = scratch + 2 * bytes;
    long z = scratch + 3 * bytes;
    double variance = c.sigma() * c.sigma();
    operands.setInt(48, images * size);
    operands.setInt(52, size);
    operands.setInt(56, 7);
    operands.setLong(32, keys);
    operands.setLong(40, logProbabilities);
    // 1. Guidance.
    launch(combine2, cond, u, 0, output, guidance, 1 - guidance, 0);
    // 2. x0.
    launch(combine2, sample, output, 0, x0, c.x0FromSample(), c.x0FromOutput(), 0);
    // 3. The mean.
    launch(
        combine3, x0, sample, output, mean, c.meanFromX0(), c.meanFromSample(), c.meanFromOutput());
    // 4. Noise, and the sample.
    launch(noise, 0, 0, 0, z, 0, 0, 0);
    launch(combine2, mean, z, 0, previous, 1, c.sigma(), 0);
    // 5. The log-probability.
    launch(squaredDifference, previous, mean, 0, output, 0, 0, 0);
    set(output, 0, 0, 0, -1 / (2 * variance), -Math.log(c.sigma()) - .5 * Math.log(2 * Math.PI), 0);
    density.launch(images, 1024, stream, parameters);
  }

  private void launch(
      CudaFunction function,
      long a,
      long b,
      long c,
      long out,
      double weightA,
      double weightB,
      double weightC) {
    set(a, b, c, out, weightA, weightB, weightC);
    function.launch(blocks, 256, stream, parameters);
  }

  private void set(
      long a, long b, long c, long out, double weightA, double weightB, double weightC) {
    operands.setLong(0, a);
    operands.setLong(8, b);
    operands.setLong(16, c);
    operands.setLong(24, out);
    operands.setFloat(60, (float) weightA);
    operands.setFloat(64, (float) weightB);
    operands.setFloat(68, (float) weightC);
  }

  @Override
  public void close() {
    module.close();
  }
}
