package org.tastemaker.diffusion.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.tokenizer.BpeTrainer.Options;
import org.tastemaker.diffusion.tokenizer.BpeVocabulary.Merge;

class BpeTrainerTest {
  private static List<String> captions() throws IOException {
    return Files.readAllLines(ClipTokenizerTest.small().resolve("captions.txt"));
  }

  @Test
  void theMostFrequentPairIsMergedFirstAndTheFirstInOrderOnATie() {
    // low x 2, lower x 1, new x 3. Pairs: n e 3, e w</w> 3, l o 3, o w</w> 2, o w 1, w e 1, e r</w>
    // 1.
    // Of the three pairs with 3, "e w</w>" is first in order; then "n e" is gone and "l o" is
    // before
    // "n ew</w>"; then "n ew</w>" with 3; then "lo w</w>" with 2; the rest is there once only.
    BpeVocabulary vocabulary =
        BpeTrainer.train(List.of("low LOW lower", "new new", "new"), Options.ofSize(600));
    assertThat(vocabulary.merges())
        .containsExactly(
            new Merge("e", "w</w>"),
            new Merge("l", "o"),
            new Merge("n", "ew</w>"),
            new Merge("lo", "w</w>"));
    assertThat(vocabulary.ids()).hasSize(512 + 4 + 2);
    assertThat(vocabulary.ids())
        .containsEntry("!", 0)
        .containsEntry("!</w>", 256)
        .containsEntry("ew</w>", 512)
        .containsEntry("low</w>", 515)
        .containsEntry("<|startoftext|>", 516)
        .containsEntry("<|endoftext|>", 517);
  }

  @Test
  void theResultIsThatOfAnIndependentImplementation() throws IOException {
    // Trained to 640 tokens at most, of pairs that occur twice, by a program in another language.
    assertThat(BpeTrainer.train(captions(), Options.ofSize(640)))
        .isEqualTo(BpeVocabulary.load(ClipTokenizerTest.small()));
  }

  @Test
  void theOrderOfTheCaptionsMakesNoDifference() throws IOException {
    List<String> reversed = new ArrayList<>(captions());
    Collections.reverse(reversed);
    assertThat(BpeTrainer.train(reversed, Options.ofSize(560)))
        .isEqualTo(BpeTrainer.train(captions(), Options.ofSize(560)));
  }

  @Test
  void theVocabularyHasTheSizeThatWasAskedFor() throws IOException {
    assertThat(BpeTrainer.train(captions(), Options.ofSize(540)).ids()).hasSize(540);
    assertThat(BpeTrainer.train(captions(), Options.ofSize(514)).merges()).isEmpty();
  }

  @Test
  void withoutCaptionsThereAreTheBytesOnly() {
    BpeVocabulary vocabulary = BpeTrainer.train(List.of(), Options.ofSize(1000));
    assertThat(vocabulary.ids()).hasSize(514);
    ClipTokenizer tokenizer = ClipTokenizer.of(vocabulary, TokenizerOptions.defaults());
    assertThat(tokenizer.decode(tokenizer.encodeUnpadded("日本 😀"))).isEqualTo("日本 😀");
  }

  @Test
  void specialTokensInACaptionAreNotLearned() {
    BpeVocabulary vocabulary =
        BpeTrainer.train(List.of("<|endoftext|> <|endoftext|>"), Options.ofSize(600));
    assertThat(vocabulary.merges()).isEmpty();
  }

  @Test
  void optionsAreChecked() {
    assertThatThrownBy(() -> Options.ofSize(513))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("size must be at least 514")
        .hasMessageEndingWith("but was 513");
    assertThatThrownBy(() -> new Options(600, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("leastFrequency must be at least 1, but was 0");
  }
}
