package org.tastemaker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A test class with a main method, run in a separate Java process. */
public final class ChildProgram {
  private final Class<?> program;
  private final List<String> options;
  private final List<String> arguments;
  private final Map<String, String> environment;
  private final int kilobytes; // 0 for no limit

  private ChildProgram(
      Class<?> program,
      List<String> options,
      List<String> arguments,
      Map<String, String> environment,
      int kilobytes) {
    this.program = program;
    this.options = options;
    this.arguments = arguments;
    this.environment = environment;
    this.kilobytes = kilobytes;
  }

  /**
   * A program with the class path of the tests.
   *
   * @param program the class with the main method
   * @param arguments of the main method
   * @return the program, not started
   */
  public static ChildProgram of(Class<?> program, String... arguments) {
    return new ChildProgram(program, List.of(), List.of(arguments), Map.of(), 0);
  }

  /**
   * The same program with options of the virtual machine.
   *
   * @param vmOptions such as {@code -Xmx64m}
   * @return the program, not started
   */
  public ChildProgram withVmOptions(String... vmOptions) {
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of(vmOptions));
    return new ChildProgram(program, all, arguments, environment, kilobytes);
  }

  /**
   * The same program with more environment variables than this process has.
   *
   * @param variables by name, in place of those that were given before
   * @return the program, not started
   */
  public ChildProgram withEnvironment(Map<String, String> variables) {
    return new ChildProgram(program, options, arguments, Map.copyOf(variables), kilobytes);
  }

  /**
   * The same program, for which no file grows beyond a size: as if the disk were full. Needs bash.
   *
   * @param kilobytes the most that a file has
   * @return the program, not started
   */
  public ChildProgram withFileSizeLimit(int kilobytes) {
    ChildProgram quiet = withVmOptions("-XX:-UsePerfData");
    return new ChildProgram(program, quiet.options, arguments, environment, kilobytes);
  }

  /**
   * Starts the program.
   *
   * @return the process; its standard error goes to its standard output
   * @throws IOException if it cannot be started
   */
  public Process start() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(program.getName());
    command.addAll(arguments);
    if (kilobytes > 0) {
      command.addAll(0, List.of("bash", "-c", "ulimit -f " + kilobytes + "; exec \"$@\"", "-"));
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return builder.start();
  }

  /**
   * Runs the program to its end and fails unless its exit status is 0.
   *
   * @return what it printed, errors too
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public String output() throws IOException, InterruptedException {
    Process process = start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed;
  }
}
