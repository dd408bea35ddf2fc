package org.tastemaker.diffusion.condition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.UNetActivations;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.TinyXl;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/** Prompts beyond 77 tokens, and prompts with weights, in a complete model. */
class LongPromptsTest {
  private static final String FIRST = "x ".repeat(75).strip();
  private static final String SECOND = "a photo of a cat";
  private static final Prompt LONG = Prompt.of(FIRST + " " + SECOND);

  /** 200 of the text's tokens, a start and an end. */
  private static final String OF_202 = "x ".repeat(200).strip();

  private final LatentDiffusion model = TinyModel.ofReferenceSizes(Seed.of(1));
  private final LatentDiffusion chunked = model.with(PromptOptions.defaults().withChunks(2));
  private final int width = model.conditioner().encoder().width();

  @AfterEach
  void close() {
    model.close();
  }

  private float[] tokens(LatentDiffusion view, String text) {
    Condition condition = view.conditions(0).of(text);
    float[] tokens = new float[condition.tokens().capacity()];
    condition.tokens().get(0, tokens);
    return tokens;
  }

  @Test
  void aLongPromptIsItsChunksOneBehindTheOther() {
    float[] both = tokens(chunked, LONG.text());
    assertThat(both).hasSize(2 * 77 * width);
    assertThat(Arrays.copyOf(both, 77 * width)).isEqualTo(tokens(model, FIRST));
    assertThat(Arrays.copyOfRange(both, 77 * width, both.length)).isEqualTo(tokens(model, SECOND));
    assertThat(chunked.conditions(0).of(LONG.text()).requirePooled())
        .isEqualTo(model.conditions(0).of(FIRST).requirePooled());
  }

  @Test
  void aShortPromptIsFilledUpWithTheEmptyOne() {
    float[] both = tokens(chunked, SECOND);
    assertThat(Arrays.copyOf(both, 77 * width)).isEqualTo(tokens(model, SECOND));
    assertThat(Arrays.copyOfRange(both, 77 * width, both.length)).isEqualTo(tokens(model, ""));
  }

  @Test
  void whatStandsBehindTheFirstChunkDecidesTheImageOnlyWithChunks() {
    Prompt other = Prompt.of(FIRST + " a dog");
    assertThat(model.generate(List.of(LONG), Seed.of(1)))
        .isEqualTo(model.generate(List.of(other), Seed.of(1)));
    assertThat(chunked.generate(List.of(LONG), Seed.of(1)))
        .isNotEqualTo(chunked.generate(List.of(other), Seed.of(1)));
  }

  @Test
  void aRolloutOfLongPromptsIsReplayed() {
    LatentDiffusion policy = chunked.with(SamplingOptions.ddpo().withSteps(2));
    List<Prompt> prompts =
        List.of(LONG, Prompt.of("a dog").withNegativeText(LONG.text()), Prompt.of(SECOND));
    try (Rollout rollout = policy.rollout(prompts, Seed.of(2));
        INDArray replayed = policy.replay(rollout)) {
      assertThat(replayed.data().asFloat())
          .containsExactly(rollout.logProbabilities().data().asFloat(), within(1e-5f));
    }
  }

  @Test
  void activationsReadLongPromptsToo() {
    UNetActivations activations = UNetActivations.of(chunked, UNetActivations.Options.defaults());
    try (INDArray latents = model.encode(model.generate(List.of(LONG), Seed.of(1)))) {
      float[] one = activations.of(List.of(LONG.text()), latents)[0];
      float[] other = activations.of(List.of(FIRST + " a dog"), latents)[0];
      assertThat(one).isNotEqualTo(other);
    }
  }

  @Test
  void anotherEngineReadsPromptsInTheSameWay() {
    LatentDiffusion moved = chunked.on(model.execution().engine());
    assertThat(moved.conditioner().encoder().length()).isEqualTo(2 * 77);
    assertThat(model.conditioner().encoder().length()).isEqualTo(77);
  }

  @Test
  void weightsScaleTheirTokensAndKeepTheMean() {
    LatentDiffusion weighted = model.with(PromptOptions.webUi(1));
    ClipTokenizer tokenizer = model.components().tokenizer();
    assertThat(tokens(weighted, SECOND)).isEqualTo(tokens(model, SECOND));
    float[] plain = tokens(model, "x y z");
    float[] heavy = tokens(weighted, "x (y:1.5) z");
    assertThat(tokenizer.encodeUnpadded("x y z").length()).isEqualTo(5);
    double before = 0;
    double after = 0;
    for (int i = 0; i < plain.length; i++) {
      before += plain[i] / plain.length;
      after += heavy[i] / plain.length;
    }
    assertThat(after).isCloseTo(before, within(1e-6)); // sums of 2464 floats of about 1
    double scale = heavy[0] / plain[0]; // of the start, whose weight is 1
    for (int i = 0; i < plain.length; i++) {
      double weight = i / width == 2 ? 1.5 : 1;
      assertThat((double) heavy[i]).isCloseTo(weight * scale * plain[i], within(1e-4));
    }
  }

  @Test
  void aPromptThatIsCutIsToldOnceWithWhatWasCut() {
    List<String> notices = new ArrayList<>();
    LatentDiffusion told =
        model.listener(
            event -> {
              if (event instanceof RunEvent.Notice notice) {
                notices.add(notice.message());
              }
            });
    told.generate(List.of(Prompt.of(OF_202), Prompt.of("a cat")), Seed.of(1));
    told.generate(List.of(Prompt.of(OF_202)), Seed.of(2));
    assertThat(notices)
        .singleElement()
        .asString()
        .contains("a prompt of 200 tokens is longer than the 75 that are read")
        .contains("cut off: \"" + "x ".repeat(125).strip() + "\"")
        .contains("model.with(PromptOptions.defaults().withChunks(3))");
    // The advice, followed.
    notices.clear();
    told.with(PromptOptions.defaults().withChunks(3))
        .generate(List.of(Prompt.of(OF_202)), Seed.of(1));
    assertThat(notices).isEmpty();
  }

  @Test
  void aPromptWithWeightsIsToldToBeLiteralUnlessTheyAreUnderstood() {
    List<String> notices = new ArrayList<>();
    LatentDiffusion told =
        model.listener(
            event -> {
              if (event instanceof RunEvent.Notice notice) {
                notices.add(notice.message());
              }
            });
    List<Prompt> prompts = List.of(Prompt.of("a (cat:1.3)"), Prompt.of("a (cat:1.3)"));
    told.generate(prompts, Seed.of(1));
    assertThat(notices)
        .singleElement()
        .asString()
        .contains("read as plain text: \"a (cat:1.3)\"")
        .contains("PromptOptions.webUi(chunks)");
    notices.clear();
    told.with(PromptOptions.webUi(1)).generate(prompts, Seed.of(1));
    assertThat(notices).isEmpty();
  }

  // ---- Compel's weights

  private final LatentDiffusion compel = model.with(PromptOptions.compel(1));

  /** The numbers of one token, counted from the start token. */
  private float[] token(float[] tokens, int index) {
    return Arrays.copyOfRange(tokens, index * width, (index + 1) * width);
  }

  @Test
  void compelsWeightsMoveTokensAwayFromTheEmptyText() {
    float[] plain = tokens(model, "x y z");
    float[] empty = tokens(model, "");
    float[] heavy = tokens(compel, "x (y)1.5 z");
    for (int i = 0; i < plain.length; i++) {
      boolean weighted = i / width == 2;
      float expected = weighted ? empty[i] + 1.5f * (plain[i] - empty[i]) : plain[i];
      assertThat(heavy[i]).isCloseTo(expected, within(1e-6f)); // numbers of about 1
    }
  }

  @Test
  void aPartOfWeightZeroIsSeenByNone() {
    float[] one = tokens(compel, "x (y)0 z");
    float[] other = tokens(compel, "x (w)0 z");
    // z, whatever stands before it. The weight 0 stands for 1e-5, which is seen by 1.6e-5.
    assertThat(token(one, 3)).containsExactly(token(other, 3), within(1e-4f));
    assertThat(token(tokens(model, "x y z"), 3)).isNotEqualTo(token(tokens(model, "x w z"), 3));
    assertThat(token(one, 1)) // x sees no y anyway
        .containsExactly(token(tokens(model, "x y z"), 1), within(1e-6f));
  }

  @Test
  void aPartOfWeightOneHalfIsHalfSeen() {
    float[] plain = tokens(model, "x y z");
    float[] none = tokens(compel, "x (y)0 z");
    float[] half = tokens(compel, "x (y)0.5 z");
    for (int i = 3 * width; i < 5 * width; i++) { // z and the end
      // The weight 0 stands for 1e-5, which is seen by 1.6e-5 of numbers of about 1.
      assertThat(half[i]).isCloseTo((plain[i] + none[i]) / 2, within(1e-4f));
    }
  }

  @Test
  void severalLightPartsAreBlended() {
    float[] plain = tokens(model, "x y z w v");
    float[] noY = tokens(compel, "x (y)0 z w v");
    float[] noW = tokens(compel, "x y z (w)0 v");
    float[] both = tokens(compel, "x (y)0.5 z (w)0.5 v");
    for (int i = 5 * width; i < 6 * width; i++) { // v
      assertThat(both[i]).isCloseTo((plain[i] + noY[i] + noW[i]) / 3, within(1e-4f));
    }
  }

  @Test
  void aTextWithoutCompelsWeightsIsThePlainOne() {
    assertThat(tokens(compel, SECOND)).isEqualTo(tokens(model, SECOND));
    assertThat(tokens(compel, "(x) y")).isEqualTo(tokens(model, "x y"));
  }

  @Test
  void anXlsPooledVectorDoesNotKnowWeights() {
    try (LatentDiffusion xl = TinyXl.base(Seed.of(2))) {
      LatentDiffusion weighted = xl.with(PromptOptions.compel(1));
      assertThat(weighted.conditions(0).of("a (cat)0.4").requirePooled())
          .isEqualTo(xl.conditions(0).of("a cat").requirePooled());
      assertThat(tokens(weighted, "a (cat)0.4")).isNotEqualTo(tokens(xl, "a cat"));
    }
  }

  @Test
  void marksThatAreReadLiterallyAreRemarkedOn() {
    assertThat(model.conditioner().encoder().remarks("a (cat)1.3"))
        .singleElement()
        .asString()
        .contains("PromptOptions.compel(chunks)");
    assertThat(compel.conditioner().encoder().remarks("(\"a\", \"b\").blend(1, 1)"))
        .singleElement()
        .asString()
        .contains("Only compel's weights are understood");
    assertThat(compel.conditioner().encoder().remarks("a (cat)1.3")).isEmpty();
  }
}
