package org.tastemaker.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.tastemaker.diffusion.engine.Device;

/** Reads how much memory is in use. */
final class MemoryMeter {
  private static final Path STATUS = Path.of("/proc/self/status");

  private MemoryMeter() {}

  /**
   * What can be read here, in bytes: this process's resident memory on Linux, and a GPU's memory,
   * all processes together, as nvidia-smi says.
   */
  static Map<String, LongSupplier> of(Device device) {
    Map<String, LongSupplier> meters = new LinkedHashMap<>();
    if (Files.isReadable(STATUS)) {
      meters.put("process", MemoryMeter::resident);
    }
    if (device.kind() == Device.Kind.CUDA) {
      meters.put(
          "device",
          () ->
              megabytes(
                      NvidiaSmi.query(device.index(), "memory.used").stream()
                          .findFirst()
                          .orElse("no answer"))
                  << 20);
    }
    return meters;
  }

  private static long megabytes(String line) {
    try {
      return Long.parseLong(line.strip());
    } catch (NumberFormatException e) {
      throw new IllegalStateException(
          "nvidia-smi does not say how much memory is used: " + line, e);
    }
  }

  private static long resident() {
    try {
      return Files.readAllLines(STATUS, StandardCharsets.UTF_8).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + STATUS, e);
    }
  }
}
