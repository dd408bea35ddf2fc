package org.tastemaker.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Device;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.Precision;

/**
 * Checks the engine {@code torch} on a device against {@code replay} on the processor, in one
 * process: every kind of layer and whole models, forward and backward, in every precision; DDPO's
 * likelihoods and update; and that memory stays flat. One line for each check, with the errors and
 * their bounds; the exit status is 1 if one failed.
 *
 * <pre>
 *   java ... org.tastemaker.benchmarks.TorchCheck [--device cpu|cuda|cuda:N] [--quick|--large]
 *       [--seed N]
 * </pre>
 *
 * <p>{@code --quick} takes fewer random shapes and fewer calls; {@code --large} adds a U-Net of
 * Stable Diffusion 1.5's size, which needs 12 GB of memory. A GPU's TF32 and bfloat16 are its own;
 * on a processor TF32 is float32.
 */
public final class TorchCheck {
  private TorchCheck() {}

  /**
   * What is checked.
   *
   * @param device where
   * @param randomShapes of each kind of layer
   * @param calls after which memory must be as before
   * @param large whether a U-Net of full size is checked
   * @param seed of shapes, weights and inputs
   */
  record Options(Device device, int randomShapes, int calls, boolean large, Seed seed) {
    static Options parse(List<String> args) {
      Device device = Device.CPU;
      boolean quick = false;
      boolean large = false;
      long seed = 1;
      for (int i = 0; i < args.size(); i++) {
        boolean last = i + 1 == args.size();
        switch (args.get(i)) {
          case "--quick" -> quick = true;
          case "--large" -> large = true;
          case "--device" -> device = Device.of(last ? "" : args.get(++i));
          case "--seed" -> seed = Long.parseLong(last ? "" : args.get(++i));
          default -> throw new IllegalArgumentException("unknown option " + args.get(i));
        }
      }
      int calls = device.kind() == Device.Kind.CUDA ? 10_000 : 1_000;
      return new Options(device, quick ? 2 : 12, quick ? 200 : calls, large, Seed.of(seed));
    }
  }

  /**
   * Runs the checks.
   *
   * @param args as above
   */
  public static void main(String[] args) {
    Options options;
    try {
      options = Options.parse(Arrays.asList(args));
    } catch (IllegalArgumentException e) {
      System.err.println(
          e.getMessage() + "; [--device cpu|cuda|cuda:N] [--quick|--large] [--seed N]");
      System.exit(2);
      return;
    }
    Engine torch = Engines.named("torch");
    boolean passed = run(options, torch::on, System.out::println);
    if (!passed) {
      System.exit(1);
    }
  }

  /** Runs everything on engines of a function's choice; whether all passed. */
  static boolean run(Options options, Function<Placement, Engine> engines, Consumer<String> out) {
    Checks checks = new Checks(out);
    String device = options.device().toString();
    Engine reference = Engines.named("replay");
    for (Precision precision : Precision.values()) {
      Placement placement = Placement.of(device, precision.toString());
      Engine engine;
      try {
        engine = engines.apply(placement);
        engine.whyNot().ifPresent(TorchCheck::refuse);
      } catch (IllegalArgumentException e) {
        checks.note("FAILED  " + precision + " was not checked: " + e.getMessage());
        return false;
      }
      Tolerance tolerance = Tolerance.of(precision);
      Seed seed = options.seed();
      new LayerCheck(reference, seed, options.randomShapes())
          .run(checks, precision.toString(), engine, tolerance);
      new ModelCheck(reference, seed).run(checks, precision.toString(), engine, tolerance);
      new ModelCheck(reference, seed)
          .run(
              checks,
              precision + " checkpointed",
              engines.apply(placement.withCheckpointing(true)),
              tolerance);
      new PolicyCheck(reference, seed)
          .run(checks, precision, updates -> engines.apply(placement.withUpdates(updates)));
      if (precision != Precision.TF32) { // the same tensors as float32
        new MemoryCheck(MemoryMeter.of(options.device()), options.calls(), seed)
            .run(checks, precision.toString(), engine);
      }
    }
    if (options.large()) {
      large(options, engines, checks);
    }
    checks.note(device + ": " + checks.summary());
    return checks.passed();
  }

  private static void refuse(String reason) {
    throw new IllegalArgumentException(reason);
  }

  private static void large(Options options, Function<Placement, Engine> engines, Checks checks) {
    try (SizeCheck size = new SizeCheck("sd15", options.seed())) {
      for (Precision precision : Precision.values()) {
        Placement placement = Placement.of(options.device().toString(), precision.toString());
        size.run(checks, precision.toString(), engines.apply(placement), Tolerance.of(precision));
      }
    }
  }
}
