package org.tastemaker.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;

/** Prints the GPU's measurements as a short table: GB/s, and the share of a copy's. */
public final class KernelTable {
  private static final String GPU = "DenoisingKernelBenchmark";

  private KernelTable() {}

  /**
   * Prints the table.
   *
   * @param args the file that JMH wrote with {@code -rf json}
   * @throws IOException if it cannot be read
   */
  public static void main(String[] args) throws IOException {
    JmhResults results = JmhResults.read(Path.of(args[0]));
    System.out.println(
        "batch         sample        of copy  replay        of copy  gradient      of copy  unfused / sample  launch + wait");
    for (String setting : results.settings(GPU)) {
      String batch = setting.substring(setting.indexOf('=') + 1);
      int x = batch.indexOf('x');
      double bytes =
          4.0 * Integer.parseInt(batch.substring(0, x)) * Integer.parseInt(batch.substring(x + 1));
      System.out.println(
          String.format(Locale.ROOT, "%-12s", batch)
              + column(results, setting, "sample", "copyOfFour", 4 * bytes)
              + column(results, setting, "replay", "copyOfFour", 4 * bytes)
              + column(results, setting, "gradient", "copyOfSix", 6 * bytes)
              + speedUp(results, setting)
              + wait(results, setting));
    }
  }

  private static String column(
      JmhResults results, String setting, String method, String copy, double bytes) {
    OptionalDouble ours = results.time(GPU, method, setting);
    OptionalDouble peer = results.time(GPU, copy, setting);
    if (ours.isEmpty() || peer.isEmpty()) {
      return "              not run  ";
    }
    return String.format(
        Locale.ROOT,
        "  %7.1f GB/s   %5.1f %%",
        bytes / ours.getAsDouble() / 1e3,
        100 * peer.getAsDouble() / ours.getAsDouble());
  }

  private static String speedUp(JmhResults results, String setting) {
    OptionalDouble ours = results.time(GPU, "sample", setting);
    OptionalDouble unfused = results.time(GPU, "unfused", setting);
    return ours.isEmpty() || unfused.isEmpty()
        ? "         not run"
        : String.format(Locale.ROOT, "  %14.2f", unfused.getAsDouble() / ours.getAsDouble());
  }

  private static String wait(JmhResults results, String setting) {
    OptionalDouble time = results.time(GPU, "sampleAndWait", setting);
    return time.isEmpty()
        ? "         not run"
        : String.format(Locale.ROOT, "  %11.1f us", time.getAsDouble());
  }
}
