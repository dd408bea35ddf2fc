package org.tastemaker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Runs programs that print with {@link MemoryGrowth} by how many bytes their resident memory grew.
 *
 * <p>Each runs in a separate process, in which as little else as possible grows: the heap is
 * allocated as a whole at the start, the collector and the compiler have one thread each, the
 * compiler is the one that takes little memory, and the C library has one arena and gives back what
 * is free at its end. The heap is also small enough to be collected now and then, since ND4J frees
 * some of its memory only then.
 */
public final class NativeMemory {
  private static final int HEAP_MEGABYTES = 256;

  /** What may be taken once: on busy machines, up to 14 MB were seen with the usual compiler. */
  private static final long ONCE = 32L << 20;

  private static final Pattern GROWN =
      Pattern.compile("^(\\S*) grown (-?\\d+), in all (-?\\d+)", Pattern.MULTILINE);

  private NativeMemory() {}

  /**
   * Runs a program with a heap of 256 MiB and fails if it grew.
   *
   * @param program the class with the main method
   * @param bound in bytes: what its calls lose together must be less
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static void assertFlat(Class<?> program, long bound)
      throws IOException, InterruptedException {
    assertFlat(program, HEAP_MEGABYTES, bound);
  }

  /**
   * Runs a program and fails if it grew.
   *
   * @param program the class with the main method
   * @param heapMegabytes the size of its heap
   * @param bound in bytes: what its calls lose together must be less
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static void assertFlat(Class<?> program, int heapMegabytes, long bound)
      throws IOException, InterruptedException {
    assertFlat(child(program, heapMegabytes).output(), "", bound);
  }

  /**
   * Fails if a program grew.
   *
   * @param output of the program
   * @param what it did
   * @param bound in bytes: what its calls lose together must be less
   */
  public static void assertFlat(String output, String what, long bound) {
    MatchResult growth =
        GROWN
            .matcher(output)
            .results()
            .filter(found -> found.group(1).equals(what))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no growth of '" + what + "' in: " + output));
    assertThat(Long.parseLong(growth.group(2))).as(output).isLessThan(bound);
    assertThat(Long.parseLong(growth.group(3))).as(output).isLessThan(bound + ONCE);
  }

  /**
   * What a program prints, with a heap of 256 MiB.
   *
   * @param program the class with the main method
   * @param arguments of the main method
   * @return all that it printed
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public static String outputOf(Class<?> program, String... arguments)
      throws IOException, InterruptedException {
    return child(program, HEAP_MEGABYTES, arguments).output();
  }

  private static ChildProgram child(Class<?> program, int heapMegabytes, String... arguments) {
    return ChildProgram.of(program, arguments)
        .withVmOptions(
            "-Xms" + heapMegabytes + "m",
            "-Xmx" + heapMegabytes + "m",
            "-XX:+AlwaysPreTouch",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1")
        .withEnvironment(Map.of("MALLOC_ARENA_MAX", "1", "MALLOC_TRIM_THRESHOLD_", "131072"));
  }
}
