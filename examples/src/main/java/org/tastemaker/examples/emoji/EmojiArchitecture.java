package org.tastemaker.examples.emoji;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.tokenizer.BpeTrainer;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.tokenizer.TokenizerOptions;

/** The sizes of the bundled model's networks. */
final class EmojiArchitecture {
  /** Tokens of a caption, start and end included. */
  static final int TOKENS = 24;

  private EmojiArchitecture() {}

  static ClipTokenizer tokenizer(List<String> captions) {
    return ClipTokenizer.of(
        BpeTrainer.train(captions, BpeTrainer.Options.ofSize(1400)),
        new TokenizerOptions(
            TOKENS, "<|startoftext|>", "<|endoftext|>", "<|endoftext|>", "<|endoftext|>"));
  }

  static AutoencoderKlConfig autoencoder(double scale) {
    return new AutoencoderKlConfig(
        32, 3, 3, 4, ImmutableList.of(24, 48, 48), 1, 8, true, true, true, scale, false);
  }

  static UNetConfig unet() {
    return new UNetConfig(
        8,
        4,
        4,
        ImmutableList.of(64, 128),
        ImmutableList.of("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        ImmutableList.of("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        ImmutableList.of(1, 1),
        ImmutableList.of(1, 1),
        ImmutableList.of(4, 4),
        96,
        8,
        1e-5,
        3,
        3,
        1,
        true,
        0,
        256,
        false);
  }

  static ClipTextConfig textEncoder(ClipTokenizer tokenizer) {
    return new ClipTextConfig(
        tokenizer.size(),
        96,
        384,
        3,
        4,
        TOKENS,
        ClipTextConfig.Activation.QUICK_GELU,
        1e-5,
        tokenizer.bosId(),
        tokenizer.eosId(),
        tokenizer.padId(),
        96);
  }
}
