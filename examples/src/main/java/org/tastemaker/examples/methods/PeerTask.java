package org.tastemaker.examples.methods;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * What the other program is told: the hyper-parameters of {@link Method#DDPO_IS}, the adapter to
 * begin with, and the noise of the held-out images. They are those of our own training; the noise
 * of its rounds is its own.
 *
 * @param model folder of the model in the diffusers layout
 * @param protocol prompts, rounds, images, guidance
 * @param setting of DDPO
 * @param scoreEvery rounds between measurements of the held-out images
 */
record PeerTask(Path model, Protocol protocol, Setting setting, int scoreEvery) {
  /** For files: curves can be compared where these are equal. */
  Settings settings() {
    return protocol.settings().and(Settings.of(setting)).with("scoreEvery", scoreEvery);
  }

  /** Whether the held-out images are measured after a round. */
  boolean isScored(int round) {
    return round % scoreEvery == 0 || round == protocol.rounds();
  }

  /** The seeds of the held-out images, the same on both sides. */
  List<Seed> heldOutSeeds(Seed seed) {
    return seed.split("held out").splits(protocol.heldOut().size());
  }

  /**
   * Writes all that the other program needs to train.
   *
   * @param folder of the exchange
   * @param loaded the model that is trained
   * @param number of the seed
   */
  void write(Path folder, LatentDiffusion loaded, long number) {
    Seed seed = Seed.of(number);
    write(folder, number);
    try (Lora lora = lora(loaded, seed)) {
      write(folder.resolve("lora.safetensors"), lora);
    }
    noise(loaded.latentShape(), heldOutSeeds(seed)).write(folder.resolve("noise.safetensors"));
  }

  /** Writes task.json. */
  void write(Path folder, long seed) {
    Ddpo.Options ddpo = Method.ddpo(protocol, setting);
    PromptStatistics.Options statistics = ddpo.promptStatistics().orElseThrow();
    DiffusionPolicy.Options policy = DiffusionPolicy.Options.lora();
    Map<String, Object> task = new LinkedHashMap<>();
    task.put("model", model.toAbsolutePath().toString());
    task.put("prompts", protocol.prompts().stream().map(Prompt::text).toList());
    task.put("imagesPerPrompt", protocol.imagesPerPrompt());
    task.put("heldOutPerPrompt", protocol.heldOutPerPrompt());
    task.put("rounds", protocol.rounds());
    task.put("scoreEvery", scoreEvery);
    task.put("guidance", protocol.guidance());
    task.put("steps", Protocol.STEPS);
    task.put("batch", Protocol.microBatch(Integer.MAX_VALUE));
    task.put("learningRate", setting.learningRate());
    task.put("weightDecay", policy.adamW().weightDecay());
    task.put("maxGradientNorm", policy.maxGradientNorm());
    task.put("updates", ddpo.updatesPerEpoch());
    task.put("microBatch", ddpo.microBatch());
    task.put("clipRange", ddpo.clipRange());
    task.put("advantageClip", ddpo.advantageClip());
    task.put("statisticsSize", statistics.bufferSize());
    task.put("statisticsLeast", statistics.minCount());
    task.put("seed", seed);
    AtomicFiles.write(folder.resolve("task.json"), Json.writePretty(task) + "\n");
  }

  /** A new adapter, the same for the same seed; the caller closes it. */
  static Lora lora(LatentDiffusion model, Seed seed) {
    return Lora.create(
        "policy",
        LoraNetwork.UNET,
        model.components().unet().parameters(),
        Method.DDPO_IS.lora(),
        seed.split("lora"));
  }

  /** Writes an adapter under diffusers' names, in single precision. */
  static void write(Path file, Lora lora) {
    LoraFile.write(file, List.of(lora), LoraFile.Options.diffusers().withDtype(DType.F32));
  }

  /** Adds {@code noise}, [T + 1, N, C, h, w]: the initial latents, and then that of each step. */
  static SafetensorsWriter noise(LatentShape shape, List<Seed> seeds) {
    int n = seeds.size();
    float[] noise = new float[(Protocol.STEPS + 1) * n * shape.size()];
    for (int stream = 0; stream <= Protocol.STEPS; stream++) {
      for (int i = 0; i < n; i++) {
        seeds.get(i).gaussian(stream, noise, (stream * n + i) * shape.size(), shape.size());
      }
    }
    return new SafetensorsWriter()
        .add(
            "noise",
            noise,
            DType.F32,
            Protocol.STEPS + 1,
            n,
            shape.channels(),
            shape.height(),
            shape.width());
  }
}
