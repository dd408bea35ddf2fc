package org.tastemaker.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;

/** Whole models with random weights, small ones, forward and backward. */
final class ModelCases implements AutoCloseable {
  private static final int TEXT = 77;

  private final Seed seed;
  private final List<AutoCloseable> models = new ArrayList<>();

  ModelCases(Seed seed) {
    this.seed = seed;
  }

  /** Two levels of 4 and 8 channels: every layer small and odd. */
  BundleCase tinyUnet() {
    return unet("unet-tiny", UNetConfigs.tiny(), 2, 16);
  }

  /** Stable Diffusion 1's four levels at a twentieth of their width. */
  BundleCase smallUnet() {
    return unet("unet-small", UNetConfigs.small(), 2, 16);
  }

  private BundleCase unet(String name, UNetConfig config, int batch, int side) {
    UNet2DConditionModel model =
        kept(UNet2DConditionModel.random(config, seed.split(name).split("weights")));
    RecordingEngine engine = new RecordingEngine();
    FunctionOptions options =
        FunctionOptions.training()
            .withInputGradients(Set.of(UNet2DConditionModel.SAMPLE, UNet2DConditionModel.TEXT))
            .withEngine(engine);
    var unused = model.function(batch, side, side, TEXT, options);
    return random(name, engine.graph());
  }

  /**
   * A policy's micro-step at the small size: a LoRA of rank 4 on the projections of attention,
   * everything else frozen.
   */
  BundleCase loraStep() {
    String name = "unet-small-lora";
    UNet2DConditionModel model =
        kept(UNet2DConditionModel.random(UNetConfigs.small(), seed.split(name).split("weights")));
    Lora lora =
        kept(
            Lora.create(
                "policy",
                LoraNetwork.UNET,
                model.parameters(),
                Lora.Options.ofRank(4),
                seed.split(name).split("lora")));
    // A new LoRA is zero at one end, and so would be half of its gradients.
    lora.parameters()
        .specs()
        .keySet()
        .forEach(
            parameter -> {
              INDArray array = lora.parameters().get(parameter);
              Seed own = seed.split(name).split(parameter);
              array.assign(Workload.normal(own, array.shape()).muli(0.25));
            });
    RecordingEngine engine = new RecordingEngine();
    FunctionOptions options =
        FunctionOptions.inference()
            .withAdapter(lora)
            .withTrainable(lora.trainable())
            .withEngine(engine);
    var unused = model.function(2, 16, 16, TEXT, options);
    return random(name, engine.graph());
  }

  /** The autoencoder's two halves. */
  List<BundleCase> autoencoder() {
    AutoencoderKl model =
        kept(AutoencoderKl.random(VaeConfigs.small(), seed.split("vae").split("weights")));
    RecordingEngine engine = new RecordingEngine();
    FunctionOptions options = FunctionOptions.training().withEngine(engine);
    var unusedEncoder =
        model.encoder(2, 32, 32, options.withInputGradients(Set.of(AutoencoderKl.IMAGE)));
    BundleCase encoding = random("vae-encoder", engine.graph());
    var unusedDecoder =
        model.decoder(2, 16, 16, options.withInputGradients(Set.of(AutoencoderKl.LATENT)));
    return List.of(encoding, random("vae-decoder", engine.graph()));
  }

  /** A text encoder of three layers. */
  BundleCase textEncoder() {
    ClipTextConfig config =
        new ClipTextConfig(
            300,
            64,
            128,
            3,
            4,
            TEXT,
            ClipTextConfig.Activation.QUICK_GELU,
            1e-5,
            298,
            299,
            299,
            64);
    ClipTextModel model = kept(ClipTextModel.random(config, seed.split("text").split("weights")));
    RecordingEngine engine = new RecordingEngine();
    var unused = model.function(2, TEXT, 0, FunctionOptions.training().withEngine(engine));
    return random("text-encoder", engine.graph());
  }

  /** All of them. */
  void forEach(Consumer<BundleCase> action) {
    action.accept(tinyUnet());
    action.accept(smallUnet());
    autoencoder().forEach(action);
    action.accept(textEncoder());
    action.accept(loraStep());
  }

  private BundleCase random(String name, GraphDefinition graph) {
    Map<String, INDArray> inputs = new LinkedHashMap<>();
    graph
        .inputs()
        .forEach(
            (input, tensor) -> {
              Seed own = seed.split(name).split(input);
              long[] shape = tensor.shape().toArray();
              INDArray array =
                  tensor.dataType() == DataType.INT32
                      ? CaseBuilder.ids(own, 300, shape)
                      : Workload.normal(own, shape);
              if (input.equals(UNet2DConditionModel.TIMESTEP)) {
                array.muli(200).addi(500);
              }
              inputs.put(input, array);
            });
    return new BundleCase(name, graph, inputs, CaseBuilder.cotangents(graph, seed.split(name)));
  }

  private <T extends AutoCloseable> T kept(T model) {
    models.add(model);
    return model;
  }

  @Override
  public void close() {
    for (AutoCloseable model : models) {
      try {
        model.close();
      } catch (Exception e) {
        throw new IllegalStateException("cannot close " + model, e);
      }
    }
  }
}
