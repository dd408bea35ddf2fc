package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.tastemaker.testing.ChildProgram;

/**
 * A worker in a Java process of its own.
 *
 * @param process the process
 * @param uri where it is
 */
record WorkerProcess(Process process, URI uri) implements AutoCloseable {
  private static final String FOUND = "worker at ";

  static WorkerProcess judging(Path notes, long millis, int questions) {
    return start("", notes, millis, questions, "");
  }

  static WorkerProcess judging(Path notes, long millis, int questions, Path answers) {
    return start("", notes, millis, questions, answers.toString());
  }

  static WorkerProcess painting(Path folder) {
    return start(folder.toString(), folder.resolve("notes"), 0, 1, "");
  }

  private static WorkerProcess start(
      String model, Path notes, long millis, int questions, String answers) {
    try {
      Process process =
          ChildProgram.of(
                  RowServerProgram.class,
                  model,
                  notes.toString(),
                  String.valueOf(millis),
                  String.valueOf(questions),
                  answers)
              .withVmOptions("-Xmx512m")
              .start();
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      StringBuilder printed = new StringBuilder();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(FOUND)) {
          Thread drain = new Thread(() -> lines.lines().forEach(unused -> {}));
          drain.setDaemon(true);
          drain.start();
          return new WorkerProcess(process, URI.create(line.substring(FOUND.length())));
        }
        printed.append(line).append('\n');
      }
      throw new IllegalStateException("the worker did not start: " + printed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void kill() {
    try {
      process.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    assertThat(process.isAlive()).isFalse();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
