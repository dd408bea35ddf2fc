package org.tastemaker.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.torch.GraphExport;

/**
 * Writes what {@code scripts/torch_check.py} runs with PyTorch alone: the engine's layers, weights
 * and expected numbers, kind by kind and for whole small models, and the layers without weights of
 * U-Nets of Stable Diffusion's sizes.
 *
 * <pre>
 *   java -cp benchmarks.jar org.tastemaker.benchmarks.TorchBundle FOLDER
 * </pre>
 */
public final class TorchBundle {
  private static final int LARGEST_FILE = 60_000_000;

  private TorchBundle() {}

  /**
   * Writes the bundle.
   *
   * @param args the folder, which is made if it is missing
   * @throws IOException if it cannot be written
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      System.err.println("usage: TorchBundle FOLDER");
      System.exit(2);
    }
    Path folder = Path.of(args[0]);
    write(folder, Seed.of(1));
    System.out.println(
        String.format(Locale.ROOT, "%s: %.1f MB", folder, checkedSize(folder) / 1e6));
  }

  /** Writes everything, and {@code bundle.json}, which lists it. */
  static void write(Path folder, Seed seed) throws IOException {
    Files.createDirectories(folder);
    List<String> layers = new ArrayList<>();
    for (BundleCase layer : LayerCases.all(seed.split("layers"))) {
      layers.add(write(folder, "layers", layer));
    }
    List<String> models = new ArrayList<>();
    try (ModelCases cases = new ModelCases(seed.split("models"))) {
      cases.forEach(model -> models.add(write(folder, "models", model)));
    }
    Map<String, Object> bundle = new LinkedHashMap<>();
    bundle.put("format", "tastemaker torch bundle");
    bundle.put("version", 1);
    bundle.put("layers", layers);
    bundle.put("models", models);
    bundle.put(
        "sizes",
        List.of(
            size(folder, "sd15", UNetConfigs.stableDiffusion15()),
            size(folder, "sdxl", UNetConfigs.stableDiffusionXl()),
            // So that what runs at the sizes above can be tried out where they are too much.
            size(folder, "small", UNetConfigs.small()),
            decoder(folder, "sd15-vae", VaeConfigs.stableDiffusion()),
            decoder(folder, "small-vae", VaeConfigs.small())));
    Files.write(
        folder.resolve("bundle.json"),
        (Json.writePretty(bundle) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static String write(Path folder, String group, BundleCase one) {
    String path = group + "/" + one.name();
    GraphExport.write(one.graph(), one.inputs(), one.cotangents(), folder.resolve(path));
    return path;
  }

  /** Writes the layers for a batch of one, and the configuration as diffusers reads it. */
  private static String size(Path folder, String name, UNetConfig config) {
    String path = "sizes/" + name;
    int side = config.sampleSize();
    GraphExport.writeLayers(
        UNet2DConditionModel.outline(config, 1, side, side, 77),
        Set.of(
            UNet2DConditionModel.SAMPLE, UNet2DConditionModel.TIMESTEP, UNet2DConditionModel.TEXT),
        folder.resolve(path));
    config.write(folder.resolve(path).resolve("config.json"));
    return path;
  }

  /** Writes the layers of a decoder, for a batch of one. */
  private static String decoder(Path folder, String name, AutoencoderKlConfig config) {
    String path = "sizes/" + name;
    int side = config.sampleSize() / config.factor();
    GraphExport.writeLayers(
        AutoencoderKl.decoderOutline(config, 1, side, side),
        Set.of(AutoencoderKl.LATENT),
        folder.resolve(path));
    config.write(folder.resolve(path).resolve("config.json"));
    return path;
  }

  /** The size of all files; each must be small enough to be sent by itself. */
  static long checkedSize(Path folder) throws IOException {
    long sum = 0;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (Files.size(file) > LARGEST_FILE) {
          throw new IllegalStateException(
              file + " has " + Files.size(file) + " bytes, more than " + LARGEST_FILE);
        }
        sum += Files.size(file);
      }
    }
    return sum;
  }
}
