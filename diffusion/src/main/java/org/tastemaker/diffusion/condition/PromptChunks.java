package org.tastemaker.diffusion.condition;

import com.google.common.primitives.ImmutableIntArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * A text as chunks of tokens, by the rules of {@link PromptOptions}.
 *
 * <pre>
 *   chunk = start, up to L - 2 tokens of the text, end, padding      [L]
 * </pre>
 */
final class PromptChunks {
  /** How near to a chunk's end its last comma must be for the chunk to end there. */
  private static final int BACK = 20;

  /**
   * A chunk's tokens, start and end included.
   *
   * @param weights of each
   * @param parts of the text that each is of, from 0; -1 for what is of none
   */
  record Chunk(int[] ids, float[] weights, int[] parts) {}

  private record Token(int id, double weight, int part) {}

  private final ClipTokenizer tokenizer;
  private final int most;
  private final int room;
  private final List<WeightedText> parts = new ArrayList<>();
  private final List<List<Token>> chunks = new ArrayList<>();
  private List<Token> open = new ArrayList<>();
  private int comma = -1; // the last one in the open chunk

  private PromptChunks(ClipTokenizer tokenizer, int most) {
    this.tokenizer = tokenizer;
    this.most = most;
    this.room = tokenizer.maxLength() - 2;
  }

  /**
   * Cuts a text.
   *
   * @param options weights, and how many chunks may be filled: only before the last one is a comma
   *     looked for
   */
  static PromptChunks of(ClipTokenizer tokenizer, String text, PromptOptions options) {
    PromptChunks chunks = new PromptChunks(tokenizer, options.chunks());
    boolean several = options.chunks() > 1;
    chunks.parts.addAll(
        switch (options.weights()) {
          case NONE -> WeightedText.plain(text, several);
          case WEB_UI -> WeightedText.parse(text, several);
          case COMPEL -> CompelText.parse(text);
        });
    int commaId = chunks.onlyId(",");
    for (int i = 0; i < chunks.parts.size(); i++) {
      WeightedText part = chunks.parts.get(i);
      if (part.breaks()) {
        chunks.close();
      }
      for (int id : content(tokenizer, part.text())) {
        chunks.add(new Token(id, part.weight(), i), id == commaId);
      }
    }
    if (!chunks.open.isEmpty() || chunks.chunks.isEmpty()) {
      chunks.close();
    }
    return chunks;
  }

  /** A text's ids without start and end. */
  private static int[] content(ClipTokenizer tokenizer, String text) {
    int[] ids = tokenizer.encodeUnpadded(text).toArray();
    return Arrays.copyOfRange(ids, 1, ids.length - 1);
  }

  private int onlyId(String text) {
    int[] ids = content(tokenizer, text);
    return ids.length == 1 ? ids[0] : -1;
  }

  private void add(Token token, boolean isComma) {
    if (open.size() == room) {
      boolean moves =
          !isComma && comma >= 0 && open.size() - comma <= BACK && chunks.size() + 1 < most;
      List<Token> tail = open.subList(moves ? comma + 1 : open.size(), open.size());
      List<Token> next = new ArrayList<>(tail);
      tail.clear();
      close();
      open = next;
    }
    if (isComma) {
      comma = open.size();
    }
    open.add(token);
  }

  private void close() {
    chunks.add(open);
    open = new ArrayList<>();
    comma = -1;
  }

  /** The text's parts, by whose number a chunk's tokens are known. */
  List<WeightedText> parts() {
    return parts;
  }

  /** How many chunks the whole text has, at least 1. */
  int needed() {
    return chunks.size();
  }

  /** How many tokens the whole text has, without starts and ends. */
  int tokens() {
    return chunks.stream().mapToInt(List::size).sum();
  }

  /** The text of the chunks that are too many; empty if there are none. */
  String cut() {
    ImmutableIntArray.Builder ids = ImmutableIntArray.builder();
    for (int i = most; i < chunks.size(); i++) {
      chunks.get(i).forEach(token -> ids.add(token.id()));
    }
    return tokenizer.decode(ids.build());
  }

  /** As many chunks as the options say: those that are missing are empty. */
  List<Chunk> filled() {
    List<Chunk> filled = new ArrayList<>();
    for (int i = 0; i < most; i++) {
      filled.add(chunk(i < chunks.size() ? chunks.get(i) : List.of()));
    }
    return filled;
  }

  private Chunk chunk(List<Token> tokens) {
    int[] ids = new int[room + 2];
    float[] weights = new float[room + 2];
    int[] parts = new int[room + 2];
    Arrays.fill(ids, tokenizer.padId());
    Arrays.fill(weights, 1);
    Arrays.fill(parts, -1);
    ids[0] = tokenizer.bosId();
    for (int i = 0; i < tokens.size(); i++) {
      ids[i + 1] = tokens.get(i).id();
      weights[i + 1] = (float) tokens.get(i).weight();
      parts[i + 1] = tokens.get(i).part();
    }
    ids[tokens.size() + 1] = tokenizer.eosId();
    return new Chunk(ids, weights, parts);
  }
}
