package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableMap;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * A policy as it was, with trained weights of its own that follow the policy's when they are told
 * to: the "old" policy of methods that sample with one that lags behind.
 *
 * <p>With a LoRA it costs a second copy of the adapter, with full weights one of the U-Net, and a
 * function of its own in either case. Not thread-safe; closed before the model and after its use.
 */
public final class PolicySnapshot implements AutoCloseable {
  private final LatentDiffusion sampler;
  private final @Nullable Lora lora;
  private final @Nullable UNet2DConditionModel unet;
  private final ImmutableMap<String, FloatBuffer> trained; // the policy's
  private final ImmutableMap<String, INDArray> own;
  private final Map<Integer, DenoiserBatch> batches = new HashMap<>();

  PolicySnapshot(
      LatentDiffusion model, @Nullable Lora adapter, ImmutableMap<String, FloatBuffer> trained) {
    this.trained = trained;
    FunctionOptions plain = FunctionOptions.inference().withEngine(model.execution().engine());
    Parameters parameters;
    if (adapter != null) {
      lora = adapter.copy();
      unet = null;
      parameters = lora.parameters();
      sampler = model.with(plain.withAdapter(lora));
    } else {
      lora = null;
      unet = model.components().unet().copy();
      parameters = unet.parameters();
      sampler = model.with(unet).with(plain);
    }
    ImmutableMap.Builder<String, INDArray> arrays = ImmutableMap.builder();
    for (String name : trained.keySet()) {
      arrays.put(name, parameters.get(name.substring(PolicyNetwork.UNET.length() + 1)));
    }
    own = arrays.buildOrThrow();
  }

  /**
   * The policy as it was.
   *
   * @return a view of the model with the snapshot's weights; do not close it
   */
  public LatentDiffusion sampler() {
    return sampler;
  }

  /**
   * Goes towards the policy as it is now: {@code old = keep old + (1 - keep) now}.
   *
   * @param keep in [0, 1]; 0 takes the policy's weights, 1 changes nothing
   */
  public void follow(double keep) {
    if (!(keep >= 0 && keep <= 1)) {
      throw new IllegalArgumentException("keep must be in [0, 1], but was " + keep);
    }
    own.forEach(
        (name, array) -> {
          FloatBuffer old = FloatBuffers.of(array);
          FloatBuffer now = Objects.requireNonNull(trained.get(name));
          for (int i = 0; i < old.limit(); i++) {
            double value = now.get(i);
            old.put(i, (float) (value + keep * (old.get(i) - value)));
          }
        });
  }

  /** Its U-Net for a number of rows, with its function. */
  DenoiserBatch batch(int rows) {
    DenoiserBatch batch =
        batches.computeIfAbsent(
            rows, r -> new DenoiserBatch(sampler, sampler.execution(), sampler.latentShape(), r));
    batch.open();
    return batch;
  }

  // ---- Checkpoints

  /**
   * Writes the weights, bit for bit.
   *
   * @param file to be written, safetensors
   * @return the SHA-256 of the file, for {@link #restore}
   */
  public String save(Path file) {
    SafetensorsWriter writer = new SafetensorsWriter();
    own.forEach((name, array) -> writer.add(name, array, DType.F32));
    writer.write(file);
    try (SafetensorsFile written = SafetensorsFile.open(file)) {
      return written.sha256();
    }
  }

  /**
   * Reads what {@link #save} wrote, and checks all of it, without changing anything yet.
   *
   * @param file that was written
   * @param sha256 that it must have
   * @return puts the weights in place; cannot fail
   * @throws IllegalArgumentException if it is damaged, or of another policy
   */
  public Runnable restore(Path file, String sha256) {
    List<Runnable> puts = new ArrayList<>();
    try (SafetensorsFile saved = SafetensorsFile.open(file)) {
      if (!saved.sha256().equals(sha256)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s is damaged: its SHA-256 is not the one that was written down; use an earlier checkpoint",
                file));
      }
      own.forEach(
          (name, array) -> {
            FloatBuffer read = FloatBuffer.allocate((int) array.length());
            saved.readFloats(name, read);
            puts.add(() -> FloatBuffers.of(array).put(0, read, 0, read.capacity()));
          });
    } catch (SafetensorsException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is not of this policy, or damaged: %s; use an earlier checkpoint",
              file,
              e.getMessage()),
          e);
    }
    return () -> puts.forEach(Runnable::run);
  }

  /** Frees the weights; the policy stays. */
  @Override
  public void close() {
    batches.values().forEach(DenoiserBatch::close);
    batches.clear();
    if (lora != null) {
      lora.close();
    }
    if (unet != null) {
      unet.close();
    }
  }
}
