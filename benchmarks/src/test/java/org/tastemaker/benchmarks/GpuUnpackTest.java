package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script that lies beside the parts of a bundle for GPUs. */
@EnabledOnOs(OS.LINUX)
class GpuUnpackTest {
  @TempDir Path folder;
  private final byte[] bytes = new byte[5000]; // such that two parts are needed

  @BeforeEach
  void makeParts() throws Exception {
    new Random(1).nextBytes(bytes);
    Path script = Path.of("..", "scripts", "gpu-unpack").toAbsolutePath();
    Files.createDirectories(folder.resolve("whole"));
    Files.write(folder.resolve("whole/gpu-check"), bytes);
    Files.createDirectories(folder.resolve("parts"));
    Files.copy(script, folder.resolve("parts/unpack"));
    assertThat(
            run(
                "tar -C whole -czf - . | split -b 4000 -d -a 3 - parts/part-"
                    + " && cd parts && sha256sum part-* >SHA256SUMS"))
        .isEmpty();
  }

  /** What a command says. */
  private String run(String command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("bash", "-c", command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return process.exitValue() == 0 ? said : said + "exit " + process.exitValue();
  }

  @Test
  void thePartsBecomeTheFolderAgain() throws Exception {
    Files.writeString(folder.resolve("parts/part-999"), "of another bundle");
    assertThat(run("bash parts/unpack out")).contains("unpacked").doesNotContain("exit");
    assertThat(folder.resolve("out/gpu-check")).hasBinaryContent(bytes);
  }

  @Test
  void aDamagedPartIsNamedAndNothingIsUnpacked() throws Exception {
    Files.writeString(folder.resolve("parts/part-001"), "damaged");
    assertThat(run("bash parts/unpack out"))
        .contains("part-001")
        .contains("missing or damaged")
        .endsWith("exit 1");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aMissingPartIsNamed() throws Exception {
    Files.delete(folder.resolve("parts/part-000"));
    assertThat(run("bash parts/unpack out")).contains("part-000").endsWith("exit 1");
  }

  @Test
  void whatIsThereIsNotOverwritten() throws Exception {
    Files.createDirectories(folder.resolve("out"));
    assertThat(run("bash parts/unpack out")).contains("is there already").endsWith("exit 1");
  }
}
