package org.tastemaker.examples.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TerminalTest {
  @Test
  void theEnvironmentsColumnsOverrideAndAreAtLeastForty() {
    assertThat(Terminal.columns(" 132 ")).isEqualTo(132);
    assertThat(Terminal.columns("12")).isEqualTo(40);
  }

  @Test
  void withoutThemTheTerminalIsAsked() {
    assertThat(Terminal.columns(null)).isGreaterThanOrEqualTo(40);
    assertThat(Terminal.columns("wide")).isEqualTo(Terminal.columns(null));
  }
}
