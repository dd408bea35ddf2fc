package org.tastemaker.examples.ideas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareProtocolsTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private int run(String... args) {
    PrintStream out = new PrintStream(printed, true, Charset.defaultCharset());
    return CompareProtocols.run(List.of(args), folder, out, out);
  }

  private String text() {
    return printed.toString(Charset.defaultCharset());
  }

  @Test
  void comparisonSaysWhatABudgetBuysAndAsksNobodyTwice() throws IOException {
    assertThat(run("--prompts", "2", "--voters", "3", "--groups", "100")).isZero();
    // Three images: 1 + 2 listwise, 3 pairs, 6 in both orders, 2 active, 3 single ones.
    assertThat(text())
        .contains("answers by the judge in this run: " + 2 * (1 + 2 + 3 + 6 + 2 + 3))
        .contains("pairs-both(1)", "For 1.00 USD and 100 groups: the highest expectation has");
    byte[] csv = Files.readAllBytes(folder.resolve("protocols.csv"));
    assertThat(new String(csv, UTF_8)).contains("\"pointwise(1..5, 1)\",");
    byte[] page = Files.readAllBytes(folder.resolve("protocols.html"));
    assertThat(new String(page, UTF_8))
        .contains("Which protocol to buy</h2>", "USD for 1,000 groups", "Nobody was asked")
        .contains("Nearest glyphs: ", "<img ");

    printed.reset();
    assertThat(run("--prompts", "2", "--voters", "3", "--groups", "100")).isZero();
    assertThat(text()).contains("answers by the judge in this run: 0");
    assertThat(folder.resolve("protocols.csv")).hasBinaryContent(csv);
    assertThat(folder.resolve("protocols.html")).hasBinaryContent(page);
  }

  @Test
  void limitIsCheckedBeforeAnythingIsAsked() throws IOException {
    assertThat(run("--prompts", "2", "--limit", "0.0001")).isNotZero();
    assertThat(text()).contains("over its budget of 0.0001 USD; nothing was asked");
    try (var datasets = Files.walk(folder)) {
      assertThat(datasets).noneMatch(file -> file.toString().endsWith(".jsonl"));
    }
  }
}
