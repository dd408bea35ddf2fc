package org.tastemaker.diffusion.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.Ints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A token that a folder or a caller declares is never read as pieces. */
class AddedTokensTest {
  @TempDir Path folder;

  private final ClipTokenizer usual = ClipTokenizer.load(ClipTokenizerTest.small());
  private final int first = usual.size();

  private ClipTokenizer load(String file, String json) throws IOException {
    usual.save(folder);
    Files.writeString(folder.resolve(file), json.replace("FIRST", Integer.toString(first)));
    return ClipTokenizer.load(folder);
  }

  private static int[] ids(ClipTokenizer tokenizer, String text) {
    int[] all = tokenizer.encodeUnpadded(text).toArray();
    return Arrays.copyOfRange(all, 1, all.length - 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "added_tokens.json | {\"<cat-toy>\": FIRST}",
        "tokenizer_config.json | {\"added_tokens_decoder\": {\"FIRST\": {\"content\": \"<cat-toy>\", \"special\": false}}}",
        "tokenizer_config.json | {\"added_tokens_decoder\": {\"FIRST\": \"<cat-toy>\"}}"
      })
  void aDeclaredTokenIsOneIdWhereverItStands(String file, String json) throws IOException {
    ClipTokenizer tokenizer = load(file, json);
    int[] cat = ids(usual, "a cat");
    int[] on = ids(usual, "on");
    assertThat(ids(tokenizer, "<cat-toy>")).containsExactly(first);
    assertThat(ids(tokenizer, "a cat<cat-toy>on"))
        .containsExactly(concat(cat, new int[] {first}, on));
    assertThat(ids(tokenizer, "a cat <Cat-Toy>, ")).startsWith(concat(cat, new int[] {first}));
    assertThat(ids(tokenizer, "a cat")).containsExactly(cat);
    assertThat(tokenizer.size()).isEqualTo(first + 1);
    assertThat(tokenizer.added()).containsEntry("<cat-toy>", first);
    assertThat(tokenizer.decode(tokenizer.encode("a cat <cat-toy> on").ids()))
        .isEqualTo("a cat <cat-toy> on");
  }

  private static int[] concat(int[]... parts) {
    return Ints.concat(parts);
  }

  @Test
  void aTokenOfSeveralVectorsIsAllOfThem() throws IOException {
    // As diffusers names them.
    ClipTokenizer tokenizer =
        load(
            "added_tokens.json",
            "{\"<s>\": FIRST, \"<s>_1\": %d, \"<s>_2\": %d, \"<s>x\": %d}"
                .formatted(first + 1, first + 2, first + 3));
    assertThat(ids(tokenizer, "<s>")).containsExactly(first, first + 1, first + 2);
    assertThat(tokenizer.idsOf("<s>").toArray()).containsExactly(first, first + 1, first + 2);
    assertThat(ids(tokenizer, "<s>x")).containsExactly(first + 3);
    assertThat(ids(tokenizer, "<s>_2")).containsExactly(first + 2);
  }

  @Test
  void aTokenIsAddedToATokenizerAndSavedWithIt() {
    ClipTokenizer tokenizer = usual.withToken("<a>", 1).withToken("my style", 3);
    assertThat(tokenizer.added())
        .isEqualTo(
            ImmutableMap.of(
                "<a>",
                first,
                "my style",
                first + 1,
                "my style_1",
                first + 2,
                "my style_2",
                first + 3));
    assertThat(ids(tokenizer, "<a> my style"))
        .containsExactly(first, first + 1, first + 2, first + 3);
    tokenizer.save(folder);
    ClipTokenizer loaded = ClipTokenizer.load(folder);
    assertThat(loaded.added()).isEqualTo(tokenizer.added());
    assertThat(ids(loaded, "<a> my style")).containsExactly(ids(tokenizer, "<a> my style"));
    // The first tokenizer is what it was.
    assertThat(usual.size()).isEqualTo(first);
    usual.save(folder);
    assertThat(ClipTokenizer.load(folder).added()).isEmpty();
  }

  @Test
  void aTokenThatIsOneAlreadyIsRefused() {
    ClipTokenizer tokenizer = usual.withToken("<a>", 2);
    assertThatThrownBy(() -> tokenizer.withToken("<a>", 1))
        .hasMessageContaining("is a token already");
    assertThatThrownBy(() -> tokenizer.withToken("<a>_1", 1))
        .hasMessageContaining("is a token already");
    assertThatThrownBy(() -> usual.withToken("<|endoftext|>", 1))
        .hasMessageContaining("is a token already");
    // It would become a vector of the other.
    assertThatThrownBy(() -> usual.withToken("<b>_1", 1).withToken("<b>", 1))
        .hasMessageContaining("'<b>_1' is a token already");
    assertThatThrownBy(() -> usual.withToken(" ", 1)).hasMessageContaining("must not be blank");
    assertThatThrownBy(() -> usual.withToken("<a>", 0)).hasMessageContaining("vectors");
    assertThatThrownBy(() -> usual.idsOf("<a>")).hasMessageContaining("is no added token");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "added_tokens.json | {\"<a>\": 3} | which is another token's in the vocabulary",
        "added_tokens.json | {\"!\": FIRST} | but the vocabulary has it as",
        "added_tokens.json | {\"<a>\": \"x\"} | expected an integer as the id of '<a>'",
        "added_tokens.json | {\"\": FIRST} | expected at most",
        "tokenizer_config.json | {\"added_tokens_decoder\": {\"x\": \"<a>\"}} | expected added_tokens_decoder to be an object from id to token",
        "tokenizer_config.json | {\"added_tokens_decoder\": {\"FIRST\": 3}} | expected added_tokens_decoder to be an object from id to token"
      })
  void aDeclarationThatCannotBeRightIsRefused(String file, String json, String message) {
    assertThatThrownBy(() -> load(file, json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(message);
  }

  @Test
  void filesThatDisagreeAreRefused() throws IOException {
    ClipTokenizer unused = load("added_tokens.json", "{\"<a>\": FIRST}");
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"added_tokens_decoder\": {\"%d\": \"<a>\"}}".formatted(first + 1));
    assertThatThrownBy(() -> ClipTokenizer.load(folder))
        .hasMessageContaining("another file of the folder gives it " + first);
  }

  /** OpenCLIP's padding: diffusers reads every "!" of a text as it. */
  @Test
  void anExclamationMarkIsThePaddingTokenAsInDiffusersOrAWordByOption() {
    TokenizerOptions padding = usual.options().withPad("!");
    int pad = usual.vocabulary().ids().getOrDefault("!", -1);
    int word = usual.vocabulary().ids().getOrDefault("!</w>", -1);
    int[] cat = ids(usual, "cat");
    assertThat(pad).isNotNegative();
    assertThat(ids(usual, "cat!")).containsExactly(concat(cat, new int[] {word}));
    ClipTokenizer asDiffusers = usual.with(padding);
    assertThat(asDiffusers.options().padInText()).isTrue();
    assertThat(ids(asDiffusers, "cat!")).containsExactly(concat(cat, new int[] {pad}));
    assertThat(ids(asDiffusers, "!!cat")).containsExactly(concat(new int[] {pad, pad}, cat));
    ClipTokenizer asOpenClip = usual.with(padding.withPadInText(false));
    assertThat(ids(asOpenClip, "cat!")).containsExactly(concat(cat, new int[] {word}));
    assertThat(asOpenClip.encode("cat").ids()).isEqualTo(asDiffusers.encode("cat").ids());
  }
}
