package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class LatentSearchTest {
  private final StringWriter said = new StringWriter();
  private final StringWriter failed = new StringWriter();

  private int run(String... args) {
    CommandLine command =
        LatentSearch.command()
            .setOut(new PrintWriter(said, true))
            .setErr(new PrintWriter(failed, true));
    return command.execute(args);
  }

  @Test
  void bothSearchesBeginWithTheSameImageAndTheBestOfFreshNoiseNeverFalls() {
    assertThat(run("--seeds", "1", "--images", "12,24", "--steps", "2", "--prompt", "green heart"))
        .isZero();

    List<String> rows = said.toString().lines().filter(line -> line.matches("\\| \\d.*")).toList();
    assertThat(rows).hasSize(3);
    assertThat(value(rows.get(0), 2)).isEqualTo(value(rows.get(0), 3));
    assertThat(value(rows.get(0), 4)).isZero();
    assertThat(value(rows.get(1), 3)).isGreaterThanOrEqualTo(value(rows.get(0), 3));
    assertThat(value(rows.get(2), 3)).isGreaterThanOrEqualTo(value(rows.get(1), 3));
    assertThat(value(rows.get(2), 2)).isNotEqualTo(value(rows.get(0), 2));
  }

  private static double value(String row, int column) {
    String cell = Splitter.on('|').trimResults().splitToList(row).get(column);
    return Double.parseDouble(cell.substring(0, cell.indexOf(' ')));
  }

  @Test
  void marksMustAscend() {
    assertThat(run("--images", "48,24")).isEqualTo(2);
    assertThat(failed.toString()).contains("ascend from at least 6", "[48, 24]");
  }
}
