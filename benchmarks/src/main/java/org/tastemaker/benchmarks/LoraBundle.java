package org.tastemaker.benchmarks;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraFile.Format;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.lora.LoraTargets;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * Writes what {@code scripts/lora_check.py} opens with diffusers' loader and with PEFT: small
 * networks of the structure of Stable Diffusion 1 and XL, LoRAs of all their layers in every format
 * that is written, and the weights that merging gives.
 *
 * <pre>
 *   java -cp benchmarks.jar org.tastemaker.benchmarks.LoraBundle FOLDER
 * </pre>
 */
public final class LoraBundle {
  private LoraBundle() {}

  /**
   * Writes the bundle.
   *
   * @param args the folder, which is made if it is missing
   * @throws IOException if it cannot be written
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      System.err.println("usage: LoraBundle FOLDER");
      System.exit(2);
    }
    write(Path.of(args[0]), Seed.of(1));
  }

  /** Writes everything, and {@code bundle.json}, which lists it. */
  static void write(Path folder, Seed seed) throws IOException {
    List<Map<String, Object>> cases = new ArrayList<>();
    for (boolean xl : new boolean[] {false, true}) {
      String name = xl ? "xl" : "sd";
      try (Networks networks = new Networks(xl, seed.split(name))) {
        networks.save(folder.resolve(name));
        cases.addAll(loras(folder, name, networks, seed.split(name + "-lora")));
      }
    }
    Map<String, Object> bundle = new LinkedHashMap<>();
    bundle.put("format", "tastemaker LoRA bundle");
    bundle.put("cases", cases);
    Files.write(
        folder.resolve("bundle.json"),
        (Json.writePretty(bundle) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static List<Map<String, Object>> loras(
      Path folder, String model, Networks networks, Seed seed) {
    List<Map<String, Object>> cases = new ArrayList<>();
    Map<String, Lora.Options> options = new LinkedHashMap<>();
    options.put(
        "everywhere", Lora.Options.ofRank(3).withAlpha(2).withTargets(LoraTargets.matching(".*")));
    if (model.equals("sd")) {
      LoraTargets attention =
          LoraTargets.named(
              "to_q", "to_k", "to_v", "to_out.0", "q_proj", "k_proj", "v_proj", "out_proj");
      options.put("attention", Lora.Options.ofRank(4).withTargets(attention));
    }
    options.forEach(
        (targets, of) -> {
          List<Lora> loras = new ArrayList<>();
          networks.parameters.forEach(
              (network, base) -> loras.add(lora(network, base, of, seed.split(targets))));
          Path own = folder.resolve(model).resolve(targets);
          try {
            Files.createDirectories(own);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          networks.writeMerged(loras, own.resolve("merged.safetensors"));
          for (Format format : Format.values()) {
            for (boolean textModel : new boolean[] {true, false}) {
              if (textModel || format != Format.KOHYA) {
                cases.add(one(folder, model, targets, loras, format, textModel));
              }
            }
          }
          loras.forEach(Lora::close);
        });
    return cases;
  }

  /** A LoRA whose up layers are not 0; of the layers that the network has. */
  private static Lora lora(LoraNetwork network, Parameters base, Lora.Options options, Seed seed) {
    ImmutableList<String> names =
        options.targets().names().stream()
            .filter(
                name ->
                    base.specs().keySet().stream()
                        .anyMatch(p -> p.endsWith("." + name + ".weight")))
            .collect(ImmutableList.toImmutableList());
    LoraTargets targets = new LoraTargets(names, options.targets().expressions());
    Lora lora = Lora.create("bundle", network, base, options.withTargets(targets), seed);
    lora.parameters()
        .arrays()
        .forEach(
            (name, array) -> {
              float[] noise = new float[Math.toIntExact(array.length())];
              seed.split(name).gaussian(0, noise);
              for (int i = 0; i < noise.length; i++) {
                array.data().put(i, 0.2 * noise[i]);
              }
            });
    return lora;
  }

  private static Map<String, Object> one(
      Path folder,
      String model,
      String targets,
      List<Lora> loras,
      Format format,
      boolean textModel) {
    String name = format.name().toLowerCase(Locale.ROOT) + (textModel ? "" : "-short");
    String file =
        model + "/" + targets + "/" + name + (format == Format.PEFT_FOLDER ? "" : ".safetensors");
    LoraFile.write(
        folder.resolve(file),
        loras,
        LoraFile.Options.kohya()
            .withFormat(format)
            .withDtype(DType.F32)
            .withTextModel(textModel)
            .withBaseModel(model.equals("xl") ? "sdxl_base_v1-0" : "sd_v1"));
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("model", model);
    entry.put("file", file);
    entry.put("format", format.name());
    entry.put("text_model", textModel);
    entry.put("merged", model + "/" + targets + "/merged.safetensors");
    entry.put("networks", loras.stream().map(lora -> lora.network().prefix()).toList());
    return entry;
  }

  /** The networks of one model. */
  private static final class Networks implements AutoCloseable {
    private static final int POOLED = 12;
    private final UNet2DConditionModel unet;
    private final ClipTextModel first;
    private final Optional<ClipTextModel> second;
    private final ImmutableMap<LoraNetwork, Parameters> parameters;

    Networks(boolean xl, Seed seed) {
      unet = UNet2DConditionModel.random(xl ? xl() : UNetConfigs.tiny(), seed.split("unet"));
      first = ClipTextModel.random(text(xl ? 16 : 32, false), seed.split("text"));
      second =
          xl
              ? Optional.of(ClipTextModel.random(text(16, true), seed.split("text2")))
              : Optional.empty();
      ImmutableMap.Builder<LoraNetwork, Parameters> all = ImmutableMap.builder();
      all.put(LoraNetwork.UNET, unet.parameters());
      all.put(LoraNetwork.TEXT_ENCODER, first.parameters());
      second.ifPresent(text -> all.put(LoraNetwork.TEXT_ENCODER_2, text.parameters()));
      parameters = all.buildOrThrow();
    }

    /** Three levels, two layers each and transformers of other depths, as Stable Diffusion XL. */
    private static UNetConfig xl() {
      return new UNetConfig(
          8,
          4,
          4,
          ImmutableList.of(4, 8, 8),
          ImmutableList.of("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
          ImmutableList.of("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
          ImmutableList.of(2, 2, 2),
          ImmutableList.of(1, 1, 3),
          ImmutableList.of(1, 2, 2),
          32,
          2,
          1e-5,
          3,
          3,
          1,
          true,
          0,
          16,
          true,
          Optional.of(new UNetConfig.Added(4, POOLED + 6 * 4)));
    }

    private static ClipTextConfig text(int width, boolean projected) {
      return new ClipTextConfig(
          100, width, 2 * width, 2, 2, 77, Activation.GELU, 1e-5, 98, 99, 99, POOLED, projected);
    }

    void save(Path folder) {
      unet.save(folder.resolve("unet"));
      first.save(folder.resolve("text_encoder"));
      second.ifPresent(text -> text.save(folder.resolve("text_encoder_2")));
    }

    /** Writes the weights that merging changes, by the network and the name in it. */
    void writeMerged(List<Lora> loras, Path path) {
      SafetensorsWriter writer = new SafetensorsWriter();
      List<INDArray> copies = new ArrayList<>();
      for (Lora lora : loras) {
        Parameters base = Objects.requireNonNull(parameters.get(lora.network()));
        lora.mergeInto(base, 1);
        lora.modules()
            .values()
            .forEach(
                module -> {
                  String name = module.weight().name();
                  INDArray copy = base.torchLayout(name, base.get(name)).dup('c');
                  copies.add(copy);
                  writer.add(lora.network().prefix() + "." + name, copy, DType.F32);
                });
        lora.unmerge();
      }
      writer.write(path);
      copies.forEach(INDArray::close);
    }

    @Override
    public void close() {
      unet.close();
      first.close();
      second.ifPresent(ClipTextModel::close);
    }
  }
}
