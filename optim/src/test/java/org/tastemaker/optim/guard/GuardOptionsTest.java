package org.tastemaker.optim.guard;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class GuardOptionsTest {
  private static final GuardOptions GUARDS = GuardOptions.defaults();
  private static final HackingOptions HACKING = HackingOptions.defaults();

  private static void assertRefused(ThrowingCallable options, String message) {
    assertThatIllegalArgumentException().isThrownBy(options).withMessage(message);
  }

  @Test
  void boundsOfRoundsAndSharesAreChecked() {
    assertRefused(
        () -> GUARDS.withMaxConstantRounds(0), "maxConstantRounds must be at least 1, but was 0");
    assertRefused(
        () -> GUARDS.withMaxMissingShare(0), "maxMissingShare must be in (0, 1], but was 0.0");
    assertRefused(
        () -> GUARDS.withMaxMissingShare(1.5), "maxMissingShare must be in (0, 1], but was 1.5");
    assertRefused(
        () -> GUARDS.withMaxMissingShare(Double.NaN),
        "maxMissingShare must be in (0, 1], but was NaN");
    assertRefused(() -> GUARDS.withMissingWindow(0), "missingWindow must be at least 1, but was 0");
  }

  @Test
  void boundsOfTheHackingMonitorAreChecked() {
    assertRefused(
        () -> HACKING.withMinScoreRise(-1), "minScoreRise must be at least 0, but was -1.0");
    assertRefused(() -> HACKING.withMaxShareRise(0), "maxShareRise must be above 0, but was 0.0");
    assertRefused(() -> HACKING.withMaxFactor(1), "maxFactor must be above 1, but was 1.0");
    assertRefused(
        () -> HACKING.withMaxHeldOutFall(Double.NaN),
        "maxHeldOutFall must be above 0, but was NaN");
    assertRefused(
        () -> HACKING.withMaxRankGapRise(0), "maxRankGapRise must be above 0, but was 0.0");
    assertRefused(() -> HACKING.withRounds(0), "rounds must be at least 1, but was 0");
  }
}
