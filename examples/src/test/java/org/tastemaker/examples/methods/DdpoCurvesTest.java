package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DdpoCurvesTest {
  /** The other program's part: its rounds cost what ours do, and have our scores. */
  private static final String COPY =
      """
      what="$1"; cd "$2"
      if [ $what = check ]; then
        [ -s rollout.safetensors ] && [ -s after.safetensors ] && echo '{"latent": 0}' > agreement.json
        exit
      fi
      [ -s lora.safetensors ] && [ -s noise.safetensors ] || exit 1
      for round in 0 1; do
        until grep -q ":$round}" turn.json 2> none; do sleep 0.02; done
        cp ../ours-5/curve.jsonl next && mv next curve.jsonl
      done
      """;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--run=" + folder,
                "--python=no-such-python",
                "--prompt=rocket",
                "--seeds=5",
                "--rounds=1",
                "--images=2",
                "--held-out=1"));
    args.addAll(List.of(more));
    return DdpoCurves.command()
        .setOverwrittenOptionsAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args.toArray(String[]::new));
  }

  private void stored(String side) throws Exception {
    new Curve(
            List.of(
                new Curve.Point(0, 0, 0, 0, OptionalDouble.empty(), OptionalDouble.of(0.25)),
                new Curve.Point(1, 2, 1, 2, OptionalDouble.empty(), OptionalDouble.of(0.5))))
        .write(Files.createDirectories(folder.resolve(side)).resolve("curve.jsonl"));
  }

  @Test
  void storedCurvesAreReportedWithoutTheOtherProgram() throws Exception {
    stored("ours-5");
    stored("theirs-5");

    assertThat(run()).isZero();

    assertThat(err.toString()).isEmpty();
    assertThat(folder.resolve("curves.md")).content().contains("| 1 | 2 | 0.500 | 0.500 | 0.000 |");
    assertThat(folder.resolve("curves.png")).isNotEmptyFile();
  }

  @Test
  void bothSidesTrainInTurnsAndNothingIsDoneTwice() throws Exception {
    Path script = Files.writeString(folder.resolve("copy.sh"), COPY);

    assertThat(run("--python=bash", "--script=" + script)).as(err.toString()).isZero();

    assertThat(out.toString())
        .contains("Both sides agree")
        .contains("seed 5, round 0: 0.0 s here, 0.0 s with PyTorch")
        .containsPattern("seed 5, round 1: .* s here, .* s with PyTorch")
        .containsPattern("  score .* here, .* with PyTorch");
    assertThat(folder.resolve("model/unet/config.json")).isNotEmptyFile();
    assertThat(Files.readString(folder.resolve("theirs-5/curve.jsonl")))
        .isEqualTo(Files.readString(folder.resolve("ours-5/curve.jsonl")));
    // The second time it needs neither program.
    assertThat(run()).as(err.toString()).isZero();
  }

  @Test
  void aFolderOfOtherSettingsIsRefusedBeforeAnyWork() throws Exception {
    stored("ours-5");
    stored("theirs-5");
    assertThat(run()).isZero();

    assertThat(run("--guidance=3")).isEqualTo(2);
    assertThat(err.toString())
        .contains("settings.json is of other settings: guidance is 1.5 there and 3.0 now");
  }

  @Test
  void anInterpreterThatIsNotThereIsNamed() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString()).contains("no-such-python");
  }

  @Test
  void wrongArgumentsAreRefused() {
    assertThat(run("--score-every=0")).isEqualTo(2);
    assertThat(err.toString()).contains("--score-every must be at least 1, but was 0");
    assertThat(folder).isEmptyDirectory();
  }
}
