package org.tastemaker.examples.ideas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.optim.preference.PreferenceData;
import org.tastemaker.optim.run.RunResult;

class TrainOnPairsTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(printed, true, UTF_8);

  @Test
  void aJudgesDatasetAndAPersonsFolderTrainALora() throws IOException {
    Path pairs = folder.resolve("pairs");
    for (String side : List.of("w", "l")) {
      Files.createDirectories(pairs.resolve(side));
      Files.write(
          pairs.resolve(side).resolve("red.png"),
          Image.filled(8, 8, side.equals("w") ? 1 : 0, 0, 0).toPng());
    }
    Files.writeString(pairs.resolve("w/red.txt"), "a red wall");
    Files.write(pairs.resolve("w/alone.png"), Image.filled(8, 8, 1, 0, 0).toPng());
    try (LatentDiffusion bundled = BundledModel.load()) {
      LatentDiffusion model = bundled.with(bundled.options().withSteps(2));
      PreferenceData judged = TrainOnPairs.ofJudge(model, 2, folder);
      assertThat(judged.size()).isEqualTo(4);
      assertThat(TrainOnPairs.train(model, judged, 1, folder, out).reason())
          .isEqualTo(RunResult.Reason.FINISHED);

      PreferenceData own = TrainOnPairs.ofFolder(model, pairs, out);
      assertThat(own.size()).isEqualTo(1);
      assertThat(TrainOnPairs.train(model, own, 5, folder, out).rounds()).isEqualTo(5);
    }
    assertThat(folder.resolve("mine.safetensors")).exists();
    assertThat(folder.resolve("mine-2.safetensors")).exists();
    assertThat(printed.toString(UTF_8))
        .contains("alone.png is left out: there is no image of the same name")
        .contains("round   5  loss ")
        .contains("all 5 rounds are done; the LoRA is in ");
  }

  @Test
  void wrongArgumentsAreAnErrorThatSaysHow() {
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(errors, true, UTF_8);
    assertThat(TrainOnPairs.run(List.of("model"), folder, out, err)).isEqualTo(2);
    assertThat(errors.toString(UTF_8)).contains("usage: TrainOnPairs [MODEL_FOLDER PAIRS]");
  }
}
