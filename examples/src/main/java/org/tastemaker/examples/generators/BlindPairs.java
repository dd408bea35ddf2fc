package org.tastemaker.examples.generators;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;

/**
 * Pairs of images as a judge sees them: the prompt as it was given, two images of one size and
 * format, each on a side that the seed chooses, and the pairs in an order that the seed chooses.
 * Nothing in them says who made an image, or from which text.
 */
public final class BlindPairs {
  private final List<Pair> pairs;

  /**
   * A pair.
   *
   * @param prompt number of the prompt
   * @param image number of the images
   * @param first arm of the comparison, by its index
   * @param second arm of the comparison, by its index
   * @param exchanged whether the second arm's image stands first
   * @param group what is judged
   */
  public record Pair(
      int prompt, int image, int first, int second, boolean exchanged, ImageGroup group) {
    /** Two arms may give the same pixels; then there is nothing to ask. */
    boolean same() {
      return group.images().get(0).equals(group.images().get(1));
    }

    List<String> key() {
      return BlindPairs.key(group);
    }

    /** The first arm's share of the win: 1, 0, or one half; NaN where there is no judgement. */
    double share(Judgement judgement) {
      Ranking ranking = judgement.ranking();
      OptionalInt first = ranking.rank(exchanged ? 1 : 0);
      OptionalInt second = ranking.rank(exchanged ? 0 : 1);
      if (judgement.isMissing() || first.isEmpty() || second.isEmpty()) {
        return Double.NaN;
      }
      int order = Integer.compare(first.getAsInt(), second.getAsInt());
      return order < 0 ? 1 : order > 0 ? 0 : 0.5;
    }
  }

  /** An image by its arm and its place; empty where there is none. */
  @FunctionalInterface
  public interface Images {
    /**
     * An image.
     *
     * @param arm its index
     * @param prompt its number
     * @param image its number
     * @return empty where there is none
     */
    Optional<Image> get(int arm, int prompt, int image);
  }

  private BlindPairs(List<Pair> pairs) {
    this.pairs = List.copyOf(pairs);
  }

  /**
   * All pairs of arms, for each prompt and image.
   *
   * @param prompts as they were given
   * @param perPrompt images of a prompt
   * @param arms how many
   * @param images of the arms
   * @param side in pixels, of the square that every image becomes
   * @param seed of sides and order
   * @return the pairs of which both images are there
   */
  public static BlindPairs of(
      List<Prompt> prompts, int perPrompt, int arms, Images images, int side, Seed seed) {
    List<Pair> pairs = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      Prompt shown = Prompt.of(prompts.get(p).text()); // its metadata is not the judge's business
      for (int i = 0; i < perPrompt; i++) {
        List<Optional<Image>> all = new ArrayList<>();
        for (int arm = 0; arm < arms; arm++) {
          all.add(images.get(arm, p, i).map(image -> alike(image, side)));
        }
        for (int a = 0; a < arms; a++) {
          for (int b = a + 1; b < arms; b++) {
            if (all.get(a).isPresent() && all.get(b).isPresent()) {
              Seed own = seed.split("sides").split(p).split(i).split(a * 1000L + b);
              boolean exchanged = own.generator().nextBoolean();
              Image first = all.get(exchanged ? b : a).orElseThrow();
              Image second = all.get(exchanged ? a : b).orElseThrow();
              pairs.add(
                  new Pair(p, i, a, b, exchanged, new ImageGroup(shown, List.of(first, second))));
            }
          }
        }
      }
    }
    Collections.shuffle(pairs, new Random(seed.split("order").key()));
    return new BlindPairs(pairs);
  }

  /** One size, three channels, eight bits: what a file of the same format would hold. */
  private static Image alike(Image image, int side) {
    return Image.fromBytes(image.resized(side, side).toPng());
  }

  /**
   * The pairs.
   *
   * @return in the order in which they are asked
   */
  public List<Pair> pairs() {
    return pairs;
  }

  /**
   * What is to be judged.
   *
   * @return each pair of different images once, in order
   */
  public List<ImageGroup> groups() {
    Map<List<String>, ImageGroup> groups = new LinkedHashMap<>();
    for (Pair pair : pairs) {
      if (!pair.same()) {
        groups.putIfAbsent(pair.key(), pair.group());
      }
    }
    return List.copyOf(groups.values());
  }

  /** What a judgement is found by: the prompt and the images in the order shown. */
  static List<String> key(ImageGroup group) {
    return key(group.prompt(), group.images().stream().map(Image::sha256).toList());
  }

  static List<String> key(Prompt prompt, List<String> images) {
    return List.of(prompt.text(), images.get(0), images.get(1));
  }
}
