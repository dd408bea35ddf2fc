package org.tastemaker.examples.ideas;

import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipVisionConfig;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * A CLIP model with the parts of PickScore's and none of its knowledge: random weights, 32 pixels,
 * a logit scale of 100 as trained models have it. Nothing has to be downloaded for it.
 */
final class ToyClip {
  static final String NAME = "toy weights";

  private static final int WIDTH = 32;
  private static final int SIZE = 16; // of a vector

  private ToyClip() {}

  static ClipModel of(ClipTokenizer tokenizer, Seed seed) {
    ClipModel model =
        ClipModel.random(
            ClipConfig.of(
                new ClipTextConfig(
                    tokenizer.size(),
                    WIDTH,
                    4 * WIDTH,
                    2,
                    2,
                    tokenizer.maxLength(),
                    Activation.GELU,
                    1e-5,
                    tokenizer.bosId(),
                    tokenizer.eosId(),
                    tokenizer.padId(),
                    SIZE),
                new ClipVisionConfig(WIDTH, 4 * WIDTH, 2, 2, 32, 8, Activation.GELU, 1e-5, SIZE)),
            seed);
    model.logitScale().assign(Math.log(100));
    return model;
  }
}
