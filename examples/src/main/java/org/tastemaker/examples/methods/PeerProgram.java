package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.tastemaker.feedback.resilience.Sleeper;

/**
 * The process of the other program, which {@code scripts/ddpo_curve.py} is. What it prints goes to
 * {@code peer.log} in its folder. Closing ends it.
 */
final class PeerProgram implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final int LAST_WORDS = 2000;

  private final Process process;
  private final Path log;
  private final Sleeper sleeper;

  private PeerProgram(Process process, Path log, Sleeper sleeper) {
    this.process = process;
    this.log = log;
    this.sleeper = sleeper;
  }

  /**
   * Starts it.
   *
   * @param command the interpreter and the script
   * @param what it is to do: {@code check} or {@code train}
   * @param folder of the exchange, which exists
   * @param sleeper lets time pass
   * @throws IllegalArgumentException if there is no such command
   */
  static PeerProgram start(List<String> command, String what, Path folder, Sleeper sleeper) {
    Path log = folder.resolve("peer.log");
    List<String> all = new ArrayList<>(command);
    all.add(what);
    all.add(folder.toAbsolutePath().toString());
    try {
      return new PeerProgram(
          new ProcessBuilder(all)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start(),
          log,
          sleeper);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s cannot be started: %s; --python names an interpreter that has torch, diffusers, transformers and safetensors",
              command,
              e.getMessage()),
          e);
    }
  }

  /**
   * Lets it work for a moment.
   *
   * @throws IllegalStateException if it has ended
   */
  void awaitAnswer() {
    if (!process.isAlive()) {
      throw ended();
    }
    sleep();
  }

  /**
   * Waits for its end.
   *
   * @throws IllegalStateException if it has failed
   */
  void awaitEnd() {
    while (process.isAlive()) {
      sleep();
    }
    if (process.exitValue() != 0) {
      throw ended();
    }
  }

  private void sleep() {
    try {
      sleeper.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while the other program worked");
    }
  }

  private IllegalStateException ended() {
    String said;
    try {
      said = Files.readString(log, StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + log + ": " + e.getMessage(), e);
    }
    return new IllegalStateException(
        String.format(
            Locale.ROOT,
            "the other program has ended with the exit code %s; %s ends with:%n%s",
            process.exitValue(),
            log,
            said.substring(Math.max(0, said.length() - LAST_WORDS))));
  }

  @Override
  public void close() {
    process.destroy();
  }
}
