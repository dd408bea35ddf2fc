package org.tastemaker.human.desk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.human.desk.CheckReport.Finding;

/** People with habits answer forty pairs, with a check after each second answer. */
class CheckReportTest {
  private static final int PAIRS = 40;

  @TempDir Path folder;

  private CheckReport report(Function<Desk.Shown, List<List<Integer>>> habit) {
    List<Desk.KnownQuestion> known = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      known.add(new Desk.KnownQuestion(People.question("k" + i, 2), Ranking.of(1, 0)));
    }
    try (Desk desk =
        People.desk(folder, 1, 2, Clock.systemUTC(), known.toArray(Desk.KnownQuestion[]::new))) {
      Thread person = People.annotator(desk, "ann", habit);
      for (int i = 0; i < PAIRS; i++) {
        assertThat(People.ask(desk, "q" + i, 2).join()).hasSize(1);
      }
      while (desk.standing("ann").own() < PAIRS + PAIRS / 2) {
        Thread.onSpinWait(); // the last check
      }
      person.interrupt();
      return desk.checks().get(0);
    }
  }

  @Test
  void whoLooksIsConsistentAndRight() {
    CheckReport report = report(People::brightest);
    assertThat(report.finding()).isEqualTo(Finding.OK);
    assertThat(report.known().share()).isEqualTo(1);
    assertThat(report.repeated().share()).isEqualTo(1);
    assertThat(report.swapped().share()).isEqualTo(1);
    assertThat(report.known().of() + report.repeated().of() + report.swapped().of())
        .isEqualTo(PAIRS / 2);
    assertThat(report.medianMillis()).hasValue(500);
    assertThat(report.words()).startsWith("ann: looks and answers with care; known 1.00 [0.");
  }

  @Test
  void whoAlwaysClicksTheLeftImageIsFound() {
    CheckReport report = report(People::leftmost);
    assertThat(report.finding()).isEqualTo(Finding.PICKS_FIRST);
    assertThat(report.repeated().share()).isEqualTo(1);
    assertThat(report.swapped().share()).isZero();
    assertThat(report.firstSide().share()).isEqualTo(1);
  }

  @Test
  void whoAlwaysClicksTheRightImageIsFound() {
    assertThat(report(shown -> turned(People.leftmost(shown))).finding())
        .isEqualTo(Finding.PICKS_LAST);
  }

  @Test
  void whoPutsTheWorstFirstIsFound() {
    CheckReport report = report(shown -> turned(People.brightest(shown)));
    assertThat(report.finding()).isEqualTo(Finding.REVERSED);
    assertThat(report.known().share()).isZero();
  }

  @Test
  void whoAnswersByACoinIsNotCalledCareful() {
    RandomGenerator coin = Seed.of(5).generator();
    CheckReport report =
        report(
            shown -> {
              List<List<Integer>> tiers = People.leftmost(shown);
              return coin.nextBoolean() ? tiers : turned(tiers);
            });
    assertThat(report.finding()).isEqualTo(Finding.RANDOM);
  }

  @Test
  void anIntervalIsWilsons() {
    CheckReport.Rate rate = new CheckReport.Rate(8, 10);
    assertThat(rate.low()).isCloseTo(0.4902, within(1e-4));
    assertThat(rate.high()).isCloseTo(0.9433, within(1e-4));
    assertThat(new CheckReport.Rate(0, 0).low()).isZero();
    assertThat(new CheckReport.Rate(0, 0).high()).isEqualTo(1);
  }

  private static List<List<Integer>> turned(List<List<Integer>> tiers) {
    List<List<Integer>> turned = new ArrayList<>(tiers);
    Collections.reverse(turned);
    return turned;
  }
}
