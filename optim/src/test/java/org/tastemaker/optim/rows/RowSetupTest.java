package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;

class RowSetupTest {
  @Test
  void aSetupCanBeSentToAnotherProcess(@TempDir Path folder)
      throws IOException, ClassNotFoundException {
    RowSetup setup =
        RowSetup.none()
            .withModel(TinyRuns.recipe(folder))
            .withOracle(new NotedJudge("notes", 3))
            .withQuestions(4);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(setup);
    }
    RowSetup sent;
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      sent = (RowSetup) in.readObject();
    }
    assertThat(sent.oracle()).isEqualTo(setup.oracle());
    assertThat(sent.questions()).isEqualTo(4);
    List<Prompt> prompts = List.of(Prompt.of("a red cat"));
    try (LatentDiffusion here = Objects.requireNonNull(setup.model()).open();
        LatentDiffusion there = Objects.requireNonNull(sent.model()).open()) {
      assertThat(ModelRecipe.settingsHash(there)).isEqualTo(ModelRecipe.settingsHash(here));
      assertThat(there.generate(prompts, Seed.of(1))).isEqualTo(here.generate(prompts, Seed.of(1)));
    }
  }
}
