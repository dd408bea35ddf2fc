package org.tastemaker.benchmarks;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Fails when the U-Net's forward pass, a policy step or a round of DDPO has become slower, whatever
 * the machine. What it checks is the ratio of their times to that of one large matrix product of
 * OpenBLAS, which tells how fast the machine is at the moment: all are run in turns in one process,
 * and of each the median counts.
 *
 * <pre>
 *   java -cp benchmarks.jar org.tastemaker.benchmarks.SpeedGuard RATIOS.json [--update]
 * </pre>
 *
 * <p>It fails if a ratio is more than 15 % below the committed one. The second form replaces the
 * committed ratios.
 */
public final class SpeedGuard {
  private static final int SIDE = 2048;
  private static final int WARM_UP = 3;
  private static final int TURNS = 9;

  private SpeedGuard() {}

  /**
   * Runs the guard.
   *
   * @param args the file of the committed ratios
   * @throws IOException if the model cannot be made
   */
  public static void main(String[] args) throws IOException {
    boolean update = args.length == 2 && args[1].equals("--update");
    if (args.length != 1 && !update) {
      throw new IllegalArgumentException("expected RATIOS.json [--update]");
    }
    Path file = Path.of(args[0]);
    Map<String, Double> measured =
        ratios(times(System::nanoTime, SpeedGuard::pause, System.out::println));
    if (update) {
      RatioGuard.write(file, measured);
      return;
    }
    RatioGuard.Verdict verdict = RatioGuard.judge(measured, RatioGuard.read(file));
    verdict.lines().forEach(System.out::println);
    if (verdict.failed()) {
      System.exit(1);
    }
  }

  /** OpenBLAS's threads spin for some time after a product, and would disturb what comes next. */
  private static void pause() {
    Uninterruptibles.sleepUninterruptibly(Duration.ofMillis(200));
  }

  /** The product's time divided by that of each other thing, so that higher is better. */
  static Map<String, Double> ratios(Map<String, List<Long>> times) {
    Map<String, Double> ratios = new LinkedHashMap<>();
    long product = median(times.getOrDefault("product", List.of()));
    times.forEach(
        (name, all) -> {
          if (!name.equals("product")) {
            ratios.put(name + " against a product of " + SIDE, (double) product / median(all));
          }
        });
    return ratios;
  }

  static long median(List<Long> times) {
    if (times.isEmpty()) {
      throw new IllegalArgumentException("nothing was timed");
    }
    List<Long> sorted = new ArrayList<>(times);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }

  private static Map<String, List<Long>> times(
      LongSupplier nanoTime, Runnable pause, Consumer<String> out) throws IOException {
    UnetForwardBenchmark forward = new UnetForwardBenchmark();
    forward.model = "small";
    forward.batch = 32;
    forward.engine = "onednn";
    PolicyStepBenchmark step = new PolicyStepBenchmark();
    step.model = "small";
    step.batch = 32;
    step.engine = "onednn";
    Map<String, List<Long>> times = new LinkedHashMap<>();
    Arguments ofRound =
        DdpoRound.settings(
            "model=small",
            "images=32",
            "steps=4",
            "updates=2",
            "batch=32",
            "micro=32",
            "engine=onednn",
            "device=cpu",
            "precision=float32");
    forward.setUp();
    step.setUp();
    try (DdpoRound round = new DdpoRound(ofRound);
        INDArray a = Nd4j.rand(DataType.FLOAT, SIDE, SIDE);
        INDArray b = Nd4j.rand(DataType.FLOAT, SIDE, SIDE);
        INDArray c = Nd4j.create(DataType.FLOAT, SIDE, SIDE)) {
      for (int turn = -WARM_UP; turn < TURNS; turn++) {
        Map<String, List<Long>> kept = turn < 0 ? new LinkedHashMap<>() : times;
        time("product", kept, nanoTime, pause, () -> a.mmuli(b, c));
        time("forward", kept, nanoTime, pause, forward::forward);
        time("policy step", kept, nanoTime, pause, step::step);
        int number = turn + WARM_UP;
        time("round of DDPO", kept, nanoTime, pause, () -> round.round(number, nanoTime));
      }
    } finally {
      forward.tearDown();
      step.tearDown();
    }
    times.forEach(
        (name, all) ->
            out.accept(
                String.format(
                    Locale.ROOT,
                    "%-13s median %8.1f ms of %d, from %.1f to %.1f",
                    name,
                    median(all) / 1e6,
                    all.size(),
                    Collections.min(all) / 1e6,
                    Collections.max(all) / 1e6)));
    return times;
  }

  private static void time(
      String name,
      Map<String, List<Long>> times,
      LongSupplier nanoTime,
      Runnable pause,
      Supplier<?> work) {
    pause.run();
    long start = nanoTime.getAsLong();
    Object unused = work.get();
    times.computeIfAbsent(name, key -> new ArrayList<>()).add(nanoTime.getAsLong() - start);
  }
}
