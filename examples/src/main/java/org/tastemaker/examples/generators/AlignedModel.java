package org.tastemaker.examples.generators;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.align.Alignment;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.RunFolders;
import org.tastemaker.examples.align.RunJudge;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.feedback.rubric.Rubrics;

/** The local model after its alignment: a LoRA that is given, or one of a short run. */
final class AlignedModel {
  private AlignedModel() {}

  /**
   * The LoRA of a short alignment of the bundled model to the simulated judge, in a run's folder
   * that is gone on with after a kill.
   *
   * @param prompts that are aligned to; images of other seeds are compared later
   */
  static Path lora(Path folder, List<String> prompts, int rounds, RunListener listener) {
    Path file = folder.resolve("aligned.safetensors");
    if (Files.exists(file)) {
      return file;
    }
    GlyphJudge glyphs = BundledModel.judge();
    EmojiTask task = EmojiTask.consistency(glyphs, prompts);
    Alignment.Settings settings = Alignment.Settings.defaults().withRounds(rounds);
    Map<String, String> config = Alignment.config(task, settings, "glyphs");
    try (LatentDiffusion model = BundledModel.load();
        RunJudge judge = RunJudge.simulated(task, glyphs);
        Alignment alignment = new Alignment(model, task, settings, Alignment.Method.nft);
        RunFolder run =
            RunFolders.open(
                folder.resolve("alignment"), config, Alignment.MAY_CHANGE, Seed.of(1))) {
      Object unused =
          alignment.run(judge.oracle(), Rubrics.consistency(), run, listener, new Cancellation());
      alignment.writeLora(file);
    }
    return file;
  }

  /** A model with the LoRA merged into it; the caller closes it. */
  static LatentDiffusion load(Supplier<LatentDiffusion> base, Path lora) {
    LatentDiffusion model = base.get();
    boolean done = false;
    try {
      Map<LoraNetwork, Lora> loras =
          LoraFile.read(
              lora, "aligned", Map.of(LoraNetwork.UNET, model.components().unet().parameters()));
      for (Lora own : loras.values()) {
        try (own) {
          own.mergeInto(model.components().unet().parameters(), 1);
        }
      }
      done = true;
      return model;
    } finally {
      if (!done) {
        model.close();
      }
    }
  }
}
