package org.tastemaker.examples.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whoever reads a table in the documents subtracts. */
class DocumentedFiguresTest {
  private static final Path ROOT = Path.of(".."); // of the modules
  private static final Pattern NUMBER = Pattern.compile("([+-]?\\d+\\.\\d{3})( \\[.*)?");

  /** Where an arm leaves some prompts out, it says what the others had before. */
  private static final Pattern FROM = Pattern.compile("(\\d+\\.\\d{3}) \\(from (\\d+\\.\\d{3})\\)");

  /** Three rounded numbers: each is off by at most half a thousandth. */
  private static final double ROUNDING = 0.0015 + 1e-9;

  @ParameterizedTest
  @CsvSource({
    "README.md, 3",
    "docs/experiments.md, 23",
    "docs/human-preference-score.md, 8",
    "docs/methods.md, 18"
  })
  void aChangeIsAfterMinusBefore(String file, int least) throws IOException {
    int rows = 0;
    List<String> head = List.of();
    for (String line : Files.readAllLines(ROOT.resolve(file))) {
      List<String> cells = cells(line);
      if (cells.contains("before") || cells.contains("before, kB")) {
        head = cells;
      } else if (!line.startsWith("|")) {
        head = List.of();
      } else if (!head.isEmpty() && number(cells, head, "before").isPresent()) {
        for (int i = 0; i < head.size(); i++) {
          if (head.get(i).startsWith("change")) {
            double before = number(cells, head, "before").getAsDouble();
            Matcher from = FROM.matcher(cells.get(i - 1));
            double after;
            if (from.matches()) {
              after = Double.parseDouble(from.group(1));
              before = Double.parseDouble(from.group(2));
            } else {
              after = number(cells.get(i - 1)).orElseThrow();
            }
            double change = number(cells.get(i)).orElseThrow();
            assertThat(change).as(line).isCloseTo(after - before, within(ROUNDING));
            rows++;
          }
        }
      }
    }
    assertThat(rows).isGreaterThanOrEqualTo(least);
  }

  private static OptionalDouble number(List<String> cells, List<String> head, String name) {
    for (int i = 0; i < head.size(); i++) {
      if (head.get(i).startsWith(name)) {
        return number(cells.get(i));
      }
    }
    return OptionalDouble.empty();
  }

  private static OptionalDouble number(String cell) {
    Matcher number = NUMBER.matcher(cell);
    return number.matches()
        ? OptionalDouble.of(Double.parseDouble(number.group(1)))
        : OptionalDouble.empty();
  }

  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>(Splitter.on('|').trimResults().splitToList(line));
    return cells.size() < 3 ? List.of() : cells.subList(1, cells.size() - 1);
  }
}
