package org.tastemaker.diffusion.model;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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
      INDArray hidden = clip.encode(ids, 0);
      expected.check("last_hidden_state", hidden, Goldens.BOUND);
      if (io.names().contains("pooler_output")) {
        try (INDArray pooled = pooled(clip, hidden, ids)) {
          expected.check("pooler_output", pooled, Goldens.BOUND);
        }
      }
    }
  }

  /** The output at each text's end token, [B, C]. */
  private static INDArray pooled(ClipTextModel clip, INDArray hidden, int[][] ids) {
    int width = clip.config().hiddenSize();
    INDArray pooled = Nd4j.create(hidden.dataType(), ids.length, width);
    for (int i = 0; i < ids.length; i++) {
      int end = clip.endOf(ids[i]).orElseThrow();
      for (int j = 0; j < width; j++) {
        pooled.putScalar(i, j, hidden.getDouble(i, end, j));
      }
    }
    return pooled;
  }
}
