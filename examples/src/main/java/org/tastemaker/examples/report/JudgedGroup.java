package org.tastemaker.examples.report;

import com.google.common.base.Splitter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.protocol.JudgementFacts;

/**
 * Images that a judge compared, and what it said.
 *
 * @param prompt what they were made for
 * @param images in the order shown, at least one
 * @param ranking of the positions 0 to n - 1 in this order; empty where the judgement is missing
 * @param rationale the judge's reasons; may be empty
 * @param judge who judged
 * @param missingReason why there is no judgement, or null where there is one
 * @param asShown whether the judge saw the images in this one order, so that what it calls image A
 *     is the first one; otherwise they are numbered
 */
public record JudgedGroup(
    String prompt,
    List<Image> images,
    Ranking ranking,
    String rationale,
    String judge,
    @Nullable String missingReason,
    boolean asShown) {
  public JudgedGroup {
    Objects.requireNonNull(prompt, "prompt == null");
    Objects.requireNonNull(rationale, "rationale == null: use \"\" for none");
    Objects.requireNonNull(judge, "judge == null");
    images = List.copyOf(images);
    if (images.size() != ranking.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the ranking of '%s' must be of its %s images, but is of %s",
              prompt,
              images.size(),
              ranking.size()));
    }
    if ((missingReason != null) != ranking.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a judgement of '%s' has either a ranking or a reason why it is missing, but the ranking is %s and the reason %s",
              prompt,
              ranking.tiers(),
              missingReason));
    }
  }

  /**
   * A group as a judge of this library judged it. If the judge saw the images in a single order
   * other than the group's, they are put in that order, since its reasons refer to it.
   *
   * @param group the images
   * @param judgement of the group
   * @return the group for the report
   */
  public static JudgedGroup of(ImageGroup group, Judgement judgement) {
    String shown = judgement.provenance().getOrDefault(JudgementFacts.SHOWN, "");
    int[] order = order(shown, group.size());
    boolean asShown = order.length > 0;
    if (!asShown) {
      order = IntStream.range(0, group.size()).toArray();
    }
    int[] position = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      position[order[i]] = i;
    }
    return new JudgedGroup(
        group.prompt().text(),
        IntStream.of(order).mapToObj(group.images()::get).toList(),
        judgement.ranking().renamed(position),
        judgement.rationale(),
        judgement.judge(),
        judgement.missingReason(),
        asShown);
  }

  /** The one order in which all items were shown; empty where there were several, or none. */
  private static int[] order(String shown, int size) {
    try {
      int[] order = Splitter.on(',').splitToStream(shown).mapToInt(Integer::parseInt).toArray();
      boolean each = order.length == size && IntStream.of(order).distinct().count() == size;
      return each && IntStream.of(order).allMatch(i -> i >= 0 && i < size) ? order : new int[0];
    } catch (NumberFormatException e) { // several questions have a ';', and no question is ""
      return new int[0];
    }
  }

  /** What an image is called: a letter, as the judge was told, or a number. */
  String name(int position) {
    if (!asShown) {
      return Integer.toString(position + 1);
    }
    return letter(position);
  }

  /**
   * The name by which a judge knows an image.
   *
   * @param position in the order shown, from 0
   * @return A to Z, AA, AB and so on
   */
  public static String letter(int position) {
    StringBuilder letters = new StringBuilder();
    for (int rest = position; rest >= 0; rest = rest / 26 - 1) {
      letters.insert(0, (char) ('A' + rest % 26));
    }
    return letters.toString();
  }

  /** The order in one line, such as "B, A = D; not ranked: C". */
  String order() {
    String order =
        ranking.tiers().stream().map(tier -> names(tier, " = ")).collect(Collectors.joining(", "));
    List<Integer> missing = ranking.missing();
    return missing.isEmpty() ? order : order + "; not ranked: " + names(missing, ", ");
  }

  private String names(List<Integer> positions, String between) {
    return positions.stream().map(this::name).collect(Collectors.joining(between));
  }
}
