package org.tastemaker.examples.ideas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainOnClipScoreTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(printed, true, UTF_8);

  /** In three rounds the score rises by 1.1, of held-out seeds; it is deterministic. */
  @Test
  void theScoreRises() throws IOException {
    TrainOnClipScore.Result result = TrainOnClipScore.demonstrate(3, 2, folder, out);

    assertThat(result.after()).isGreaterThan(result.before());
    assertThat(printed.toString(UTF_8))
        .contains("round  3  PickScore (toy weights, PIL)")
        .contains("PickScore (toy weights, PIL) on held-out seeds");
    assertThat(folder.resolve("pickscore.safetensors")).exists();
    assertThat(folder.resolve("after.png")).exists();
  }

  @Test
  void wrongArgumentsAreAnErrorThatSaysHow() {
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(errors, true, UTF_8);
    assertThat(TrainOnClipScore.run(List.of("model"), folder, out, err)).isEqualTo(2);
    assertThat(errors.toString(UTF_8))
        .contains("usage: TrainOnClipScore [MODEL_FOLDER PICKSCORE_FOLDER]");
  }
}
