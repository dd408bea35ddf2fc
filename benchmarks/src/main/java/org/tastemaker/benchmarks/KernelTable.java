package org.tastemaker.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Prints the denoising step's measurements as a short table: GB/s and the share of a copy's speed,
 * on the GPU and on the CPU, and whether the GPU reaches the goal.
 */
public final class KernelTable {
  private static final String GPU = "DenoisingKernelBenchmark";
  private static final String CPU = "DenoisingStepBenchmark";
  private static final String IMAGES = "images=";
  private static final int CPU_SIZE = 64 * 64 * 4;

  /**
   * The goal: the share of a copy's bandwidth that float32 steps with log-probability must reach,
   * from so many images upwards.
   */
  private static final double GOAL = .9;

  private static final int GOAL_IMAGES = 512;

  /** A column: what is measured, the copy that it is compared with, and the bytes per element. */
  private record Column(String title, String method, String copy, int bytes) {}

  private static final List<Column> GPU_COLUMNS =
      List.of(
          new Column("sample", "sample", "copyOfFour", 16),
          new Column("replay", "replay", "copyOfFour", 16),
          new Column("gradient", "gradient", "copyOfSix", 24),
          new Column("float16 sample", "sampleFloat16", "copyOfTwo", 8));

  private static final List<Column> CPU_COLUMNS =
      List.of(
          new Column("sample", "sample", "copyOfFour", 16),
          new Column("replay", "replay", "copyOfThree", 12),
          new Column("gradient", "gradient", "copyOfFour", 16));

  private KernelTable() {}

  /**
   * Prints the table.
   *
   * @param args the file that JMH wrote with {@code -rf json}
   * @throws IOException if it cannot be read
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      throw new IllegalArgumentException("expected RESULTS.json");
    }
    lines(JmhResults.read(Path.of(args[0]))).forEach(System.out::println);
  }

  /** A table of the GPU's steps, their goal, and a table of the CPU's steps. */
  static List<String> lines(JmhResults results) {
    List<String> lines = new ArrayList<>();
    lines.add(header("GPU, N x size", GPU_COLUMNS) + "  unfused / sample  launch + wait");
    for (String batch : DenoisingKernelBenchmark.batches()) { // in the order of their sizes
      String setting = "batch=" + batch;
      StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-13s", batch));
      for (Column column : GPU_COLUMNS) {
        line.append(cell(results, GPU, column, setting, (double) images(batch) * size(batch)));
      }
      lines.add(line + speedUp(results, setting) + launch(results, setting));
    }
    lines.add(goal(results));
    lines.add(header("CPU, images", CPU_COLUMNS));
    List<String> settings =
        results.settings(CPU).stream()
            .sorted(Comparator.comparingInt(s -> Integer.parseInt(s.substring(IMAGES.length()))))
            .toList();
    for (String setting : settings) {
      String images = setting.substring(IMAGES.length());
      StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-13s", images));
      for (Column column : CPU_COLUMNS) {
        line.append(
            cell(results, CPU, column, setting, (double) Integer.parseInt(images) * CPU_SIZE));
      }
      lines.add(line.toString());
    }
    if (settings.isEmpty()) {
      lines.add("not run");
    }
    return lines;
  }

  private static int images(String batch) {
    return Integer.parseInt(batch.substring(0, batch.indexOf('x')));
  }

  private static int size(String batch) {
    return Integer.parseInt(batch.substring(batch.indexOf('x') + 1));
  }

  private static String header(String first, List<Column> columns) {
    StringBuilder header = new StringBuilder(String.format(Locale.ROOT, "%-13s", first));
    columns.forEach(
        column -> header.append(String.format(Locale.ROOT, "  %14s  of copy", column.title())));
    return header.toString();
  }

  private static String cell(
      JmhResults results, String type, Column column, String setting, double elements) {
    OptionalDouble ours = results.time(type, column.method(), setting);
    OptionalDouble peer = results.time(type, column.copy(), setting);
    if (ours.isEmpty() || peer.isEmpty()) {
      return "                  not run";
    }
    return String.format(
        Locale.ROOT,
        "  %9.1f GB/s  %5.1f %%",
        elements * column.bytes() / ours.getAsDouble() / 1e3,
        100 * peer.getAsDouble() / ours.getAsDouble());
  }

  private static String speedUp(JmhResults results, String setting) {
    OptionalDouble ours = results.time(GPU, "sample", setting);
    OptionalDouble unfused = results.time(GPU, "unfused", setting);
    return ours.isEmpty() || unfused.isEmpty()
        ? "           not run"
        : String.format(Locale.ROOT, "  %16.2f", unfused.getAsDouble() / ours.getAsDouble());
  }

  private static String launch(JmhResults results, String setting) {
    OptionalDouble time = results.time(GPU, DenoisingKernelBenchmark.WAITING, setting);
    return time.isEmpty()
        ? "        not run"
        : String.format(Locale.ROOT, "  %10.1f us", time.getAsDouble());
  }

  private static String goal(JmhResults results) {
    String asked =
        String.format(
            Locale.ROOT,
            "goal: sample at %.0f %% of a copy's speed or more from %d images upward: ",
            100 * GOAL,
            GOAL_IMAGES);
    double least = Double.POSITIVE_INFINITY;
    String where = "";
    for (String batch : DenoisingKernelBenchmark.batches()) {
      if (images(batch) < GOAL_IMAGES) {
        continue;
      }
      OptionalDouble ours = results.time(GPU, "sample", "batch=" + batch);
      OptionalDouble peer = results.time(GPU, "copyOfFour", "batch=" + batch);
      if (ours.isEmpty() || peer.isEmpty()) {
        return asked + "not known, " + batch + " was not run";
      }
      double share = peer.getAsDouble() / ours.getAsDouble();
      if (!(share >= least)) {
        where = batch;
      }
      least = Math.min(least, share); // keeps NaN
    }
    return asked
        + String.format(
            Locale.ROOT,
            "%s, the least is %.1f %% (%s)",
            least >= GOAL ? "met" : "MISSED",
            100 * least,
            where);
  }
}
