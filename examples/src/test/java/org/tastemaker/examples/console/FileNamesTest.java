package org.tastemaker.examples.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class FileNamesTest {
  private static InvalidPathException unmappable() {
    return new InvalidPathException(
        "l??ufe", "Malformed input or input contains unmappable characters");
  }

  /** Prints the name of a folder. */
  @Command
  static final class Program implements Runnable {
    @Option(names = "--run")
    private Path run = Path.of(".");

    public static void main(String[] args) {
      System.exit(FileNames.in(new CommandLine(new Program())).execute(args));
    }

    @Override
    public void run() {
      System.out.println("run in " + run.getNameCount());
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void inTheLocaleCANameThatIsNotAsciiIsRefusedWithTheWayOut() throws Exception {
    assertThat(program("C"))
        .contains("Invalid value for option '--run'")
        .contains("this process knows names in")
        .contains("LC_ALL=C.UTF-8 before the command")
        .doesNotContain("InvalidPathException");
    assertThat(program("C.UTF-8")).isEqualTo("run in 1");
  }

  private static String program(String locale) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            "sh", // which passes these bytes, whatever the names of files are in this process
            "-c",
            "exec \"$0\" \"$@\" \"$(printf 'l\\303\\244ufe')\"",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Program.class.getName(),
            "--run");
    builder.environment().put("LC_ALL", locale);
    Process process = builder.redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return output;
  }

  @Test
  void otherwiseTheReasonIsSaid() {
    InvalidPathException zero = new InvalidPathException("a\0b", "Nul character not allowed");
    assertThat(FileNames.refusal(zero, "UTF-8"))
        .isEqualTo("'a\0b' cannot be a file's name: Nul character not allowed");
  }

  @Test
  void anExampleThatFailsForANameSaysTheSame() {
    StringWriter out = new StringWriter();
    int code = Failures.report(unmappable(), Path.of("."), new PrintWriter(out, true));
    assertThat(code).isEqualTo(2);
    assertThat(out.toString()).contains("'l??ufe' cannot be a file's name");
    assertThat(FileNames.refusal(unmappable(), "ANSI_X3.4-1968")).contains("LC_ALL=C.UTF-8");
  }
}
