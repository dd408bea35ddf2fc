package org.tastemaker.reward.clip;

import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipVisionConfig;
import org.tastemaker.diffusion.tokenizer.BpeTrainer;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.tokenizer.TokenizerOptions;

/** A CLIP model of two small towers with random weights, and its tokenizer. */
final class ToyClip {
  static final int SIZE = 5; // of a vector
  static final int SIDE = 8; // of an image
  static final String START = "<|startoftext|>";
  static final String END = "<|endoftext|>";

  private ToyClip() {}

  static ClipModel model(Seed seed) {
    ClipTokenizer tokenizer = tokenizer();
    return ClipModel.random(
        ClipConfig.of(
            new ClipTextConfig(
                tokenizer.size(),
                8,
                16,
                2,
                2,
                tokenizer.maxLength(),
                Activation.GELU,
                1e-5,
                tokenizer.bosId(),
                tokenizer.eosId(),
                tokenizer.padId(),
                SIZE),
            new ClipVisionConfig(6, 10, 2, 2, SIDE, 4, Activation.QUICK_GELU, 1e-5, SIZE)),
        seed);
  }

  static ClipTokenizer tokenizer() {
    return tokenizer(END, 6);
  }

  static ClipTokenizer tokenizer(String pad, int length) {
    return ClipTokenizer.of(
        BpeTrainer.train(
            List.of("a red cat", "a blue dog", "a green bird"), BpeTrainer.Options.ofSize(600)),
        new TokenizerOptions(length, START, END, END, pad, false));
  }

  static Image image(int height, int width, int seed) {
    var random = Seed.of(seed).generator();
    float[] values = new float[3 * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return Image.of(3, height, width, values);
  }
}
