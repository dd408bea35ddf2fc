package org.tastemaker.diffusion;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.files.HubFolder;
import org.tastemaker.diffusion.checkpoint.SingleFile;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * The tokenizers of a checkpoint, which are not in its file. All text encoders have CLIP's
 * vocabulary. They differ in how a text is filled up: OpenAI's with the end token, OpenCLIP's with
 * token 0, an exclamation mark.
 */
final class CheckpointTokenizers {
  private static final String OPEN_CLIP_PADDING = "!";

  private CheckpointTokenizers() {}

  /** One for each text encoder. */
  static List<ClipTokenizer> load(Path file, CheckpointOptions options, SingleFile checkpoint) {
    Path named =
        HubFolder.resolve(options.tokenizer().orElseGet(() -> file.resolveSibling("tokenizer")));
    // A whole model's folder holds one too.
    boolean whole = Files.isDirectory(named.resolve("unet"));
    Path folder = whole ? named.resolve("tokenizer") : named;
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s holds no tokenizer, and there is no folder %s: put CLIP's there, with vocab.json and merges.txt or tokenizer.json, such as the tokenizer/ of a Stable Diffusion in the diffusers layout, or name it with CheckpointOptions",
              file,
              folder));
    }
    ClipTokenizer tokenizer = ClipTokenizer.load(folder);
    List<ClipTokenizer> tokenizers = new ArrayList<>();
    for (int i = 0; i < checkpoint.textConfigs().size(); i++) {
      String padding = checkpoint.isOpenClip(i) ? OPEN_CLIP_PADDING : tokenizer.options().eos();
      tokenizers.add(tokenizer.with(tokenizer.options().withPad(padding)));
    }
    return tokenizers;
  }
}
