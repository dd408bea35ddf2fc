package org.tastemaker.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Asks nvidia-smi, which comes with NVIDIA's driver. */
final class NvidiaSmi {
  private NvidiaSmi() {}

  /** The lines of its answer: one for each GPU that is asked about, without units. */
  static List<String> query(int gpu, String field) {
    try {
      Process process =
          new ProcessBuilder(
                  "nvidia-smi",
                  "-i",
                  "" + gpu,
                  "--query-gpu=" + field,
                  "--format=csv,noheader,nounits")
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException("nvidia-smi failed: " + said.strip());
      }
      return said.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run nvidia-smi: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while nvidia-smi ran", e);
    }
  }
}
