package org.tastemaker.diffusion.model;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.testing.Goldens;

class ClipTextGoldenTest {
  static List<Path> cases() {
    return Goldens.cases("clip_text_");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void hiddenStateAndPooledOutputAreThoseOfTransformers(Path golden) {
    Goldens expected = Goldens.of(golden);
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        ClipTextModel clip = ClipTextModel.load(golden);
        INDArray input = io.array("input_ids")) {
      int[][] ids = input.toIntMatrix();
      try (INDArray hidden = clip.encode(ids);
          INDArray pooled = clip.pooled(hidden, ids)) {
        expected.check("last_hidden_state", hidden, Goldens.BOUND);
        if (io.names().contains("pooler_output")) {
          expected.check("pooler_output", pooled, Goldens.BOUND);
        }
      }
    }
  }
}
