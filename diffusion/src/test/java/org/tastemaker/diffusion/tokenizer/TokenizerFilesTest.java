package org.tastemaker.diffusion.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerFilesTest {
  private static final String VOCAB =
      "{\"a\": 0, \"b</w>\": 1, \"ab</w>\": 2, \"<|startoftext|>\": 3, \"<|endoftext|>\": 4}";

  private final Path folder;

  TokenizerFilesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private ClipTokenizer load(String vocab, String merges) throws IOException {
    Files.writeString(folder.resolve("vocab.json"), vocab);
    Files.writeString(folder.resolve("merges.txt"), merges);
    return ClipTokenizer.load(folder);
  }

  @Test
  void linesMayEndLikeOnWindowsAndTheLastOnesMayBeBlank() throws IOException {
    ClipTokenizer tokenizer = load(VOCAB, "#version: 0.2\r\na b</w>\r\n\r\n");
    assertThat(tokenizer.encodeUnpadded("ab").toArray()).containsExactly(3, 2, 4);
    assertThat(tokenizer.options()).isEqualTo(TokenizerOptions.defaults());
    assertThat(tokenizer.size()).isEqualTo(5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]                     | : expected an object from token to id, but found BEGIN_ARRAY",
        "{\"a\": \"0\"}         | : expected an integer as the id of 'a' (the file is an object from token to id), but found",
        "{\"a\": 0.5}           | : expected an integer as the id of 'a' (the file is an object from token to id), but found",
        "{\"a\": 99999999999}   | : expected an integer as the id of 'a' (the file is an object from token to id), but found 99999999999",
        "{\"a\": 0, \"a\": 1}   | : expected each token once, but 'a' is there twice",
        "{\"a\": 0              | is not JSON: End of input",
        "{\"a\": 0} {}          | has something after its end",
        "{\"a\": 0, \"b\": 0}   | : expected the ids 0 to 1, each once, but token 'b' has 0, as another token has",
        "{\"a\": 0, \"b\": 2}   | : expected the ids 0 to 1, each once, but token 'b' has 2",
        "{\"a\": -1}            | : expected the ids 0 to 0, each once, but token 'a' has -1",
      })
  void aVocabularyThatIsNotOneIsRefused(String vocab, String message) {
    assertThatThrownBy(() -> load(vocab, "#version: 0.2\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(folder.resolve("vocab.json").toString())
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a b</w>                   | line 1: expected '#version: 0.2', but found 'a b</w>'",
        "#version: 0.2;a           | line 2: expected two symbols separated by a space, but found 'a'",
        "#version: 0.2;a b</w>;a b c | line 3: expected two symbols separated by a space, but found 'a b c'",
        "#version: 0.2;;a b</w>    | line 2: expected two symbols separated by a space, but found ''",
        "#version: 0.2;a c         | line 2: expected 'a', 'c' and 'ac' to be in the vocabulary, but 'c' is not",
        "#version: 0.2;a a         | line 2: expected 'a', 'a' and 'aa' to be in the vocabulary, but 'aa' is not",
        "#version: 0.2;a b</w>;a b</w> | line 3: is the same as",
      })
  void aMergeThatIsNotOneIsRefused(String merges, String message) {
    assertThatThrownBy(() -> load(VOCAB, merges.replace(';', '\n')))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(folder.resolve("merges.txt").toString())
        .hasMessageContaining(message);
  }

  @Test
  void filesThatAreNotUtf8AreRefused() throws IOException {
    Files.writeString(folder.resolve("vocab.json"), VOCAB);
    Files.write(folder.resolve("merges.txt"), new byte[] {'#', 'v', (byte) 0xFF});
    assertThatThrownBy(() -> ClipTokenizer.load(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(folder.resolve("merges.txt") + ": expected UTF-8");
  }

  @Test
  void aFolderWithoutTheFilesIsRefused() {
    assertThatThrownBy(() -> ClipTokenizer.load(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            folder + " holds no tokenizer: expected vocab.json and merges.txt, or tokenizer.json");
  }

  @Test
  void theConfigurationNamesTokensAndLength() throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"model_max_length": 9, "nested": {"deep": [1, {"pad_token": "no"}]},
         "pad_token": {"content": "a", "lstrip": false, "__type": "AddedToken"}, "unk_token": "b</w>"}
        """);
    assertThat(load(VOCAB, "#version: 0.2\n").options())
        .isEqualTo(new TokenizerOptions(9, "<|startoftext|>", "<|endoftext|>", "b</w>", "a"));
  }

  @Test
  void theSpecialTokensMapCountsMoreThanTheConfiguration() throws IOException {
    // As in Stable Diffusion 2, whose configuration says <|endoftext|> and whose map says "!".
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"pad_token\": \"b</w>\"}");
    Files.writeString(folder.resolve("special_tokens_map.json"), "{\"pad_token\": \"a\"}");
    assertThat(load(VOCAB, "#version: 0.2\n").padId()).isZero();
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"pad_token\": \"b</w>\", \"added_tokens_decoder\": {\"0\": {\"content\": \"a\"}}}");
    assertThat(ClipTokenizer.load(folder).padId()).isEqualTo(1);
  }

  @Test
  void aLengthWithoutLimitIsTheDefault() throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"model_max_length\": 1000000000000000019884624838656}");
    assertThat(load(VOCAB, "#version: 0.2\n").options().maxLength()).isEqualTo(77);
  }

  @Test
  void aConfigurationThatIsNotOneIsRefused() throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\": 7.5}");
    assertThatThrownBy(() -> load(VOCAB, "#version: 0.2\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("expected model_max_length to be an integer, but found 7.5");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"pad_token\": \"zebra\"}");
    assertThatThrownBy(() -> ClipTokenizer.load(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            folder + ": expected the pad token 'zebra' to be in the vocabulary");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\n\"a");
    assertThatThrownBy(() -> ClipTokenizer.load(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(folder.resolve("tokenizer_config.json") + " is not JSON: ");
  }

  @Test
  void whatIsSavedIsWhatIsLoaded() {
    ClipTokenizer small = ClipTokenizer.load(ClipTokenizerTest.small());
    TokenizerOptions options =
        new TokenizerOptions(16, "<|startoftext|>", "<|endoftext|>", "<|endoftext|>", "!");
    ClipTokenizer tokenizer = ClipTokenizer.of(small.vocabulary(), options);
    tokenizer.save(folder);
    ClipTokenizer loaded = ClipTokenizer.load(folder);
    assertThat(loaded.vocabulary()).isEqualTo(tokenizer.vocabulary());
    assertThat(loaded.options()).isEqualTo(options);
  }
}
