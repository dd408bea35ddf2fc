package org.tastemaker.diffusion.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.diffusion.tokenizer.BpeVocabulary.Merge;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;

/** Folders with {@code tokenizer.json} alone, as transformers 5 writes them. */
class TokenizerJsonTest {
  private static final List<String> TEXTS =
      List.of(
          "a photo of a cat", "Hello, world! 123", "", "caf\u00e9 \ud83d\ude00 <|endoftext|> x");

  @TempDir Path folder;

  private final ClipTokenizer usual = ClipTokenizer.load(ClipTokenizerTest.small());

  private static Map<String, Object> token(String content, int id, boolean special) {
    Map<String, Object> token = new LinkedHashMap<>();
    token.put("id", id);
    token.put("content", content);
    token.put("single_word", false);
    token.put("lstrip", false);
    token.put("rstrip", false);
    token.put("normalized", !special);
    token.put("special", special);
    return token;
  }

  /** The small vocabulary in the file's format. */
  private Map<String, Object> whole(boolean pairs) {
    List<Object> merges = new ArrayList<>();
    for (Merge merge : usual.vocabulary().merges()) {
      merges.add(pairs ? List.of(merge.left(), merge.right()) : merge.left() + " " + merge.right());
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("dropout", null);
    model.put("unk_token", "<|endoftext|>");
    model.put("continuing_subword_prefix", "");
    model.put("end_of_word_suffix", "</w>");
    model.put("fuse_unk", false);
    model.put("vocab", usual.vocabulary().ids());
    model.put("merges", merges);
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("version", "1.0");
    root.put("truncation", null);
    root.put(
        "added_tokens",
        List.of(
            token("<|startoftext|>", usual.bosId(), true),
            token("<|endoftext|>", usual.eosId(), true)));
    root.put(
        "normalizer", Map.of("type", "Sequence", "normalizers", List.of(Map.of("type", "NFC"))));
    root.put("model", model);
    return root;
  }

  private void write(Map<String, Object> root) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), Json.writePretty(root));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void itIsTheTokenizerOfTheTwoOtherFiles(boolean pairs) throws IOException {
    write(whole(pairs));
    ClipTokenizer read = ClipTokenizer.load(folder);
    assertThat(read.vocabulary()).isEqualTo(usual.vocabulary());
    for (String text : TEXTS) {
      assertThat(read.encodeUnpadded(text)).as(text).isEqualTo(usual.encodeUnpadded(text));
    }
  }

  @Test
  void startAndEndMayStandAmongTheAddedTokensAlone() throws IOException {
    Map<String, Object> root = whole(true);
    Map<String, Object> vocabulary = new LinkedHashMap<>(usual.vocabulary().ids());
    vocabulary.remove("<|startoftext|>");
    vocabulary.remove("<|endoftext|>");
    assertThat(List.of(usual.bosId(), usual.eosId()))
        .containsExactly(vocabulary.size(), vocabulary.size() + 1);
    @SuppressWarnings("unchecked")
    Map<String, Object> model = (Map<String, Object>) Objects.requireNonNull(root.get("model"));
    model.put("vocab", vocabulary);
    write(root);
    ClipTokenizer read = ClipTokenizer.load(folder);
    for (String text : TEXTS) {
      assertThat(read.encodeUnpadded(text)).as(text).isEqualTo(usual.encodeUnpadded(text));
    }
  }

  @Test
  void itsAddedTokensAreFoundInAText() throws IOException {
    Map<String, Object> root = whole(true);
    List<Object> added = new ArrayList<>((List<?>) root.get("added_tokens"));
    added.add(token("<cat-toy>", usual.size(), false));
    root.put("added_tokens", added);
    write(root);
    ClipTokenizer read = ClipTokenizer.load(folder);
    assertThat(read.encodeUnpadded("<cat-toy>").toArray())
        .containsExactly(read.bosId(), usual.size(), read.eosId());
    // Also where the vocabulary comes from the two other files.
    usual.save(folder);
    assertThat(ClipTokenizer.load(folder).encodeUnpadded("<cat-toy>").toArray())
        .containsExactly(read.bosId(), usual.size(), read.eosId());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"a\", 0.1]]}} | it is of type Unigram without such an ending",
        "{\"model\": {\"type\": \"BPE\", \"end_of_word_suffix\": null, \"vocab\": {}, \"merges\": []}} | it is of type BPE without such an ending",
        "{\"model\": {\"type\": \"BPE\", \"end_of_word_suffix\": \"@@\", \"vocab\": {}, \"merges\": []}} | with @@",
        "{}                                        | it is of type",
        "[]                                        | expected the file to be BEGIN_OBJECT, but found BEGIN_ARRAY",
        "{\"model\": 3}                            | expected model to be BEGIN_OBJECT, but found NUMBER",
        "{\"model\": {\"vocab\": {\"a\": 0.5}}}    | expected an integer as the id of 'a'",
        "{\"model\": {\"merges\": [\"a b c\"]}}    | expected a merge of two symbols separated by a space, but found 'a b c'",
        "{\"model\": {\"merges\": [[\"a\"]]}}      | expected a merge to be STRING",
        "{\"model\": {\"merges\": {}}}             | expected model.merges to be BEGIN_ARRAY",
        "{\"added_tokens\": [{\"id\": 3}]}         | expected an added token with its content and id",
        "{\"model\": {\"type\": \"BPE\", \"end_of_word_suffix\": \"</w>\", \"vocab\": {\"b\": 0}, \"merges\": []}, \"added_tokens\": [{\"id\": -3, \"content\": \"a\"}]} | but 'a' has -3",
        "{\"model\": {\"type\": \"BPE\", \"end_of_word_suffix\": \"</w>\", \"vocab\": {\"b\": 0}, \"merges\": []}, \"added_tokens\": [{\"id\": 999999999, \"content\": \"a\"}]} | but 'a' has 999999999",
        "{\"model\": {\"type\": \"BPE\", \"end_of_word_suffix\": \"</w>\", \"vocab\": {\"a\": 7}, \"merges\": []}} | expected the ids 0 to 0",
        "{\"added_tokens\": [{\"id\": 3, \"content\": \"a\"}, {\"id\": 4, \"content\": \"a\"}]} | expected one id of 'a', but found two",
        "{\"model\":                               | is it cut short?",
        "version https://git-lfs.github.com/spec/v1 | a pointer of Git LFS"
      })
  void aFileThatIsNoTokenizerOfClipIsRefused(String json, String message) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), json);
    assertThatThrownBy(() -> ClipTokenizer.load(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(folder.resolve("tokenizer.json").toString())
        .hasMessageContaining(message);
  }

  @Test
  void damagedFilesAreReadOrRefusedInLittleMemory() throws IOException {
    Map<String, Object> root = whole(true);
    write(root);
    byte[] pairs = Files.readAllBytes(folder.resolve("tokenizer.json"));
    write(whole(false));
    byte[] texts = Files.readAllBytes(folder.resolve("tokenizer.json"));
    int times = Effort.times(500, 50_000);
    Attack.Outcome outcome =
        new Attack(
                "tokenizer.json",
                List.of(pairs, texts),
                List.of(IllegalArgumentException.class, JsonException.class))
            .run(
                1,
                times,
                bytes -> {
                  Files.write(folder.resolve("tokenizer.json"), bytes);
                  ClipTokenizer unused = ClipTokenizer.load(folder);
                });
    assertThat(outcome.read() + outcome.refused()).isEqualTo(times);
    assertThat(outcome.refused()).as("the damage was seen").isPositive();
  }
}
