package org.tastemaker.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.cuda.CudaContext;
import org.tastemaker.diffusion.cuda.CudaDevice;
import org.tastemaker.diffusion.cuda.CudaDriver;
import org.tastemaker.diffusion.cuda.CudaException;
import org.tastemaker.diffusion.cuda.CudaStream;
import org.tastemaker.diffusion.cuda.CudaUnavailableException;
import org.tastemaker.diffusion.cuda.DenoisingKernels;
import org.tastemaker.diffusion.cuda.StorageType;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.StepCoefficients;

/**
 * Checks the CUDA kernels on a GPU, on fresh random inputs, against float64 on the CPU.
 *
 * <p>It covers every form, storage type and prediction type, with and without guidance, clipping
 * and noise, and odd sizes, at aligned and unaligned addresses. Outputs are poisoned beforehand,
 * the bytes around the tensors must not change, and a second launch must give the same bytes.
 *
 * <pre>
 *   java ... org.tastemaker.benchmarks.KernelCheck [--small] [SEED]
 * </pre>
 */
public final class KernelCheck {
  /**
   * Bounds of the relative error ||found - exact|| / ||exact||; that of float32 is the requirement.
   */
  private static final Map<StorageType, Double> BOUNDS =
      new EnumMap<>(
          Map.of(
              StorageType.FLOAT32, 1e-5,
              // Half a unit in the last place, of 11 and of 8 binary digits.
              StorageType.FLOAT16, 4.9e-4,
              StorageType.BFLOAT16, 3.91e-3));

  private static final int[][] SHAPES = {
    {1, 1},
    {1, 3},
    {3, 7},
    {2, 36},
    {5, 105},
    {2, 1023},
    {3, 4096},
    {2, 4099},
    {1, 16384},
    {4, 10_230},
    {2, 16_388},
    {1, 65_536},
    {3, 12_345}
  };

  private static final int[][] LARGE_SHAPES = {{64, 16_384}, {7, 65_541}, {1, 1_000_003}};

  private KernelCheck() {}

  /**
   * Runs the check on the first GPU.
   *
   * @param args {@code --small} skips the large shapes; a seed repeats a run
   */
  public static void main(String[] args) {
    List<String> given = Arrays.asList(args);
    boolean small = given.contains("--small");
    long seed =
        given.stream()
            .filter(a -> !a.equals("--small"))
            .mapToLong(Long::parseLong)
            .findFirst()
            .orElseGet(System::nanoTime);
    List<String> failures;
    try {
      List<CudaDevice> devices = CudaDriver.load().devices();
      if (devices.isEmpty()) {
        failures =
            List.of(
                "nothing was checked: NVIDIA's driver finds no GPU; look at nvidia-smi and"
                    + " CUDA_VISIBLE_DEVICES");
      } else {
        System.out.println(devices.get(0) + ", seed " + seed);
        failures = run(devices.get(0), Seed.of(seed), small);
      }
    } catch (CudaUnavailableException e) {
      failures = List.of("nothing was checked: " + e.getMessage());
    } catch (CudaException e) {
      failures = List.of(String.valueOf(e.getMessage()));
    }
    failures.forEach(failure -> System.out.println("FAILED " + failure));
    System.out.println(failures.isEmpty() ? "correctness: passed" : "correctness: FAILED");
    if (!failures.isEmpty()) {
      System.exit(1);
    }
  }

  /** Checks everything and returns the failures. */
  static List<String> run(CudaDevice device, Seed seed, boolean small) {
    List<String> failures = new ArrayList<>();
    Map<String, Double> worst = new java.util.TreeMap<>();
    int cases = 0;
    try (CudaContext context = device.open();
        CudaStream stream = context.stream();
        DenoisingKernels kernels = DenoisingKernels.load(context, stream)) {
      List<int[]> shapes = new ArrayList<>(List.of(SHAPES));
      if (!small) {
        shapes.addAll(List.of(LARGE_SHAPES));
      }
      for (int[] shape : shapes) {
        for (StorageType type : StorageType.values()) {
          for (int variant = 0; variant < 4; variant++) {
            KernelCase example = draw(seed.split(cases++), type, shape[0], shape[1], variant);
            KernelRun.Outcome outcome = new KernelRun(example).run(context, stream, kernels);
            outcome
                .errors()
                .forEach(
                    (what, error) -> {
                      worst.merge(type + " " + what, error, Math::max);
                      // A log-probability is float64 whatever the tensors are.
                      double bound = what.startsWith("log") ? 1e-5 : bound(type);
                      if (!(error <= bound)) {
                        failures.add(example + ": " + what + " is off by " + error);
                      }
                    });
            outcome.complaints().forEach(complaint -> failures.add(example + ": " + complaint));
          }
        }
      }
    }
    worst.forEach(
        (what, error) ->
            System.out.println(
                String.format(Locale.ROOT, "  %-28s largest relative error %.2e", what, error)));
    System.out.println("  " + cases + " cases");
    return failures;
  }

  private static double bound(StorageType type) {
    return BOUNDS.getOrDefault(type, 0.);
  }

  private static KernelCase draw(Seed seed, StorageType type, int images, int size, int variant) {
    RandomGenerator random = seed.split("case").generator();
    PredictionType prediction = List.of(PredictionType.values()).get(random.nextInt(3));
    boolean clip = random.nextInt(3) == 0;
    double eta = variant == 3 ? 0 : random.nextBoolean() ? 1 : .2 + .8 * random.nextDouble();
    int steps = 5 + random.nextInt(46);
    StepCoefficients c =
        DdimScheduler.of(
                SchedulerConfig.stableDiffusion()
                    .with("prediction_type", prediction.key())
                    .with("clip_sample", clip),
                new DdimScheduler.Options(eta, DdimScheduler.FinalStep.DDPO))
            .begin(steps)
            .steps()
            .get(random.nextInt(steps))
            .coefficients();
    double guidance = variant == 1 ? 1 : 1 + Math.rint(random.nextDouble() * 64) / 8;
    // Variant 0 is aligned; the others begin at any element.
    int[] offsets = IntStream.range(0, 6).map(i -> variant == 0 ? 0 : random.nextInt(9)).toArray();
    return new KernelCase(
        seed, type, images, size, c, guidance, random.nextInt(1000), offsets, prediction.key());
  }
}
