package org.tastemaker.optim.rows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraModule;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.weights.DType;

/**
 * A LoRA as it is at one moment: a safetensors file in float32, 1 to 20 MB, which is all that goes
 * to the workers each round. Equal weights give equal bytes.
 */
public final class RowAdapter {
  private static final String NAME = "rows";

  private final byte[] bytes;
  private final String sha256;

  private RowAdapter(byte[] bytes) {
    this.bytes = bytes;
    this.sha256 = Hashes.of(bytes);
  }

  /**
   * What a LoRA is now.
   *
   * @param lora of a U-Net; only read
   * @return a copy, bit for bit
   * @throws IllegalArgumentException if an alpha is not a float, which a file cannot hold
   * @throws UncheckedIOException if there is no room for a temporary file
   */
  public static RowAdapter of(Lora lora) {
    for (LoraModule module : lora.modules().values()) {
      if ((float) module.alpha() != module.alpha()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "alpha of \"%s\" is %s, which a file rounds to %s: use an alpha that is a float, such"
                    + " as the rank",
                module.path(),
                module.alpha(),
                (float) module.alpha()));
      }
    }
    return inTemporaryFolder(
        file -> {
          LoraFile.write(file, List.of(lora), LoraFile.Options.kohya().withDtype(DType.F32));
          return new RowAdapter(Files.readAllBytes(file));
        });
  }

  /**
   * An adapter that came from elsewhere.
   *
   * @param bytes of a safetensors file; copied, and read by {@link #open} only
   * @return the adapter
   */
  public static RowAdapter ofBytes(byte[] bytes) {
    return new RowAdapter(bytes.clone());
  }

  /**
   * The hash by which rows name it.
   *
   * @return a SHA-256 of the bytes
   */
  public String sha256() {
    return sha256;
  }

  /** How many bytes it has. */
  int size() {
    return bytes.length;
  }

  /**
   * The file.
   *
   * @return a copy
   */
  public byte[] bytes() {
    return bytes.clone();
  }

  /**
   * The LoRA.
   *
   * @param model for which it is
   * @return for its U-Net: the caller closes it
   * @throws IllegalArgumentException if it is no LoRA of this model's U-Net; the message says why
   */
  Lora open(LatentDiffusion model) {
    return inTemporaryFolder(
        file -> {
          Files.write(file, bytes);
          Lora lora =
              LoraFile.read(
                      file, NAME, Map.of(LoraNetwork.UNET, model.components().unet().parameters()))
                  .get(LoraNetwork.UNET);
          if (lora == null) {
            throw new RowException("the adapter " + sha256 + " adapts nothing of the U-Net");
          }
          return lora;
        });
  }

  private interface WithFile<T> {
    T apply(Path file) throws IOException;
  }

  private static <T> T inTemporaryFolder(WithFile<T> use) {
    try {
      Path folder = Files.createTempDirectory("adapter");
      try {
        return use.apply(folder.resolve(NAME + ".safetensors"));
      } finally {
        AtomicFiles.deleteRecursively(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot keep an adapter in a temporary file", e);
    }
  }
}
