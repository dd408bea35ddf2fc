package org.tastemaker.diffusion.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.testing.SoftwareGpu;

/** nvcc compiles the kernels for every architecture, and what ptxas reports of them. */
@Tag("toolkit")
class CompilerReportTest {
  private static final int ARCHITECTURES = 7;
  private static final int KERNELS = 9;
  private static final Pattern ENTRY =
      Pattern.compile(
          "Compiling entry function '(\\w+)' for 'sm_(\\d+)'"
              + ".*?(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads"
              + ".*?Used (\\d+) registers",
          Pattern.DOTALL);

  @Test
  void noKernelSpillsOrUsesLocalMemory(@TempDir Path folder) throws IOException {
    String report = SoftwareGpu.run("src/main/cuda/build.sh", folder.toString());
    Map<String, String> registers = new TreeMap<>();
    Matcher entry = ENTRY.matcher(report);
    while (entry.find()) {
      String kernel = entry.group(1) + " for sm_" + entry.group(2);
      if (entry.group(1).matches("(sample|replay|gradient)_.*")) {
        assertThat(entry.group(3)).as("bytes of local memory of %s", kernel).isEqualTo("0");
        assertThat(entry.group(4)).as("bytes of spill stores of %s", kernel).isEqualTo("0");
        assertThat(entry.group(5)).as("bytes of spill loads of %s", kernel).isEqualTo("0");
        registers.put(kernel, entry.group(6));
      }
    }
    assertThat(registers).hasSize(ARCHITECTURES * KERNELS);
    // 80 registers leave room for three blocks of 256 threads on a multiprocessor.
    assertThat(registers.values()).allMatch(count -> Integer.parseInt(count) <= 80);
    assertThat(
            Files.size(
                folder.resolve(
                    "diffusion/src/main/resources/org/tastemaker/diffusion/cuda/denoising_step.fatbin")))
        .isGreaterThan(100_000);
  }
}
