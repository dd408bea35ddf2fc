package org.tastemaker.examples.ideas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the page 'Which files load' promises is tested by tests that there are. */
class ModelFilesPageTest {
  private static final Path PAGE = Path.of("../docs/model-files.md");
  private static final Pattern TEST = Pattern.compile("`(\\w+Test)`");

  private static List<String> rows() throws IOException {
    return Files.readAllLines(PAGE).stream()
        .filter(line -> line.startsWith("| ") && !line.startsWith("| --- "))
        .filter(line -> !line.startsWith("| file ") && !line.startsWith("| class in "))
        .toList();
  }

  private static Set<String> named(String text) {
    return TEST.matcher(text)
        .results()
        .map((MatchResult result) -> result.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> testsOfTheProject() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(".."))) {
      return files
          .filter(file -> file.toString().contains("/src/test/java/"))
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith("Test.java"))
          .map(name -> name.substring(0, name.length() - ".java".length()))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  void everyTestThatThePageNamesIsThere() throws IOException {
    assertThat(testsOfTheProject()).containsAll(named(Files.readString(PAGE)));
  }

  @Test
  void everyKindOfFileHasATest() throws IOException {
    List<String> ofFiles = rows().stream().filter(row -> !row.contains("Scheduler")).toList();
    assertThat(ofFiles)
        .hasSizeGreaterThan(20)
        .allSatisfy(row -> assertThat(named(row)).as(row).isNotEmpty());
  }
}
