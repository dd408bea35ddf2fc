package org.tastemaker.examples.emoji;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;

/**
 * The text-to-emoji model that comes with the examples: its weights, its reference glyphs and its
 * judge. They are resources of this module, in no jar that users of the library depend on.
 */
public final class BundledModel {
  private static final List<String> MODEL =
      List.of(
          "model_index.json",
          "scheduler/scheduler_config.json",
          "text_encoder/config.json",
          "text_encoder/model.safetensors",
          "tokenizer/merges.txt",
          "tokenizer/special_tokens_map.json",
          "tokenizer/tokenizer_config.json",
          "tokenizer/vocab.json",
          "unet/config.json",
          "unet/diffusion_pytorch_model.safetensors",
          "vae/config.json",
          "vae/diffusion_pytorch_model.safetensors");

  private static final List<String> GLYPHS = List.of("glyphs.png", "glyphs.tsv");

  private BundledModel() {}

  /**
   * Loads the model.
   *
   * @return the model, which samples with 20 steps and guidance 4; the caller closes it
   */
  public static LatentDiffusion load() {
    return unpacked("model", MODEL, LatentDiffusion::load).with(sampling());
  }

  /**
   * How the model is sampled and measured.
   *
   * @return 20 DDIM steps, guidance 4, no added noise, batches of 16
   */
  public static SamplingOptions sampling() {
    return SamplingOptions.defaults().withSteps(20).withGuidanceScale(4).withBatchSize(16);
  }

  /**
   * The reference glyphs.
   *
   * @return what the model was trained on
   */
  public static GlyphSheet glyphs() {
    return unpacked("glyphs", GLYPHS, GlyphSheet::read);
  }

  /**
   * The judge that compares with the reference glyphs.
   *
   * @return with the default rule
   */
  public static GlyphJudge judge() {
    return new GlyphJudge(glyphs(), GlyphJudge.Options.defaults());
  }

  /** Resources may be in a jar, but models are read from folders. */
  private static <T> T unpacked(String name, List<String> files, Function<Path, T> reader) {
    try {
      Path folder = Files.createTempDirectory("tastemaker-" + name);
      try {
        for (String file : files) {
          Path target = folder.resolve(file);
          Files.createDirectories(Objects.requireNonNull(target.getParent()));
          try (InputStream in = BundledModel.class.getResourceAsStream(name + "/" + file)) {
            if (in == null) {
              throw new IllegalStateException(
                  String.format(
                      Locale.ROOT,
                      "the bundled model's file %s/%s is not among the resources; build the module examples",
                      name,
                      file));
            }
            Files.copy(in, target);
          }
        }
        return reader.apply(folder);
      } finally {
        AtomicFiles.deleteRecursively(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot unpack the bundled model: " + e.getMessage(), e);
    }
  }
}
