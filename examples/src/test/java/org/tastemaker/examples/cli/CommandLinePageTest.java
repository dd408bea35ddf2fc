package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The page on the program shows commands that there are. */
class CommandLinePageTest {
  private static final Path PAGE = Path.of("../docs/command-line.md");

  private final CommandLine program = Tastemaker.command(new Commands().around());

  private static List<List<String>> shown(Path page) throws IOException {
    return Files.readAllLines(page).stream()
        .filter(line -> line.startsWith("tastemaker "))
        .map(line -> line.replaceFirst("\\s#.*", "").replaceFirst("\\s[>|<].*", ""))
        .map(CommandLines::words)
        .toList();
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("../docs"), 2)) {
      return Stream.concat(Stream.of(Path.of("../README.md")), files)
          .filter(file -> file.toString().endsWith(".md"))
          .toList();
    }
  }

  @Test
  void everyLineOfEveryPageParses() throws IOException {
    List<List<String>> lines = new ArrayList<>();
    for (Path page : pages()) {
      lines.addAll(shown(page));
    }
    assertThat(lines)
        .hasSizeGreaterThan(30)
        .allSatisfy(
            words ->
                assertThatCode(() -> CommandLines.parse(program, words))
                    .doesNotThrowAnyException());
  }

  @Test
  void thePageShowsEveryCommand() throws IOException {
    Set<String> named = new TreeSet<>();
    shown(PAGE).forEach(words -> named.add(words.get(1)));

    assertThat(named).containsAll(program.getSubcommands().keySet());
  }

  @Test
  void thePageHasEveryExitCode() throws IOException {
    String page = Files.readString(PAGE);

    assertThat(program.getCommandSpec().usageMessage().exitCodeList().keySet())
        .allSatisfy(code -> assertThat(page).contains("| " + code + " |"));
  }
}
