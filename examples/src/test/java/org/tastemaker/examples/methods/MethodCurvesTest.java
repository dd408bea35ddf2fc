package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.run.RunFolder;

class MethodCurvesTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** Rounds of two images of one prompt, of which one is held out, measured every round. */
  private int run(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("--run", folder.toString(), "--prompt", "green heart", "--seeds", "5"));
    args.addAll(List.of("--images", "2", "--held-out", "1", "--every", "2"));
    args.addAll(Arrays.asList(more));
    return MethodCurves.command()
        .setOverwrittenOptionsAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args.toArray(String[]::new));
  }

  @Test
  void aTrainingLeavesACurveATableAndPlots() {
    assertThat(run("--methods", "nft,zo-gains", "--rounds", "12")).as(err.toString()).isZero();

    LongCurve curve = LongCurve.read(folder.resolve("nft-5.json"));
    assertThat(curve.points()).extracting(LongCurve.Point::images).startsWith(0, 2, 4).endsWith(24);
    assertThat(curve.last().seconds()).isPositive();
    assertThat(curve.last().kl()).isPositive();
    assertThat(curve.last().watched()).containsKeys("edgeDensity", "brightness");
    LongCurve search = LongCurve.read(folder.resolve("zo-gains-5.json"));
    assertThat(search.last().images()).isEqualTo(20); // two rounds of ten points
    assertThat(folder.resolve("curves.md")).content().contains("| DiffusionNFT | 1 |");
    assertThat(folder.resolve("curves-images.png")).isNotEmptyFile();
    assertThat(folder.resolve("curves-seconds.png")).isNotEmptyFile();
  }

  @Test
  void aTrainingThatIsDoneIsSkippedAndALongerOneGoesOnFromIt() throws Exception {
    assertThat(run("--methods", "nft", "--rounds", "2")).isZero();
    FileTime written = Files.getLastModifiedTime(folder.resolve("nft-5.json"));
    double before = LongCurve.read(folder.resolve("nft-5.json")).points().get(1).score();

    assertThat(run("--methods", "nft", "--rounds", "2")).isZero();
    assertThat(Files.getLastModifiedTime(folder.resolve("nft-5.json"))).isEqualTo(written);

    assertThat(run("--methods", "nft", "--rounds", "4")).as(err.toString()).isZero();
    LongCurve longer = LongCurve.read(folder.resolve("nft-5.json"));
    assertThat(longer.last().images()).isEqualTo(8);
    assertThat(longer.points().get(1).score()).isEqualTo(before);
    assertThat(RunFolder.metricsOf(folder.resolve("nft-5")))
        .filteredOn(m -> m.values().containsKey("secondsTraining"))
        .hasSize(4);
  }

  @Test
  void theFirstRoundsAreThoseOfTheShortTable() {
    assertThat(run("--methods", "ddpo-is", "--rounds", "2", "--every", "4")).isZero();
    Path table = folder.resolve("table");
    assertThat(
            MethodTable.command()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(
                    "--run=" + table,
                    "--prompt=green heart",
                    "--seeds=5",
                    "--images=2",
                    "--held-out=1",
                    "--methods=ddpo-is",
                    "--rounds=2"))
        .as(err.toString())
        .isZero();

    TrialResult trial = TrialResult.read(table.resolve("ddpo-is-5.json"));
    LongCurve curve = LongCurve.read(folder.resolve("ddpo-is-5.json"));
    // Curves are kept to four digits after the point.
    assertThat(curve.last().score()).isCloseTo(trial.last().reward(), within(5e-5));
    assertThat(curve.first().score()).isCloseTo(trial.points().get(0).reward(), within(5e-5));
  }

  @Test
  void allWeightsAreALineOfTheirOwn() {
    assertThat(run("--methods", "nft", "--rounds", "1", "--weights", "all"))
        .as(err.toString())
        .isZero();

    LongCurve.Subject subject = LongCurve.read(folder.resolve("nft-all-5.json")).subject();
    assertThat(subject.trained()).isEqualTo(Trained.ALL);
    assertThat(subject.setting().learningRate())
        .isEqualTo(1e-5); // a hundredth of the LoRA's, which would break all weights
    assertThat(out.toString()).contains("| DiffusionNFT, all weights | 1 |");
  }

  @Test
  void aRankIsThatOfTheAdapter() {
    assertThat(run("--methods", "nft", "--rounds", "1", "--rank", "2")).as(err.toString()).isZero();

    assertThat(LongCurve.read(folder.resolve("nft-rank2-5.json")).subject().trained())
        .isEqualTo(new Trained(false, 2));
    assertThat(out.toString()).contains("| DiffusionNFT, rank 2 | 1 |");
  }

  @Test
  void roundsAreTimedInTurnsAndThePageHasTheirSeconds() {
    assertThat(run("--methods", "nft,zo-gains", "--time", "2")).as(err.toString()).isZero();
    assertThat(out.toString()).contains("Times: nft ", ", zo-gains ");

    RoundTimes times = RoundTimes.read(folder).orElseThrow();
    assertThat(times.secondsPerImage()).containsOnlyKeys("nft", "zo-gains");
    assertThat(times.secondsPerImage().values())
        .allSatisfy(seconds -> assertThat(seconds).hasSize(2).allMatch(s -> s > 0));
    LongCurves.curve(Method.DIFFUSION_NFT, 5, 0.1, 0.2).write(folder);
    assertThat(run("--page-only")).isZero();
    assertThat(out.toString()).contains("the median of 2 rounds");
    assertThat(folder.resolve("timed-round")).doesNotExist();
    assertThat(folder.resolve("nft-5")).doesNotExist();
  }

  @Test
  void timesOfOtherSettingsAreRefusedBeforeARoundIsRun() {
    assertThat(run("--methods", "nft", "--time", "1")).as(err.toString()).isZero();
    RoundTimes before = RoundTimes.read(folder).orElseThrow();

    assertThat(run("--methods", "nft", "--time", "1", "--guidance", "4")).isEqualTo(2);

    assertThat(err.toString()).contains("seconds.json is of other settings: guidance");
    assertThat(RoundTimes.read(folder)).hasValue(before);
  }

  @Test
  void thePageIsMadeFromWhatIsThere() {
    LongCurves.curve(Method.RWR, 5, 0.1, 0.2).write(folder);

    assertThat(run("--page-only")).isZero();

    assertThat(out.toString()).contains("| RWR | 1 | 0.100 |");
    assertThat(folder.resolve("nft-5")).doesNotExist();
  }

  @Test
  void wrongArgumentsAreErrorsBeforeAnyWork() {
    assertThat(run("--weights", "some")).isEqualTo(2);
    assertThat(err.toString()).contains("--weights must be lora or all, but was some");
    assertThat(run("--weights", "all", "--methods", "zo-gains")).isEqualTo(2);
    assertThat(err.toString()).contains("zo-gains searches the numbers of a LoRA of its own");
    assertThat(run("--every", "0")).isEqualTo(2);
    assertThat(run("--rank", "0")).isEqualTo(2);
    assertThat(run("--time", "-1")).isEqualTo(2);
    assertThat(run("--weights", "all", "--rank", "8")).isEqualTo(2);
    assertThat(err.toString()).contains("--rank is of a LoRA, and all weights have none");
    assertThat(run("--page-only")).isEqualTo(2);
    assertThat(err.toString()).contains("has no curves yet");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aCurveOfOtherSettingsIsLeftAlone() {
    LongCurves.curve(Method.RWR, 5, 0.1, 0.2).write(folder);

    assertThat(run("--methods", "rwr", "--rounds", "1")).isEqualTo(2);

    assertThat(err.toString()).contains("rwr-5.json is of other settings");
  }
}
