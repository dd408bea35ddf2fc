package org.tastemaker.examples.console;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.Updates;
import picocli.CommandLine.Option;

/** The options that say what runs the networks. */
public final class EngineOptions {
  private static final Set<String> FIRST_GPU = Set.of("cuda", "cuda:0");

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      description =
          "What runs the networks: auto, onednn, replay, session, or torch if it is there.")
  private @Nullable String engine;

  @Option(
      names = "--device",
      paramLabel = "WHERE",
      description =
          "Where they run: auto, cpu, cuda or cuda:n; several with commas. A GPU needs the engine"
              + " torch.")
  private @Nullable String device;

  @Option(
      names = "--precision",
      paramLabel = "NUMBERS",
      description =
          "In which numbers: float32 (the default), tf32 or bfloat16. The engine onednn has the first"
              + " and the last; bfloat16 needs a processor with AVX-512 BF16 or AMX.")
  private @Nullable String precision;

  @Option(
      names = "--checkpointing",
      description = "Gradient checkpointing: less memory in training, up to a third slower.")
  private boolean checkpointing;

  @Option(
      names = "--cuda-graphs",
      description = "Record a GPU's work once and replay it: for batches of one to four.")
  private boolean graphs;

  @Option(
      names = "--updates",
      paramLabel = "WHERE",
      description =
          "Where trained weights are updated: auto, host or device. auto is the device if it is a"
              + " GPU.")
  private @Nullable String updates;

  /** Made by picocli. */
  public EngineOptions() {}

  /**
   * The engine.
   *
   * @return the engine that was asked for
   * @throws IllegalArgumentException if there is none of that name, or it cannot run there
   * @throws IllegalStateException if it cannot run on this machine
   */
  public Engine engine() {
    Engine named = Engines.named(engine == null ? Engines.AUTO : engine);
    boolean asDefault =
        device == null && precision == null && !checkpointing && !graphs && updates == null;
    return asDefault
        ? named
        : named.on(
            Placement.of(
                    device == null ? "auto" : device, precision == null ? "float32" : precision)
                .withCheckpointing(checkpointing)
                .withGraphs(graphs)
                .withUpdates(updates == null ? Updates.AUTO : Updates.of(updates)));
  }

  /**
   * Where denoising steps are best computed: on the GPU if the networks run on the first one, since
   * the latents then stay there.
   *
   * @return auto or cpu
   */
  public String step() {
    return device != null && FIRST_GPU.contains(device) ? "auto" : "cpu";
  }

  /**
   * What was asked for, to be kept with a run: another engine or device gives slightly other
   * numbers.
   *
   * @return by name, what was given
   */
  public Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    put(settings, "engine", engine);
    put(settings, "device", device);
    put(settings, "precision", precision);
    return settings;
  }

  private static void put(Map<String, String> settings, String name, @Nullable String value) {
    if (value != null) {
      settings.put(name, value);
    }
  }
}
