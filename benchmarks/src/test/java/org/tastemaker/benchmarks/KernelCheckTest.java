package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.cuda.CudaDriver;
import org.tastemaker.testing.SoftwareGpu;

/** The check for GPUs, run on the software GPU: a correct kernel passes, a wrong one fails. */
@Tag("toolkit")
class KernelCheckTest {
  private static final Path DIFFUSION = Path.of("..", "diffusion");

  @TempDir Path folder;

  private List<String> check(String header, String replacement) throws Exception {
    Path cuda = DIFFUSION.resolve("src/main/cuda");
    String source = Files.readString(cuda.resolve("denoising_step.h"));
    assertThat(source).contains(header);
    Files.writeString(
        folder.resolve("denoising_step.h"),
        source.replaceFirst(Pattern.quote(header), replacement));
    Path library = folder.resolve("libcuda-" + replacement.hashCode() + ".so");
    SoftwareGpu.build(DIFFUSION, folder, library);
    return SoftwareGpu.asDriver(
        library, () -> KernelCheck.run(CudaDriver.load().devices().get(0), Seed.of(7), true));
  }

  @Test
  void theKernelsPass() throws Exception {
    assertThat(check("// Noise: org", "// Noise: org")).isEmpty();
  }

  @Test
  void aWrongWeightIsFound() throws Exception {
    assertThat(
            check(
                "fmaf(outputWeight, o, sampleWeight * x)",
                "fmaf(outputWeight, o, 1.0001f * sampleWeight * x)"))
        .anyMatch(failure -> failure.contains("previous is off by"));
  }

  @Test
  void anElementThatIsNotWrittenIsFound() throws Exception {
    assertThat(
            check(
                "if (k < count) {\n          elements[k]",
                "if (k + 1 < count) {\n          elements[k]"))
        .anyMatch(failure -> failure.contains("previous is off by NaN"));
  }

  @Test
  void aWritePastTheEndIsFound() throws Exception {
    assertThat(
            check(
                "if (k < count) {\n          elements[k]",
                "if (k < count || (k == count && k > 0)) {\n          elements[k]"))
        .anyMatch(failure -> failure.contains("was overwritten"));
  }

  @Test
  void otherNoiseIsFound() throws Exception {
    assertThat(check("0xCD9E8D57u", "0xCD9E8D59u"))
        .anyMatch(failure -> failure.contains("previous is off by"));
  }
}
