package org.tastemaker.diffusion.tokenizer;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableIntArray;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The tokenizer of CLIP's text encoder: byte-pair encoding of words in lower case.
 *
 * <pre>{@code
 * ClipTokenizer tokenizer = ClipTokenizer.load(model.resolve("tokenizer"));
 * ClipTokenizer.Encoding encoding = tokenizer.encode("a photo of a cat");
 * encoding.ids(); // 77 ids: start, the text's tokens, end, padding
 * }</pre>
 *
 * <p>The steps are those of "Learning Transferable Visual Models From Natural Language Supervision"
 * (Radford et al., 2021), section 2.4, in the file formats of the diffusers folder layout. Given
 * the same files, the ids are those of the public tools; where those disagree with each other about
 * the clean-up of a text, they are those of CLIP's own tokenizer.
 *
 * <p>Special tokens in a text are taken as such: {@code <|endoftext|>} in a prompt becomes the one
 * id. A symbol that is not in the vocabulary becomes the unknown token; a vocabulary that has all
 * bytes never needs it.
 */
public final class ClipTokenizer {
  private final BpeVocabulary vocabulary;
  private final TokenizerOptions options;
  private final BpeMerges merges;
  private final String[] tokens;
  private final int bos;
  private final int eos;
  private final int unk;
  private final int pad;
  private final Pattern specials;

  private ClipTokenizer(BpeVocabulary vocabulary, TokenizerOptions options) {
    this.vocabulary = vocabulary;
    this.options = options;
    ImmutableMap<String, Integer> ids = vocabulary.ids();
    tokens = new String[ids.size()];
    ids.forEach((token, id) -> tokens[id] = token);
    bos = special("bos", options.bos());
    eos = special("eos", options.eos());
    unk = special("unk", options.unk());
    pad = special("pad", options.pad());
    specials =
        Pattern.compile(
            Stream.of(options.bos(), options.eos(), options.unk(), options.pad())
                .filter(token -> token.startsWith("<")) // a padding "!" in a text is only a "!"
                .distinct()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|")));
    merges = new BpeMerges(vocabulary, unk);
  }

  private int special(String kind, String token) {
    Integer id = vocabulary.ids().get(token);
    if (id == null) {
      throw new IllegalArgumentException(
          "expected the "
              + kind
              + " token '"
              + token
              + "' to be in the vocabulary of "
              + tokens.length
              + " tokens, but it is not; name the right one in tokenizer_config.json");
    }
    return id;
  }

  /**
   * Reads a tokenizer folder: {@code vocab.json} and {@code merges.txt}, and where they are there
   * {@code tokenizer_config.json} and {@code special_tokens_map.json} for the special tokens and
   * the length.
   *
   * @param folder the folder
   * @return the tokenizer
   * @throws IllegalArgumentException if a file is not what it should be; the message names the file
   *     and, where it can, the line
   * @throws UncheckedIOException if a file cannot be read
   */
  public static ClipTokenizer load(Path folder) {
    Objects.requireNonNull(folder, "folder == null");
    BpeVocabulary vocabulary = BpeVocabulary.load(folder);
    TokenizerOptions options = TokenizerConfig.load(folder);
    try {
      return new ClipTokenizer(vocabulary, options);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * A tokenizer of a vocabulary in memory.
   *
   * @param vocabulary the tokens and the merges
   * @param options the special tokens, which are in the vocabulary, and the length
   * @return the tokenizer
   * @throws IllegalArgumentException if the vocabulary lacks a special token
   */
  public static ClipTokenizer of(BpeVocabulary vocabulary, TokenizerOptions options) {
    Objects.requireNonNull(vocabulary, "vocabulary == null");
    Objects.requireNonNull(options, "options == null");
    return new ClipTokenizer(vocabulary, options);
  }

  /**
   * Writes the four files that {@link #load} reads.
   *
   * @param folder an existing folder; files of these names are replaced
   * @throws UncheckedIOException if writing fails
   */
  public void save(Path folder) {
    vocabulary.save(folder);
    TokenizerConfig.save(options, folder);
  }

  /**
   * Encodes a text to exactly {@link TokenizerOptions#maxLength} ids: start, the text's tokens,
   * end, padding. A longer text is cut.
   *
   * @param text any text; an empty one is start, end and padding
   * @return the ids, and what of the text did not fit
   */
  public Encoding encode(String text) {
    List<Integer> content = content(text);
    int fits = Math.min(content.size(), options.maxLength() - 2);
    int[] ids = new int[options.maxLength()];
    Arrays.fill(ids, pad);
    ids[0] = bos;
    for (int i = 0; i < fits; i++) {
      ids[i + 1] = content.get(i);
    }
    ids[fits + 1] = eos;
    String cut = decode(ids(content.subList(fits, content.size())));
    return new Encoding(ImmutableIntArray.copyOf(ids), content.size() + 2, cut);
  }

  /**
   * Encodes a text at its own length.
   *
   * @param text any text
   * @return start, all of the text's tokens, end
   */
  public ImmutableIntArray encodeUnpadded(String text) {
    List<Integer> content = content(text);
    return ImmutableIntArray.builder(content.size() + 2).add(bos).addAll(content).add(eos).build();
  }

  /**
   * The text of some ids: in lower case, with one space between words. Start and end, and padding
   * after an end, are left out; bytes that are not valid UTF-8, such as those of a character that
   * was cut, become U+FFFD.
   *
   * @param ids each at least 0 and less than {@link #size}
   * @return the text
   * @throws IndexOutOfBoundsException if the vocabulary has no such id
   */
  public String decode(ImmutableIntArray ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    boolean ended = false;
    for (int i = 0; i < ids.length(); i++) {
      int id = Objects.checkIndex(ids.get(i), tokens.length);
      if (id == bos || id == eos) {
        ended = id == eos;
      } else if (id != pad || !ended) {
        append(tokens[id], bytes);
        ended = false;
      }
    }
    return bytes.toString(StandardCharsets.UTF_8).strip();
  }

  private static void append(String token, ByteArrayOutputStream bytes) {
    boolean endsWord = token.endsWith(ByteSymbols.END_OF_WORD);
    int length = token.length() - (endsWord ? ByteSymbols.END_OF_WORD.length() : 0);
    for (int i = 0; i < length; i++) {
      int symbol = ByteSymbols.toByte(token.charAt(i));
      if (symbol >= 0) {
        bytes.write(symbol);
      } else { // a token that was not made of bytes
        bytes.writeBytes(token.substring(i, i + 1).getBytes(StandardCharsets.UTF_8));
      }
    }
    if (endsWord) {
      bytes.write(' ');
    }
  }

  /**
   * The number of ids of an encoding, start and end included.
   *
   * @return at least 2; 77 for CLIP
   */
  public int maxLength() {
    return options.maxLength();
  }

  /**
   * The number of tokens.
   *
   * @return one more than the largest id
   */
  public int size() {
    return tokens.length;
  }

  /**
   * The tokens and the merges.
   *
   * @return what the tokenizer was made from
   */
  public BpeVocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * The special tokens and the length.
   *
   * @return what the tokenizer was made from
   */
  public TokenizerOptions options() {
    return options;
  }

  /**
   * The id that a text begins with.
   *
   * @return the id of {@link TokenizerOptions#bos}
   */
  public int bosId() {
    return bos;
  }

  /**
   * The id that a text ends with; a text encoder takes its pooled output there.
   *
   * @return the id of {@link TokenizerOptions#eos}
   */
  public int eosId() {
    return eos;
  }

  /**
   * The id of the padding.
   *
   * @return the id of {@link TokenizerOptions#pad}
   */
  public int padId() {
    return pad;
  }

  /** The ids of a text without start and end. */
  private List<Integer> content(String text) {
    Objects.requireNonNull(text, "text == null");
    List<Integer> ids = new ArrayList<>();
    // 1. Special tokens in the text stand for themselves; what is between is cleaned apart.
    Matcher matcher = specials.matcher(text);
    int from = 0;
    while (matcher.find()) {
      encodePlain(text.substring(from, matcher.start()), ids);
      ids.add(id(matcher.group()));
      from = matcher.end();
    }
    encodePlain(text.substring(from), ids);
    return ids;
  }

  private void encodePlain(String text, List<Integer> ids) {
    // 2. Words; a special token that appears only after the clean-up is one too.
    for (String word : ClipText.words(text)) {
      if (word.equals(ClipText.START) || word.equals(ClipText.END)) {
        ids.add(id(word));
      } else {
        // 3. The symbols of a word, merged.
        merges.encode(ByteSymbols.of(word), ids);
      }
    }
  }

  private int id(String token) {
    return vocabulary.ids().getOrDefault(token, unk);
  }

  private static ImmutableIntArray ids(List<Integer> ids) {
    return ImmutableIntArray.copyOf(ids);
  }

  /**
   * An encoded text.
   *
   * @param ids start, tokens, end and padding
   * @param tokens how many ids the whole text has, start and end included: more than {@code ids}
   *     has if the text was cut
   * @param cut the end of the text that did not fit, decoded; empty if nothing was cut
   */
  public record Encoding(ImmutableIntArray ids, int tokens, String cut) {
    /**
     * Whether the text was too long.
     *
     * @return true if tokens were left out
     */
    public boolean truncated() {
      return tokens > ids.length();
    }
  }
}
