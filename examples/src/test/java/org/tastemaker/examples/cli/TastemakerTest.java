package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.tastemaker.examples.cli.Commands.Done;
import picocli.CommandLine;

class TastemakerTest {
  private final Commands commands = new Commands();

  @Test
  void theProgramsHelpNamesCommandsAndExitCodes() {
    Done done = commands.run("--help");

    assertThat(done.code()).isZero();
    assertThat(done.out())
        .contains("align", "sample", "generate-completion")
        .contains("Exit codes:", "130", "Ctrl-C");
  }

  @TestFactory
  List<DynamicTest> everyCommandsHelpHasExamplesThatParse() {
    CommandLine program = Tastemaker.command(commands.around());
    List<DynamicTest> tests = new ArrayList<>();
    for (Map.Entry<String, CommandLine> command : program.getSubcommands().entrySet()) {
      if (command.getKey().equals("generate-completion")) {
        continue;
      }
      tests.add(
          DynamicTest.dynamicTest(
              command.getKey(),
              () -> {
                Done help = commands.run(command.getKey(), "--help");
                assertThat(help.code()).isZero();
                assertThat(help.out()).contains("Examples:", "--json");
                String[] footer = command.getValue().getCommandSpec().usageMessage().footer();
                assertThat(footer).isNotEmpty();
                for (String line : footer) {
                  List<String> words = CommandLines.words(line);
                  assertThat(words).startsWith("tastemaker", command.getKey());
                  CommandLines.parse(program, words);
                }
              }));
    }
    return tests;
  }

  @Test
  void helpHasNoColoursWhereThereIsNoTerminal() {
    assertThat(commands.run("sample", "--help").out()).doesNotContain("\u001b");
  }

  @Test
  void aWrongOptionIsNamedWithTheWayOut() {
    Done done = commands.run("sample", "penguin", "--stepz", "3");

    assertThat(done.code()).isEqualTo(2);
    assertThat(done.err()).contains("--stepz", "--steps", "tastemaker sample --help");
    assertThat(done.out()).isEmpty();
  }

  @Test
  void aWrongCommandIsNamedWithTheWayOut() {
    Done done = commands.run("sampel");

    assertThat(done.code()).isEqualTo(2);
    assertThat(done.err()).contains("sampel", "tastemaker --help");
  }

  @Test
  void aCommandThatFailsSaysSoAsJsonToo() {
    Done done = commands.run("sample", "--json");

    assertThat(done.code()).isEqualTo(2);
    assertThat(done.json().integer("exitCode")).isEqualTo(2);
    assertThat(done.json().text("error")).contains("there is no prompt");
    assertThat(commands.run("sample", "--json", "--stepz").json().text("command"))
        .isEqualTo("sample");
  }

  @Test
  void aShellGetsItsCompletion() {
    Done done = commands.run("generate-completion");

    assertThat(done.code()).isZero();
    assertThat(done.out()).contains("complete -F", "--guidance");
  }

  @Test
  void theProgramSaysItsVersion() {
    assertThat(commands.run("--version").out()).startsWith("tastemaker ");
  }
}
