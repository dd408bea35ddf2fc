package org.tastemaker.examples.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private static final String WORDS =
      "held-out score 0.251 [0.201, 0.301], 40 images/s, 0.0124 USD";
  private static final String BRIEF = "0.25\u00b10.05 40/s 0.0124 USD";

  private static ProgressLine line(double left) {
    return new ProgressLine("round", 4, 16, WORDS, BRIEF, left);
  }

  @Test
  void aWideTerminalHasABarAndAllWords() {
    assertThat(line(95).fitting(120))
        .isEqualTo(
            "["
                + "=".repeat(6)
                + " ".repeat(19)
                + "] round 4 of 16, "
                + WORDS
                + ", 1 min 35 s left")
        .hasSizeLessThanOrEqualTo(120);
  }

  @Test
  void anOrdinaryTerminalHasAllWords() {
    assertThat(line(9).fitting(90)).isEqualTo("round 4 of 16, " + WORDS + ", 9 s left");
  }

  @Test
  void fortyColumnsHaveRoundScoreRateCostAndTime() {
    assertThat(line(95).fitting(39)).isEqualTo("4/16 0.25\u00b10.05 40/s 0.0124 USD 1:35");
  }

  @Test
  void noLineIsLongerThanItsColumns() {
    for (int columns = 1; columns < 200; columns++) {
      assertThat(line(95).fitting(columns)).hasSizeLessThanOrEqualTo(columns);
    }
  }

  @Test
  void beforeTheFirstStepThereIsNoTimeLeft() {
    assertThat(new ProgressLine("round", 0, 16, "", "", Double.NaN).plain())
        .isEqualTo("round 0 of 16");
  }
}
