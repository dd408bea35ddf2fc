package org.tastemaker.diffusion.testing.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.testing.Goldens;

/**
 * The networks against diffusers and transformers, at the models and inputs among the reference
 * files. The bounds are those of {@link Goldens}, for every engine in float32.
 */
public abstract class GoldenContract extends EngineContract {
  private static final String GRADIENT = "grad.";
  private static final String INPUT_GRADIENT = "grad_input.";

  /** For subclasses. */
  protected GoldenContract() {}

  static List<Path> unets() {
    return Goldens.cases("unet_");
  }

  static List<Path> autoencoders() {
    return Goldens.cases("vae_");
  }

  static List<Path> textEncoders() {
    return Goldens.cases("clip_text_");
  }

  private FunctionOptions inference() {
    return FunctionOptions.inference().withEngine(engine());
  }

  @ParameterizedTest
  @MethodSource("unets")
  void outputAndGradientsAreThoseOfDiffusers(Path golden) {
    Goldens expected = Goldens.of(golden);
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        UNet2DConditionModel model = UNet2DConditionModel.load(golden);
        INDArray sample = io.array("sample", DataType.FLOAT);
        INDArray text = io.array("encoder_hidden_states", DataType.FLOAT);
        INDArray timestep = timesteps(io.array("timestep"), sample.size(0))) {
      Set<String> trained =
          Set.copyOf(
              io.names().stream()
                  .filter(name -> name.startsWith(GRADIENT))
                  .map(name -> name.substring(GRADIENT.length()))
                  .toList());
      GraphFunction unet =
          model.function(
              (int) sample.size(0),
              (int) sample.size(2),
              (int) sample.size(3),
              (int) text.size(1),
              options(trained, io));
      Map<String, INDArray> inputs = new HashMap<>();
      inputs.put(UNet2DConditionModel.SAMPLE, sample);
      inputs.put(UNet2DConditionModel.TIMESTEP, timestep);
      inputs.put(UNet2DConditionModel.TEXT, text);
      if (model.config().added().isPresent()) {
        inputs.put(UNet2DConditionModel.ADDED, added(model.config(), io));
      }
      Map<String, INDArray> outputs = unet.forward(inputs);
      INDArray out = requireNonNull(outputs.get(UNet2DConditionModel.OUT));
      expected.check("out", out, Goldens.BOUND);

      if (!trained.isEmpty()) {
        try (INDArray cotangent = io.array("cotangent", DataType.FLOAT)) {
          Map<String, INDArray> gradients =
              unet.backward(Map.of(UNet2DConditionModel.OUT, cotangent));
          assertThat(gradients.keySet()).containsAll(trained);
          double scale = expected.largestNorm(GRADIENT);
          gradients.forEach(
              (name, gradient) -> {
                if (trained.contains(name)) {
                  expected.check(
                      GRADIENT + name,
                      model.parameters().torchLayout(name, gradient),
                      Goldens.GRADIENT_BOUND,
                      scale);
                } else {
                  expected.check(INPUT_GRADIENT + name, gradient, Goldens.GRADIENT_BOUND);
                }
              });
        }
      }
    }
  }

  private FunctionOptions options(Set<String> trained, SafetensorsFile io) {
    FunctionOptions options = inference();
    if (io.names().contains(INPUT_GRADIENT + UNet2DConditionModel.TEXT)) {
      options = options.withInputGradients(Set.of(UNet2DConditionModel.TEXT));
    }
    return trained.isEmpty() ? options : options.withTrainable(trained::contains);
  }

  /** What Stable Diffusion XL's U-Net is told beside the text, [B, A]. */
  private static INDArray added(UNetConfig config, SafetensorsFile io) {
    try (INDArray pooled = io.array("text_embeds", DataType.FLOAT);
        INDArray sizes = io.array("time_ids", DataType.FLOAT)) {
      float[][] rows = new float[(int) pooled.size(0)][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] =
            config.addedRow(pooled.getRow(i).toFloatVector(), sizes.getRow(i).toDoubleVector());
      }
      return Nd4j.createFromArray(rows);
    }
  }

  /** One time step for all images, or one for each; whole or fractional. */
  private static INDArray timesteps(INDArray values, long batch) {
    INDArray timesteps = Nd4j.create(DataType.FLOAT, batch);
    for (int i = 0; i < batch; i++) {
      timesteps.putScalar(i, values.getDouble(values.length() == 1 ? 0 : i));
    }
    values.close();
    return timesteps;
  }

  @ParameterizedTest
  @MethodSource("autoencoders")
  void meanAndLogvarAreThoseOfDiffusers(Path golden) {
    Goldens expected = Goldens.of(golden);
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        AutoencoderKl vae = AutoencoderKl.load(golden);
        INDArray image = io.array("image", DataType.FLOAT)) {
      GraphFunction encoder =
          vae.encoder((int) image.size(0), (int) image.size(2), (int) image.size(3), inference());
      Map<String, INDArray> moments = encoder.forward(Map.of(AutoencoderKl.IMAGE, image));
      for (String name : List.of(AutoencoderKl.MEAN, AutoencoderKl.LOGVAR)) {
        expected.check(name, requireNonNull(moments.get(name)), Goldens.BOUND);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("autoencoders")
  void decodedImageIsThatOfDiffusers(Path golden) {
    Goldens expected = Goldens.of(golden);
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        AutoencoderKl vae = AutoencoderKl.load(golden);
        INDArray latent = io.array("latent", DataType.FLOAT)) {
      GraphFunction decoder =
          vae.decoder(
              (int) latent.size(0), (int) latent.size(2), (int) latent.size(3), inference());
      Map<String, INDArray> out = decoder.forward(Map.of(AutoencoderKl.LATENT, latent));
      expected.check("decoded", requireNonNull(out.get(AutoencoderKl.DECODED)), Goldens.BOUND);
    }
  }

  @ParameterizedTest
  @MethodSource("textEncoders")
  void hiddenStateIsThatOfTransformers(Path golden) {
    Goldens expected = Goldens.of(golden);
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        ClipTextModel clip = ClipTextModel.load(golden);
        INDArray input = io.array("input_ids");
        INDArray ids = Nd4j.createFromArray(input.toIntMatrix())) {
      GraphFunction encoder = clip.function((int) ids.size(0), (int) ids.size(1), 0, inference());
      Map<String, INDArray> out = encoder.forward(Map.of(ClipTextModel.INPUT_IDS, ids));
      INDArray hidden = requireNonNull(out.get(ClipTextModel.LAST_HIDDEN_STATE));
      expected.check("last_hidden_state", hidden, Goldens.BOUND);
    }
  }
}
