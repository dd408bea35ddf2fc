package org.tastemaker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs programs that print by how many bytes their resident memory grew, as {@code grown <bytes>}.
 *
 * <p>Each runs in a separate process. Its heap is allocated as a whole at the start, so that all
 * growth is outside the heap. It is also small enough to be collected now and then, since ND4J
 * frees some of its memory only then.
 */
public final class NativeMemory {
  private static final int HEAP_MEGABYTES = 256;

  private NativeMemory() {}

  /**
   * By how many bytes a program reports that it grew, with a heap of 256 MiB.
   *
   * @param program the class with the main method
   * @return the bytes
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static long grownBy(Class<?> program) throws IOException, InterruptedException {
    return grownBy(program, HEAP_MEGABYTES);
  }

  /**
   * By how many bytes a program reports that it grew.
   *
   * @param program the class with the main method
   * @param heapMegabytes the size of its heap
   * @return the bytes
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static long grownBy(Class<?> program, int heapMegabytes)
      throws IOException, InterruptedException {
    return grown(outputOf(program, heapMegabytes));
  }

  /**
   * What a program prints, with a heap of 256 MiB.
   *
   * @param program the class with the main method
   * @return all that it printed
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static String outputOf(Class<?> program) throws IOException, InterruptedException {
    return outputOf(program, HEAP_MEGABYTES);
  }

  private static String outputOf(Class<?> program, int heapMegabytes)
      throws IOException, InterruptedException {
    return ChildProgram.of(program)
        .withVmOptions(
            "-Xms" + heapMegabytes + "m",
            "-Xmx" + heapMegabytes + "m",
            "-XX:+AlwaysPreTouch",
            "-XX:+UseSerialGC")
        .output();
  }

  /**
   * The number of bytes in what a program printed.
   *
   * @param output with {@code grown <bytes>} somewhere
   * @return the bytes
   */
  public static long grown(String output) {
    Matcher grown = Pattern.compile("grown (-?\\d+)").matcher(output);
    assertThat(grown.find()).as(output).isTrue();
    return Long.parseLong(grown.group(1));
  }
}
