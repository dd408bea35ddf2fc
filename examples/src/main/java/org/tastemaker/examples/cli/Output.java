package org.tastemaker.examples.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.examples.console.ConsoleProgress;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Where a command's words go: to standard output, or with {@code --json} to standard error, since
 * standard output then has one JSON object and nothing else. Progress always goes to standard
 * error.
 */
final class Output {
  static final String JSON = "--json";

  @Option(
      names = JSON,
      description =
          "Print the result as one JSON object on standard output; all else goes to standard error.")
  private boolean json;

  @SuppressWarnings("NullAway.Init")
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Made by picocli. */
  Output() {}

  /** For the words that people read. */
  PrintWriter words() {
    return json ? command.commandLine().getErr() : command.commandLine().getOut();
  }

  void say(String format, Object... values) {
    PrintWriter words = words();
    words.print(String.format(Locale.ROOT, format, values) + System.lineSeparator());
    words.flush();
  }

  /** A warning, beside the result. */
  void warn(String words) {
    PrintWriter err = command.commandLine().getErr();
    err.println(words);
    err.flush();
  }

  /** The display of something long. */
  ConsoleProgress progress(String name, long total) {
    return ConsoleProgress.onErrors(name, total);
  }

  /** Prints the result if it was asked for as JSON. */
  void result(int exitCode, Map<String, ? extends @Nullable Object> values) {
    if (json) {
      Map<String, @Nullable Object> all = new LinkedHashMap<>();
      all.put("command", command.name());
      all.put("exitCode", exitCode);
      values.forEach((name, value) -> all.put(name, value instanceof Path ? "" + value : value));
      print(command.commandLine().getOut(), all);
    }
  }

  /** The result of a command that failed. */
  static void failed(CommandSpec command, int exitCode, String error) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("command", command.name());
    all.put("exitCode", exitCode);
    all.put("error", error);
    print(command.commandLine().getOut(), all);
  }

  private static void print(PrintWriter out, Map<String, ? extends @Nullable Object> object) {
    out.println(Json.write(object));
    out.flush();
  }
}
