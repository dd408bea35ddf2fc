package org.tastemaker.diffusion.tokenizer;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableIntArray;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

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
 * <p>Special and added tokens in a text are taken as such: {@code <|endoftext|>} in a prompt
 * becomes the one id, and so does {@code <cat-toy>} where the folder declares it, or {@link
 * #withToken} was called. A symbol that is not in the vocabulary becomes the unknown token; a
 * vocabulary that has all bytes never needs it.
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
  private final ImmutableMap<String, Integer> added;
  private final TokenSearch search;
  private final BitSet whole = new BitSet(); // the ids of added tokens, which are no pieces

  private ClipTokenizer(
      BpeVocabulary vocabulary, TokenizerOptions options, Map<String, Integer> added) {
    this.vocabulary = vocabulary;
    this.options = options;
    this.added = ImmutableMap.copyOf(added);
    ImmutableMap<String, Integer> ids = vocabulary.ids();
    int largest = added.values().stream().mapToInt(id -> id).max().orElse(0);
    tokens = new String[Math.max(ids.size(), largest + 1)];
    Arrays.fill(tokens, "");
    ids.forEach((token, id) -> tokens[id] = token);
    added.forEach(
        (token, id) -> {
          tokens[id] = token;
          whole.set(id);
        });
    bos = special("bos", options.bos());
    eos = special("eos", options.eos());
    unk = special("unk", options.unk());
    pad = special("pad", options.pad());
    Map<String, Integer> specials = new LinkedHashMap<>();
    for (String token : List.of(options.bos(), options.eos(), options.unk())) {
      if (token.startsWith("<")) { // an ordinary character for what is unknown is only itself
        specials.put(token, vocabulary.ids().getOrDefault(token, unk));
      }
    }
    if (options.padInText()) {
      specials.put(options.pad(), pad);
    }
    Map<String, Integer> found = new LinkedHashMap<>(added);
    found.keySet().remove(options.pad());
    search = new TokenSearch(specials, found);
    merges = new BpeMerges(vocabulary, unk);
  }

  private int special(String kind, String token) {
    Integer id = vocabulary.ids().getOrDefault(token, added.get(token));
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
   * Reads a tokenizer folder: {@code vocab.json} and {@code merges.txt}, or {@code tokenizer.json};
   * and where they are there {@code tokenizer_config.json} and {@code special_tokens_map.json} for
   * the special tokens and the length, and {@code added_tokens.json} for further tokens, which
   * {@code tokenizer.json} and {@code tokenizer_config.json} may declare too.
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
    ImmutableMap<String, Integer> added = AddedTokens.load(folder, vocabulary);
    try {
      return new ClipTokenizer(vocabulary, options, added);
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
    return new ClipTokenizer(vocabulary, options, ImmutableMap.of());
  }

  /**
   * The same tokenizer with other options.
   *
   * @param other special tokens, which are in the vocabulary, and length
   * @return a tokenizer of the same tokens
   * @throws IllegalArgumentException if the vocabulary lacks a special token
   */
  public ClipTokenizer with(TokenizerOptions other) {
    return new ClipTokenizer(vocabulary, Objects.requireNonNull(other, "other == null"), added);
  }

  /**
   * The same tokenizer with one more token, which is found in a text and never read as pieces. Its
   * ids follow the largest.
   *
   * @param token any text, such as {@code <cat-toy>}; not a token yet
   * @param vectors how many ids it stands for, at least 1: the first is that of {@code token}, the
   *     others those of {@code token_1}, {@code token_2} and so on, as diffusers names them
   * @return the tokenizer; {@link #idsOf} gives the ids
   */
  public ClipTokenizer withToken(String token, int vectors) {
    if (token.isBlank() || vectors < 1 || vectors > options.maxLength() - 2) {
      throw new IllegalArgumentException(
          "a token must not be blank and have 1 to "
              + (options.maxLength() - 2)
              + " vectors, but '"
              + BpeFiles.shorten(token)
              + "' has "
              + vectors);
    }
    Map<String, Integer> more = new LinkedHashMap<>(added);
    for (int i = 0; i <= vectors; i++) { // the one behind the last would belong to it too
      String name = i == 0 ? token : token + "_" + i;
      if (vocabulary.ids().containsKey(name) || added.containsKey(name)) {
        throw new IllegalArgumentException(
            "'" + BpeFiles.shorten(name) + "' is a token already; give the new one another name");
      }
      if (i < vectors) {
        more.put(name, tokens.length + i);
      }
    }
    return new ClipTokenizer(vocabulary, options, more);
  }

  /**
   * The tokens beside the vocabulary, and those of it that the folder names once more.
   *
   * @return their ids
   */
  public ImmutableMap<String, Integer> added() {
    return added;
  }

  /**
   * What an added token stands for.
   *
   * @param token one of {@link #added()}
   * @return its ids, more than one if it has several vectors
   * @throws IllegalArgumentException if there is no such token
   */
  public ImmutableIntArray idsOf(String token) {
    if (!added.containsKey(token)) {
      throw new IllegalArgumentException(
          "'" + BpeFiles.shorten(token) + "' is no added token; there are " + added.keySet());
    }
    return TokenSearch.vectors(token, added);
  }

  /**
   * Writes the four files that {@link #load} reads, and {@code added_tokens.json} if there are
   * tokens behind the vocabulary.
   *
   * @param folder an existing folder; files of these names are replaced
   * @throws UncheckedIOException if writing fails
   */
  public void save(Path folder) {
    vocabulary.save(folder);
    TokenizerConfig.save(options, folder);
    Map<String, Integer> behind = new LinkedHashMap<>(added);
    behind.values().removeIf(id -> id < vocabulary.ids().size());
    AddedTokens.save(behind, folder);
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
      } else if (whole.get(id) && id >= vocabulary.ids().size()) {
        bytes.writeBytes((tokens[id] + " ").getBytes(StandardCharsets.UTF_8));
        ended = false;
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
    // 1. Special and added tokens in the text stand for themselves; what is between is cleaned
    // apart.
    int from = 0;
    for (TokenSearch.Found found : search.in(text)) {
      encodePlain(text.substring(from, found.begin()), ids);
      ids.addAll(found.ids().asList());
      from = found.end();
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
