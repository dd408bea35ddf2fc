package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs a program that prints by how many bytes its resident memory has grown. */
public final class NativeMemory {
  private NativeMemory() {}

  /**
   * What a program prints as {@code grown <bytes>}.
   *
   * <p>In a process of its own, with a heap that is there as a whole from the beginning, so that
   * what grows is outside of it, and small enough to be collected now and then: ND4J frees some of
   * its own only then.
   */
  public static long grownBy(Class<?> program) throws IOException, InterruptedException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xms256m",
                    "-Xmx256m",
                    "-XX:+AlwaysPreTouch",
                    "-XX:+UseSerialGC",
                    "-cp",
                    path,
                    program.getName()))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    Matcher grown = Pattern.compile("grown (-?\\d+)").matcher(output);
    assertThat(grown.find()).as(output).isTrue();
    return Long.parseLong(grown.group(1));
  }
}
