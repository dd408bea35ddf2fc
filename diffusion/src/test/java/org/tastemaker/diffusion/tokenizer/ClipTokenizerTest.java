package org.tastemaker.diffusion.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableIntArray;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.tokenizer.BpeVocabulary.Merge;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer.Encoding;

class ClipTokenizerTest {
  private final ClipTokenizer tokenizer = ClipTokenizer.load(small());

  static Path small() {
    try {
      return Path.of(
          Objects.requireNonNull(
                  ClipTokenizerTest.class.getResource("/goldens/clip_tokenizer_small"))
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The symbols as tokens with ids in order, then the specials. */
  private static ClipTokenizer of(List<String> tokens, String... merges) {
    ImmutableMap.Builder<String, Integer> ids = ImmutableMap.builder();
    List<String> all = new ArrayList<>(tokens);
    all.add("<|startoftext|>");
    all.add("<|endoftext|>");
    for (int i = 0; i < all.size(); i++) {
      ids.put(all.get(i), i);
    }
    ImmutableList.Builder<Merge> rules = ImmutableList.builder();
    for (String merge : merges) {
      List<String> parts = Splitter.on(' ').splitToList(merge);
      rules.add(new Merge(parts.get(0), parts.get(1)));
    }
    return ClipTokenizer.of(
        new BpeVocabulary(ids.buildOrThrow(), rules.build()), TokenizerOptions.defaults());
  }

  private static String tokens(ClipTokenizer tokenizer, String text) {
    ImmutableMap<Integer, String> byId =
        tokenizer.vocabulary().ids().entrySet().stream()
            .collect(ImmutableMap.toImmutableMap(e -> e.getValue(), e -> e.getKey()));
    ImmutableIntArray ids = tokenizer.encodeUnpadded(text);
    return ids.subArray(1, ids.length() - 1).asList().stream()
        .map(id -> Objects.requireNonNull(byId.get(id)))
        .collect(Collectors.joining(" "));
  }

  @Test
  void anEncodingIsStartTokensEndAndPadding() {
    Encoding encoding = tokenizer.encode("a cat");
    // "a</w>" is the letter's place in the alphabet, 'a' - '!' = 64, behind the 256 bytes.
    assertThat(encoding.ids().subArray(0, 5).toArray())
        .containsExactly(623, 256 + 64, 544, 624, 624);
    assertThat(encoding.ids().asList()).hasSize(77).endsWith(624);
    assertThat(encoding.tokens()).isEqualTo(4);
    assertThat(encoding.truncated()).isFalse();
    assertThat(encoding.cut()).isEmpty();
  }

  @Test
  void aTextThatFitsExactlyIsNotCut() {
    Encoding encoding = tokenizer.encode("a ".repeat(75));
    assertThat(encoding.tokens()).isEqualTo(77);
    assertThat(encoding.truncated()).isFalse();
    assertThat(encoding.ids().get(76)).isEqualTo(624);
  }

  @Test
  void ofALongTextTheFirstTokensAreTakenAndTheRestIsTold() {
    Encoding encoding = tokenizer.encode("a ".repeat(74) + "red heart, a Cat");
    assertThat(encoding.tokens()).isEqualTo(74 + 5 + 2);
    assertThat(encoding.truncated()).isTrue();
    assertThat(encoding.cut()).isEqualTo("heart , a cat");
    assertThat(encoding.ids().get(76)).isEqualTo(624);
    assertThat(encoding.ids().length()).isEqualTo(77);
  }

  @Test
  void theEarliestMergeIsAppliedEverywhereBeforeTheNext() {
    // "ab a" is the earliest, yet there is no "ab" until "a b" was applied, and that goes over the
    // whole word before "ab a" is looked for: a b a b a</w>, then ab ab a</w>.
    ClipTokenizer two = of(List.of("a", "b", "a</w>", "b</w>", "ab", "aba"), "ab a", "a b");
    assertThat(tokens(two, "ababa")).isEqualTo("ab ab a</w>");
    // a b a b a b</w>, then ab ab a b</w>, then ab aba b</w>.
    assertThat(tokens(two, "ababab")).isEqualTo("ab aba b</w>");
  }

  @Test
  void overlappingPairsAreJoinedFromTheLeft() {
    List<String> tokens = List.of("a", "a</w>", "aa", "aa</w>", "aaaa");
    assertThat(tokens(of(tokens, "a a"), "aaaaaa")).isEqualTo("aa aa a a</w>");
    assertThat(tokens(of(tokens, "a a", "a a</w>", "aa aa"), "aaaaaa")).isEqualTo("aaaa aa</w>");
  }

  @Test
  void aSymbolOutsideTheVocabularyIsTheUnknownToken() {
    assertThat(tokens(of(List.of("a", "a</w>")), "aba")).isEqualTo("a <|endoftext|> a</w>");
  }

  @Test
  void specialTokensInATextAreTheirIds() {
    assertThat(tokens(tokenizer, "cat<|endoftext|>a<|STARTOFTEXT|>"))
        .isEqualTo("cat</w> <|endoftext|> a</w> <|startoftext|>");
  }

  @Test
  void textIsNormalizedBeforeItIsSplit() {
    assertThat(tokenizer.encodeUnpadded(" CAFE\u0301\u00a0\u0007a\r\n"))
        .isEqualTo(tokenizer.encodeUnpadded("café a"));
  }

  @Test
  void anUnpairedSurrogateIsTheReplacementCharacter() {
    assertThat(tokenizer.encodeUnpadded("a \ud800 b"))
        .isEqualTo(tokenizer.encodeUnpadded("a \ufffd b"));
  }

  @Test
  void aWordOfAHundredThousandLettersIsEncoded() {
    String word = "heart".repeat(20_000);
    ImmutableIntArray ids = tokenizer.encodeUnpadded(word);
    assertThat(tokenizer.decode(ids)).isEqualTo(word);
  }

  @Test
  void decodingLeavesOutStartEndAndPadding() {
    assertThat(tokenizer.decode(tokenizer.encode("The  café, 😀!").ids()))
        .isEqualTo("the café , 😀!");
  }

  @Test
  void paddingWithAnOrdinaryTokenIsLeftOutBehindTheEndOnly() {
    ClipTokenizer padded =
        ClipTokenizer.of(
            tokenizer.vocabulary(),
            new TokenizerOptions(8, "<|startoftext|>", "<|endoftext|>", "<|endoftext|>", "!"));
    Encoding encoding = padded.encode("a !!");
    assertThat(encoding.ids().toArray()).containsExactly(623, 320, 0, 0, 624, 0, 0, 0);
    assertThat(padded.decode(encoding.ids())).isEqualTo("a !!");
  }

  @Test
  void aTextThatIsCutInsideACharacterDecodesToTheReplacementCharacter() {
    int firstByte = Objects.requireNonNull(tokenizer.vocabulary().ids().get("Ã"));
    assertThat(tokenizer.decode(ImmutableIntArray.of(firstByte))).isEqualTo("\ufffd");
  }

  @Test
  void anIdOutsideTheVocabularyCannotBeDecoded() {
    assertThatThrownBy(() -> tokenizer.decode(ImmutableIntArray.of(625)))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void aMissingSpecialTokenIsRefused() {
    BpeVocabulary vocabulary =
        new BpeVocabulary(ImmutableMap.of("a", 0, "<|endoftext|>", 1), ImmutableList.of());
    assertThatThrownBy(() -> ClipTokenizer.of(vocabulary, TokenizerOptions.defaults()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "expected the bos token '<|startoftext|>' to be in the vocabulary of 2 tokens, but it is"
                + " not; name the right one in tokenizer_config.json");
  }

  @Test
  void optionsAreChecked() {
    assertThatThrownBy(() -> new TokenizerOptions(1, "a", "b", "c", "d"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxLength must be at least 2, but was 1");
    assertThatThrownBy(() -> new TokenizerOptions(77, "a", "", "c", "d"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the special token eos must not be empty");
  }

  @Property(tries = 500)
  void everyStringHasAnEncodingOfTheFullLength(@ForAll String text) {
    Encoding encoding = tokenizer.encode(text);
    assertThat(encoding.ids().length()).isEqualTo(77);
    assertThat(encoding.ids().get(0)).isEqualTo(tokenizer.bosId());
    assertThat(encoding.ids().contains(tokenizer.eosId())).isTrue();
    assertThat(encoding.truncated()).isEqualTo(encoding.tokens() > 77);
  }

  @Provide
  Arbitrary<String> plainText() {
    return Arbitraries.strings()
        .withCharRange('a', 'z')
        .ofMinLength(1)
        .ofMaxLength(12)
        .list()
        .ofMaxSize(20)
        .map(words -> String.join(" ", words));
  }

  @Property(tries = 500)
  void plainWordsComeBack(@ForAll("plainText") String text) {
    assertThat(tokenizer.decode(tokenizer.encodeUnpadded(text))).isEqualTo(text);
  }
}
