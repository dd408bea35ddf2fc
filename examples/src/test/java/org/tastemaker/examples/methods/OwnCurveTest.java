package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.emoji.BundledModel;

class OwnCurveTest {
  private static final List<Prompt> PROMPTS = List.of(Prompt.of("rocket"));
  private static LatentDiffusion model;

  @TempDir private Path folder;

  @BeforeAll
  static void load() {
    model = BundledModel.load();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static OwnCurve open(Path path, int imagesPerPrompt) {
    Protocol protocol = new Protocol(PROMPTS, 2, imagesPerPrompt, 1, 1.5);
    EmojiTask task = new EmojiTask("redness", PROMPTS, (image, prompt) -> image.get(0, 16, 16));
    return new OwnCurve(
        model,
        new PeerTask(path, protocol, Method.DDPO_IS.tuned(), 1),
        new TrialJudge(task),
        Seed.of(3),
        path);
  }

  private static Curve until(Path path, int round) {
    try (OwnCurve own = open(path, 2)) {
      return own.until(round);
    }
  }

  private static List<OptionalDouble> scores(Curve curve) {
    return curve.points().stream().map(Curve.Point::score).toList();
  }

  @Test
  void aTrainingThatStopsAfterARoundHasTheSameCurveAsOneThatDoesNot() {
    Path stopped = folder.resolve("stopped");
    Curve first = until(stopped, 1);
    Curve resumed = until(stopped, 2);

    Curve whole = until(folder.resolve("whole"), 2);

    assertThat(resumed.points().subList(0, 2)).isEqualTo(first.points());
    assertThat(scores(resumed)).isEqualTo(scores(whole)).doesNotHaveDuplicates();
    assertThat(whole.points().get(2).images()).isEqualTo(4);
    assertThat(whole.points().get(2).sampling()).isPositive();
    assertThat(whole.points().get(2).processor()).isPresent();
  }

  @Test
  void aRoundThatWasKilledBeforeItsPointWasWrittenIsMeasuredAndNotTrainedAgain() throws Exception {
    Path path = folder.resolve("killed");
    Curve whole = until(path, 1);
    Path file = path.resolve("curve.jsonl");
    Files.writeString(file, Files.readAllLines(file).get(0) + "\n");

    Curve again = until(path, 1);

    Curve.Point point = whole.points().get(1);
    // The same seconds: they are those of the run's metrics.
    assertThat(again.points().get(1))
        .isEqualTo(
            new Curve.Point(
                1, 2, point.sampling(), point.training(), OptionalDouble.empty(), point.score()));
  }

  @Test
  void aFolderOfOtherSettingsIsRefused() {
    Curve unused = until(folder.resolve("run"), 0);

    assertThatThrownBy(() -> open(folder.resolve("run"), 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("imagesPerPrompt");
  }
}
