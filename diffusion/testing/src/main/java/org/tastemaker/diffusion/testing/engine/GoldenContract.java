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
import org.tastemaker.diffusion.checkpoint.ClipFile;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.ClipVisionModel;
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
  /** Two or three layers of single precision: what the library promises. */
  private static final double CLIP_BOUND = 1e-5;

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

  static List<Path> clipModels() {
    return Goldens.cases("clip_model_");
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

  @ParameterizedTest
  @MethodSource("clipModels")
  void clipVectorsLogitsAndImageGradientAreThoseOfTransformers(Path golden) {
    Goldens expected = Goldens.of(golden);
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        ClipModel clip = ClipFile.load(golden);
        INDArray pixels = io.array("pixel_values", DataType.FLOAT);
        INDArray input = io.array("input_ids");
        INDArray ids = Nd4j.createFromArray(input.toIntMatrix())) {
      // 1. Texts, of length 1.
      double[][] texts = texts(clip, input.toIntMatrix(), ids); // [N][P]
      expected.check("text_embeds", Nd4j.createFromArray(texts), CLIP_BOUND);

      // 2. Images.
      FunctionOptions options =
          inference().withInputGradients(Set.of(ClipVisionModel.PIXEL_VALUES));
      GraphFunction tower = clip.vision().function(texts.length, options);
      INDArray embeds =
          requireNonNull(
              tower
                  .forward(Map.of(ClipVisionModel.PIXEL_VALUES, pixels))
                  .get(ClipVisionModel.IMAGE_EMBEDS)); // [N, 1, P]
      int size = clip.config().projectionDim();
      double[][] images = new double[texts.length][];
      double[] lengths = new double[texts.length];
      for (int n = 0; n < images.length; n++) {
        images[n] = new double[size];
        for (int p = 0; p < size; p++) {
          images[n][p] = embeds.getDouble(n, 0, p);
        }
        lengths[n] = normalise(images[n]);
      }
      expected.check("image_embeds", Nd4j.createFromArray(images), CLIP_BOUND);

      // 3. Logits, and the gradient of the sum of their diagonal.
      double scale = Math.exp(clip.logitScale().getDouble(0));
      double[][] logits = new double[images.length][texts.length];
      float[][][] cotangents = new float[images.length][1][size];
      for (int n = 0; n < images.length; n++) {
        for (int m = 0; m < texts.length; m++) {
          logits[n][m] = scale * product(images[n], texts[m]);
        }
        for (int p = 0; p < size; p++) {
          double across = texts[n][p] - product(images[n], texts[n]) * images[n][p];
          cotangents[n][0][p] = (float) (scale / lengths[n] * across);
        }
      }
      expected.check("logits_per_image", Nd4j.createFromArray(logits), CLIP_BOUND);
      try (INDArray cotangent = Nd4j.createFromArray(cotangents)) {
        expected.check(
            INPUT_GRADIENT + ClipVisionModel.PIXEL_VALUES,
            requireNonNull(
                tower
                    .backward(Map.of(ClipVisionModel.IMAGE_EMBEDS, cotangent))
                    .get(ClipVisionModel.PIXEL_VALUES)),
            Goldens.GRADIENT_BOUND);
      }
    }
  }

  private double[][] texts(ClipModel clip, int[][] ids, INDArray input) {
    INDArray all = // [N, L, P]
        requireNonNull(
            clip.text()
                .hiddenStates(ids.length, ids[0].length, 0, inference())
                .forward(Map.of(ClipTextModel.INPUT_IDS, input))
                .get(ClipTextModel.TEXT_EMBEDS));
    double[][] texts = new double[ids.length][clip.config().projectionDim()];
    for (int n = 0; n < texts.length; n++) {
      int end = clip.text().endOf(ids[n]).orElseThrow();
      for (int p = 0; p < texts[n].length; p++) {
        texts[n][p] = all.getDouble(n, end, p);
      }
      normalise(texts[n]);
    }
    return texts;
  }

  private static double normalise(double[] vector) {
    double length = Math.sqrt(product(vector, vector));
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= length;
    }
    return length;
  }

  private static double product(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
