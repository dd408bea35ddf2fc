package org.tastemaker.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.page.Plot;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.testing.HandClock;
import org.xml.sax.InputSource;

class LivePageTest {
  private static final String REFRESH = "http-equiv=\"refresh\"";

  @TempDir Path folder;
  private Path file;
  private final HandClock clock = new HandClock(Instant.parse("2026-11-26T10:00:00Z"));

  @BeforeEach
  void name() {
    file = folder.resolve("run/live.html");
  }

  private LivePage open() {
    return LivePage.to(file, "First run", clock);
  }

  private void round(LivePage page, long round, long total) {
    clock.pass(Duration.ofSeconds(30));
    page.on(new RunEvent.Metrics(round, Map.of("rewardMean", round / 8.0, "kl", 0.5)));
    page.on(new RunEvent.Progress("aligning", round, total));
    clock.pass(Duration.ofSeconds(30));
    page.on(new RunEvent.Notice(round, "a notice"));
  }

  private String page() {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void thePageIsThereBeforeTheFirstRound() {
    open();

    assertThat(page()).contains("<h1>First run</h1>", "no round is done yet", REFRESH);
  }

  @Test
  void itTellsTheRoundsAndTheTimeThatIsLeft() {
    LivePage page = open();
    round(page, 1, 4);
    round(page, 2, 4);

    assertThat(page())
        .contains("2 of 4 rounds are done", "width: 50.0%", "<title>2/4 First run</title>")
        .contains("About 2 min are left.", "Written at 2026-11-26T10:02:00Z");
  }

  @Test
  void itTellsWhatIsSpentAndWhatWillBe() {
    String[] spent = {"0.5000 USD"};
    LivePage page = open().spending(() -> spent[0]);
    spent[0] = "0.7000 USD";
    round(page, 1, 4);

    assertThat(page()).contains("0.7000 USD spent, about 0.6000 USD more to the end.");
  }

  @Test
  void whatHasNoPriceIsToldAsItIs() {
    LivePage page = open().spending(() -> "1,234 tokens");
    round(page, 1, 4);

    assertThat(page()).contains("1,234 tokens spent.");
  }

  @Test
  void itIsOneFileThatLoadsNothingAndIsWellFormed() throws Exception {
    LivePage page = open();
    round(page, 1, 4);
    round(page, 2, 4);
    page.on(
        new RunEvent.Pictures(2, "evaluation", List.of(Image.filled(8, 8, 1, 0, 0)), List.of("a")));
    page.close();

    assertThat(page())
        .contains(
            "default-src &#39;none&#39;", "prefers-color-scheme: dark", "<svg", "data:image/png")
        .doesNotContain("<script", "<link", "src=\"http", "url(");
    var unused =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(page())));
  }

  @Test
  void promptsTitlesAndNoticesAreEscaped() {
    LivePage page = LivePage.to(file, "<b>Title</b>", clock);
    page.on(new RunEvent.Notice(1, "<script>alert(1)</script>"));
    clock.pass(Duration.ofSeconds(2));
    page.on(
        new RunEvent.Pictures(
            1, "a", List.of(Image.filled(8, 8, 1, 0, 0)), List.of("\"><img src=x onerror=y>")));
    clock.pass(Duration.ofSeconds(2));
    page.on(new RunEvent.Metrics(1, Map.of("<i>m", 1.0)));

    assertThat(page())
        .doesNotContain("<script>", "<img src=x", "<b>Title", "<i>m")
        .contains("&lt;script&gt;", "&lt;img src=x", "&lt;b&gt;Title", "&lt;i&gt;m");
  }

  @Test
  void aRunThatHasDoneItsRoundsAndItsCheckpointHasFinished() {
    LivePage page = open();
    round(page, 1, 1);
    assertThat(page()).as("its last evaluation is to come").contains(">Running</b>", REFRESH);
    page.on(new RunEvent.CheckpointSaved(1, folder));

    assertThat(page()).contains(">Finished</b>").doesNotContain(REFRESH);
  }

  @Test
  void aRunThatIsClosedAfterItsLastRoundHasFinished() {
    LivePage page = open();
    round(page, 1, 1);
    page.close();

    assertThat(page()).contains(">Finished</b>").doesNotContain(REFRESH, "are left");
  }

  @Test
  void aRunThatIsClosedBeforeItsLastRoundWasStopped() {
    LivePage page = open();
    round(page, 1, 2);
    page.close();

    assertThat(page()).contains(">Stopped</b>").doesNotContain(REFRESH, "are left");
  }

  @Test
  void aRunThatFailsSaysWhy() {
    LivePage page = open();
    round(page, 1, 2);
    page.failed("round 2 has diverged");
    page.close();

    assertThat(page()).contains(">Failed</b>", "round 2 has diverged").doesNotContain(REFRESH);
  }

  @Test
  void aPageThatCannotBeWrittenDoesNotFailTheEndOfTheRun() throws IOException {
    LivePage page = open();
    Files.delete(file);
    Files.createDirectories(file.resolve("in the way"));

    page.finished();
    page.close();

    assertThat(file).isDirectory();
  }

  @Test
  void itsSizeDoesNotGrowOverTenThousandRounds() throws IOException {
    LivePage page = open();
    Image image = Image.filled(512, 512, 1, 0, 0);
    String caption = "long ".repeat(1000);
    long early = 0;
    for (int round = 1; round <= 10_000; round++) {
      Map<String, Double> metrics = new HashMap<>();
      for (int m = 0; m < 40; m++) {
        metrics.put("metric" + m, Math.sin(round * 0.1 + m));
      }
      page.on(new RunEvent.Metrics(round, metrics));
      page.on(new RunEvent.Progress("aligning", round, 20_000));
      if (round % 2500 == 0) {
        page.on(new RunEvent.Notice(round, caption));
        clock.pass(Duration.ofSeconds(10));
        page.on(
            new RunEvent.Pictures(
                round,
                "evaluation",
                Collections.nCopies(64, image),
                Collections.nCopies(64, caption)));
        early = early == 0 ? Files.size(file) : early;
      }
    }

    assertThat(Files.size(file)).isLessThan(2 * early).isLessThan(600_000);
  }

  @Test
  void ofManyMetricsTheMainOnesHaveCurvesAndAllHaveNumbers() {
    Map<String, Double> metrics = new HashMap<>(Map.of("rewardMean", 1.0));
    for (int m = 0; m < 40; m++) {
      metrics.put("a" + m, 2.0);
    }
    LivePage page = open();
    page.on(new RunEvent.Metrics(1, metrics));
    page.close();

    assertThat(page().split("<svg", -1)).hasSize(LiveMarkup.MOST_PLOTS + 1);
    assertThat(page()).contains("<b>rewardMean</b>", ">a39</th>");
  }

  @Test
  void aMetricThatIsNotANumberIsAGapAndIsSaid() {
    LivePage page = open();
    page.on(new RunEvent.Metrics(1, Map.of("kl", 1.0)));
    page.on(new RunEvent.Metrics(2, Map.of("kl", Double.NaN, "never", Double.NaN)));
    page.close();

    assertThat(page()).contains("<td>NaN</td>", "<b>kl</b>").doesNotContain("<b>never</b>");
  }

  @Test
  void fastRoundsDoNotWriteThePageEachTime() {
    LivePage page = open();
    clock.pass(Duration.ofMillis(999));
    page.on(new RunEvent.Metrics(1, Map.of("kl", 1.0)));
    assertThat(page()).doesNotContain("<b>kl</b>");
    clock.pass(Duration.ofMillis(1));
    page.on(new RunEvent.Metrics(2, Map.of("kl", 1.0)));

    assertThat(page()).contains("<b>kl</b>");
  }

  @Test
  void aResumedRunShowsItsEarlierRounds() {
    Path run = folder.resolve("run");
    try (RunFolder open = RunFolder.create(run, Map.of(), Provenance.capture(clock), clock)) {
      open.appendMetrics(1, Map.of("kl", 1.0));
      open.appendMetrics(2, Map.of("kl", 2.0));
      open.appendMetrics(3, Map.of("kl", 30.0));
      LivePage page = open();
      page.on(new RunEvent.Metrics(2, Map.of("kl", 2.5)));
      page.close();
    }

    assertThat(page()).contains("kl: from 1.000 at round 1 to 2.500 at round 2.");
  }

  @Test
  void pointsBecomeFewerWithTheirMeanAndRange() {
    LiveCurve curve = new LiveCurve();
    for (int round = 1; round <= LiveCurve.MOST + 1; round++) {
      curve.add(round, round % 2);
    }
    curve.add(LiveCurve.MOST + 2, 5);

    List<Plot.Point> points = curve.points();
    assertThat(points).hasSize(LiveCurve.MOST / 2 + 1);
    assertThat(points.get(0)).isEqualTo(new Plot.Point(2, 0.5, 0, 1));
    assertThat(points.get(LiveCurve.MOST / 2))
        .isEqualTo(new Plot.Point(LiveCurve.MOST + 2, 3, 1, 5));
  }

  @Test
  void aRepeatedValueOfTheLatestRoundCountsOnce() {
    LiveCurve curve = new LiveCurve();
    curve.add(1, 1);
    curve.add(1, 2);

    assertThat(curve.points()).extracting(Plot.Point::y).containsExactly(2.0);
  }
}
