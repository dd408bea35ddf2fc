package org.tastemaker.optim.dpok;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableDoubleArray;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.optim.policy.Trajectory;

/**
 * The latest trajectories of earlier rounds, with their rewards and the log-probabilities under the
 * policies that sampled them. It holds copies on the Java heap: of at most {@code capacity} images,
 * (T+1) C h w floats each.
 */
final class ReplayBuffer {
  private static final String FILE = "replay_buffer.safetensors";
  private static final String LATENTS = "latents";
  private static final String LOG_PROBABILITIES = "log_probabilities";

  private final int capacity;
  private ImmutableList<Entry> entries = ImmutableList.of(); // the oldest first

  /** An image with its reward. */
  record Entry(Trajectory trajectory, double reward) {}

  ReplayBuffer(int capacity) {
    this.capacity = capacity;
  }

  /** What is kept, the oldest first. */
  ImmutableList<Entry> entries() {
    return entries;
  }

  /** The newest of what is kept that there is room for beside a round's own images. */
  ImmutableList<Entry> beside(int own) {
    int count = Math.max(0, Math.min(entries.size(), capacity - own));
    return entries.subList(entries.size() - count, entries.size());
  }

  /** Adds copies of a round's images, and evicts the oldest. */
  void add(List<Entry> own) {
    List<Entry> newest = own.subList(Math.max(0, own.size() - capacity), own.size());
    ImmutableList.Builder<Entry> all = ImmutableList.builder();
    all.addAll(beside(newest.size()));
    newest.forEach(entry -> all.add(new Entry(entry.trajectory().copy(), entry.reward())));
    entries = all.build();
  }

  /** The latents and log-probabilities, unless there are none. */
  void save(Path folder) {
    if (entries.isEmpty()) {
      return;
    }
    Trajectory first = entries.get(0).trajectory();
    int steps = first.steps();
    int size = first.latents().get(0).capacity();
    int count = entries.size();
    float[] latents = new float[Math.toIntExact((long) count * (steps + 1) * size)];
    float[] logProbabilities = new float[count * steps];
    for (int k = 0; k < count; k++) {
      Trajectory trajectory = entries.get(k).trajectory();
      for (int t = 0; t <= steps; t++) {
        trajectory.latents().get(t).get(0, latents, (k * (steps + 1) + t) * size, size);
      }
      for (int t = 0; t < steps; t++) {
        logProbabilities[k * steps + t] = (float) trajectory.logProbabilities().get(t);
      }
    }
    new SafetensorsWriter()
        .add(LATENTS, latents, DType.F32, count, steps + 1, size)
        .add(LOG_PROBABILITIES, logProbabilities, DType.F32, count, steps)
        .write(folder.resolve(FILE));
  }

  /** The prompts and rewards, for the checkpoint's own file. */
  Map<String, Object> toJson() {
    List<Map<String, Object>> images = new ArrayList<>();
    for (Entry entry : entries) {
      Prompt prompt = entry.trajectory().prompt();
      images.add(
          Map.of(
              "text", prompt.text(),
              "negativeText", prompt.negativeText(),
              "reward", entry.reward()));
    }
    return Map.of("replay", images);
  }

  /** What {@link #save} and {@link #toJson} gave, checked; {@link #restore} takes it. */
  ImmutableList<Entry> read(Path folder, JsonObject state, int steps, int size) {
    Path path = folder.resolve(FILE);
    List<JsonObject> images = state.objects("replay");
    if (images.size() > capacity) {
      throw damaged(path, "it may hold " + capacity + " images, but holds " + images.size());
    }
    if (images.isEmpty()) {
      return ImmutableList.of();
    }
    if (!Files.isRegularFile(path)) {
      throw damaged(path, "there is no such file");
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      float[] latents = floats(file, LATENTS, (long) images.size() * (steps + 1) * size);
      float[] recorded = floats(file, LOG_PROBABILITIES, (long) images.size() * steps);
      ImmutableList.Builder<Entry> read = ImmutableList.builder();
      for (int k = 0; k < images.size(); k++) {
        JsonObject image = images.get(k);
        ImmutableList.Builder<FloatBuffer> x = ImmutableList.builder();
        for (int t = 0; t <= steps; t++) {
          x.add(FloatBuffer.allocate(size).put(0, latents, (k * (steps + 1) + t) * size, size));
        }
        ImmutableDoubleArray.Builder logs = ImmutableDoubleArray.builder();
        for (int t = 0; t < steps; t++) {
          logs.add(recorded[k * steps + t]);
        }
        Prompt prompt = Prompt.of(image.text("text")).withNegativeText(image.text("negativeText"));
        Trajectory trajectory = new Trajectory(prompt, Optional.empty(), x.build(), logs.build());
        read.add(new Entry(trajectory, image.number("reward")));
      }
      return read.build();
    } catch (SafetensorsException e) {
      throw new IllegalArgumentException(path + " is damaged: " + e.getMessage(), e);
    }
  }

  void restore(ImmutableList<Entry> read) {
    entries = read;
  }

  private static float[] floats(SafetensorsFile file, String name, long length) {
    if (!file.names().contains(name) || file.info(name).length() != length) {
      throw damaged(file.path(), "it must hold " + length + " numbers of " + name);
    }
    return file.floats(name);
  }

  private static IllegalArgumentException damaged(Path path, String what) {
    return new IllegalArgumentException("the replay buffer of " + path + " is damaged: " + what);
  }
}
