package org.tastemaker.diffusion.condition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.primitives.ImmutableIntArray;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.tokenizer.BpeTrainer;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.tokenizer.TokenizerOptions;

/** Texts of letters and commas, each a token. */
class PromptChunksTest {
  private final ClipTokenizer tokenizer =
      ClipTokenizer.of(
          BpeTrainer.train(List.of("a photo of a cat"), BpeTrainer.Options.ofSize(600)),
          TokenizerOptions.defaults());

  private static String letters(int count) {
    return "x ".repeat(count).strip();
  }

  private PromptChunks of(String text, int chunks) {
    return PromptChunks.of(tokenizer, text, PromptOptions.defaults().withChunks(chunks));
  }

  /** How many tokens of the text are in each chunk. */
  private List<Integer> sizes(PromptChunks chunks) {
    return chunks.filled().stream()
        .map(
            chunk ->
                (int) Arrays.stream(chunk.ids()).filter(id -> id != tokenizer.eosId()).count() - 1)
        .toList();
  }

  private String text(PromptChunks.Chunk chunk) {
    return tokenizer.decode(ImmutableIntArray.copyOf(chunk.ids()));
  }

  @Test
  void oneChunkIsTheTokenizersEncoding() {
    for (String text : List.of("", "a cat", letters(75), letters(200), "x , ".repeat(60))) {
      List<PromptChunks.Chunk> chunks = of(text, 1).filled();
      assertThat(chunks).hasSize(1);
      assertThat(chunks.get(0).ids()).isEqualTo(tokenizer.encode(text).ids().toArray());
      assertThat(of(text, 1).cut()).isEqualTo(tokenizer.encode(text).cut());
    }
  }

  @Test
  void twoHundredTokensAreThreeChunks() {
    PromptChunks chunks = of(letters(200), 3);
    assertThat(sizes(chunks)).containsExactly(75, 75, 50);
    assertThat(chunks.cut()).isEmpty();
    assertThat(chunks.filled())
        .allSatisfy(
            chunk -> {
              assertThat(chunk.ids()).hasSize(77).startsWith(tokenizer.bosId());
              assertThat(chunk.ids()).endsWith(tokenizer.eosId());
            });
  }

  @Test
  void exactlyOneChunkNeedsNoSecond() {
    assertThat(of(letters(75), 4).needed()).isEqualTo(1);
    assertThat(of(letters(76), 4).needed()).isEqualTo(2);
    assertThat(sizes(of(letters(75), 3))).containsExactly(75, 0, 0);
    assertThat(sizes(of("", 2))).containsExactly(0, 0);
  }

  @Test
  void aChunkEndsAtItsLastCommaIfThatIsNear() {
    // The comma is the 60th token: 15 behind it move to the next chunk.
    PromptChunks near = of(letters(59) + ", " + letters(30), 2);
    assertThat(sizes(near)).containsExactly(60, 30);
    assertThat(text(near.filled().get(0))).endsWith(",");
    // The 56th: index 55, 20 from the end. The 55th is too far.
    assertThat(sizes(of(letters(55) + ", " + letters(30), 2))).containsExactly(56, 30);
    assertThat(sizes(of(letters(54) + ", " + letters(30), 2))).containsExactly(75, 10);
  }

  @Test
  void aCommaThatWouldBeginAChunkDoesNotMoveWhatIsBeforeIt() {
    assertThat(sizes(of(letters(70) + ", " + letters(4) + ", x", 2))).containsExactly(75, 2);
  }

  @Test
  void theLastChunkIsFilledBeforeTheRestIsCut() {
    PromptChunks chunks = of(letters(70) + ", y y y y z z z", 1);
    assertThat(sizes(chunks)).containsExactly(75);
    assertThat(chunks.cut()).isEqualTo("z z z");
  }

  @Test
  void breakEndsAChunk() {
    assertThat(sizes(of("x x BREAK x x x", 3))).containsExactly(2, 3, 0);
    assertThat(sizes(of("x BREAK BREAK x", 3))).containsExactly(1, 0, 1);
    assertThat(of("x BREAK x", 1).needed()).isEqualTo(1); // a word like others
  }

  @Test
  void weightsFollowTheirTokensIntoTheNextChunk() {
    PromptOptions options = PromptOptions.webUi(2);
    PromptChunks chunks =
        PromptChunks.of(tokenizer, letters(70) + ", (y y y y y y y:1.5) z", options);
    assertThat(sizes(chunks)).containsExactly(71, 8);
    float[] second = chunks.filled().get(1).weights();
    assertThat(Arrays.copyOf(second, 10))
        .containsExactly(1, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1, 1);
    assertThat(chunks.filled().get(0).weights()).containsOnly(1);
  }

  @Test
  void theNumberOfChunksIsChecked() {
    assertThatThrownBy(() -> new PromptOptions(0, PromptOptions.Weights.NONE))
        .hasMessage("chunks must be from 1 to 32, but was 0");
    assertThatThrownBy(() -> PromptOptions.webUi(33)).hasMessageContaining("but was 33");
  }
}
