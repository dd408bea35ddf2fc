package org.tastemaker.diffusion.model;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.testing.Goldens;

class AutoencoderKlGoldenTest {
  static List<Path> cases() {
    return Goldens.cases("vae_");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void meanAndLogvarAreThoseOfDiffusers(Path golden) {
    Goldens expected = Goldens.of(golden);
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        AutoencoderKl vae = AutoencoderKl.load(golden);
        INDArray image = io.array("image", DataType.FLOAT)) {
      GraphFunction encoder =
          vae.encoder(
              (int) image.size(0),
              (int) image.size(2),
              (int) image.size(3),
              FunctionOptions.inference());
      Map<String, INDArray> moments = encoder.forward(Map.of(AutoencoderKl.IMAGE, image));
      for (String name : List.of(AutoencoderKl.MEAN, AutoencoderKl.LOGVAR)) {
        expected.check(name, requireNonNull(moments.get(name)), Goldens.BOUND);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void decodedImageIsThatOfDiffusers(Path golden) {
    Goldens expected = Goldens.of(golden);
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        AutoencoderKl vae = AutoencoderKl.load(golden);
        INDArray latent = io.array("latent", DataType.FLOAT)) {
      GraphFunction decoder =
          vae.decoder(
              (int) latent.size(0),
              (int) latent.size(2),
              (int) latent.size(3),
              FunctionOptions.inference());
      Map<String, INDArray> out = decoder.forward(Map.of(AutoencoderKl.LATENT, latent));
      INDArray decoded = requireNonNull(out.get(AutoencoderKl.DECODED));
      expected.check("decoded", decoded, Goldens.BOUND);
    }
  }
}
