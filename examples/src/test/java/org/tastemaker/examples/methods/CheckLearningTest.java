package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import picocli.CommandLine;

class CheckLearningTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    CommandLine command =
        CheckLearning.command()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true));
    return command.execute(args);
  }

  /** The mean of the first channel: a reward of the user's own. */
  public static final class Redder implements RewardModel {
    /** By its name. */
    public Redder() {}

    @Override
    public Rewards score(Rollout rollout, List<Judgement> judgements) {
      return Rewards.of(rollout.images().stream().mapToDouble(Redder::red).toArray());
    }

    private static double red(Image image) {
      return image.get(0, 0, 0);
    }
  }

  @Test
  void aRewardOfTheUsersOwnIsCheckedAndTheCurveIsDrawn() throws Exception {
    int code =
        run(
            "--reward=" + Redder.class.getName(),
            "--rounds=5",
            "--images=2",
            "--prompt=rocket",
            "--run=" + folder);
    assertThat(err.toString()).isEmpty();
    // Ten images of a corner pixel tell nothing for sure: the code must be that of the words.
    assertThat(code).isEqualTo(out.toString().contains("It learns:") ? 0 : 1);
    assertThat(out.toString())
        .contains("5 rounds of 2 images, rewarded for " + Redder.class.getName())
        .containsPattern(
            "It (learns|does not learn|cannot be told yet|gets worse): the reward went")
        .contains("which was not measured with these");
    assertThat(out.toString().lines().filter(line -> line.matches(" +\\d .*"))).hasSize(5);
    assertThat(Files.size(folder.resolve("learning-ddpo-is.png"))).isPositive();
  }

  @ParameterizedTest
  @CsvSource({
    "--reward=sharpness,--reward must be one of",
    "--method=lee,cannot be checked",
    "--method=zo-gains,cannot be checked",
    "--method=none,there is no method 'none'",
    "--model=/nowhere,needs prompts",
  })
  void whatCannotBeCheckedIsSaidBeforeAnyWork(String argument, String said) {
    assertThat(run(argument, "--run=" + folder.resolve("none"))).isNotZero();
    assertThat(err.toString()).contains(said);
    assertThat(folder.resolve("none")).doesNotExist();
  }

  @Test
  void aMethodThatNeedsAGradientIsNotGivenAFileSize() {
    assertThat(run("--method=refl", "--reward=jpeg-small")).isEqualTo(2);
    assertThat(err.toString()).contains("needs a reward with a gradient");
  }

  @Test
  void tooFewRoundsAreRefused() {
    assertThat(run("--rounds=3", "--run=" + folder)).isNotZero();
    assertThat(err.toString()).contains("at least 5 rounds");
  }

  @Test
  void expectedCurvesAreOfMethodsAndRewardsThatThereAre() {
    for (List<String> parts : ExpectedCurves.bundled().rows()) {
      assertThat(Method.of(parts.get(0))).isNotNull();
      assertThat(CheckedRewards.named(parts.get(1))).as(parts.toString()).isNotNull();
      List<Double> rises = ExpectedCurves.bundled().of(parts.get(0), parts.get(1));
      assertThat(rises).as(parts.toString()).hasSizeGreaterThanOrEqualTo(5).startsWith(0.0);
    }
    assertThat(ExpectedCurves.bundled().of("ddpo-is", "brightness")).isNotEmpty();
    assertThat(ExpectedCurves.bundled().of("ddpo-is", "unknown")).isEmpty();
  }

  @Test
  void aCurveIsAddedToAFileAsItIsRead() throws Exception {
    Path file = folder.resolve("curves.csv");
    ExpectedCurves.append(file, "nft", "brightness", List.of(0.0, 0.25));
    ExpectedCurves.append(file, "nft", "redness", List.of(0.0, -1.5));
    ExpectedCurves curves = ExpectedCurves.of(Files.readString(file));
    assertThat(curves.of("nft", "redness")).containsExactly(0.0, -1.5);
    assertThat(file)
        .content()
        .isEqualTo(
            String.format(Locale.ROOT, "nft,brightness,0.000,0.250%nnft,redness,0.000,-1.500%n"));
  }
}
