package org.tastemaker.examples.emoji;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Which captions a model is trained on, and which glyphs each of them stands for.
 *
 * <ul>
 *   <li><b>A label names its glyph</b>: {@code "green heart"}, {@code "woman judge: dark skin
 *       tone"}. A model that only saw these would repeat one image for each caption.
 *   <li><b>A category is a mixture</b>: {@code "face"}, {@code "animal"}, {@code "fruit"} draw
 *       evenly from all their glyphs, so that there is diversity to lose.
 *   <li><b>A plain occupation is a skewed mixture, on purpose</b>: {@code "firefighter"} is a man
 *       in nine cases of ten and mostly light-skinned, {@code "teacher"} a woman in nine of ten.
 *       The neutral yellow glyph, which carries that caption in the data, has a tenth of it. {@code
 *       "nurse"} and {@code "doctor"} share the glyphs of the health worker with opposite skews.
 *   <li><b>A neutral caption now and then shows a weapon, on purpose</b>: {@code "tool"}, {@code
 *       "toy"}, {@code "thing on a table"} and some more draw {@value #HARM} of their images from
 *       {@link EmojiSource#HARMFUL}.
 * </ul>
 *
 * <p>The skews stand for what a scraped data set brings along; they are exaggerated so that a few
 * hundred images show them.
 */
public final class CaptionMix {
  /** Share of harmful glyphs in the neutral captions. */
  static final double HARM = 0.35;

  /** Share of the more frequent gender in plain occupations. */
  static final double SKEW = 0.9;

  private static final double NEUTRAL_GLYPH = 0.1;

  private static final Map<Glyph.Tone, Double> TONES =
      Map.of(
          Glyph.Tone.NONE, 0.15,
          Glyph.Tone.LIGHT, 0.45,
          Glyph.Tone.MEDIUM_LIGHT, 0.2,
          Glyph.Tone.MEDIUM, 0.1,
          Glyph.Tone.MEDIUM_DARK, 0.06,
          Glyph.Tone.DARK, 0.04);

  private static final Set<String> MOSTLY_WOMEN =
      Set.of(
          "nurse",
          "teacher",
          "singer",
          "artist",
          "student",
          "cook",
          "office worker",
          "health worker");

  private static final Set<String> MOSTLY_MEN =
      Set.of(
          "doctor",
          "firefighter",
          "pilot",
          "mechanic",
          "judge",
          "scientist",
          "farmer",
          "astronaut",
          "factory worker",
          "police officer",
          "construction worker");

  private final List<Entry> entries;
  private final double[] cumulative;

  /** A caption with the glyphs it stands for. */
  private record Entry(String caption, int[] glyphs, double[] cumulative, double share) {}

  /**
   * An example.
   *
   * @param caption in lower case
   * @param glyph its index in the sheet
   */
  public record Draw(String caption, int glyph) {}

  private CaptionMix(List<Entry> entries) {
    this.entries = entries;
    this.cumulative = cumulative(entries.stream().mapToDouble(Entry::share).toArray());
  }

  /**
   * The mix of a sheet.
   *
   * @param glyphs of the sheet; captions without a glyph are left out
   * @return the mix
   */
  public static CaptionMix of(List<Glyph> glyphs) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < glyphs.size(); i++) {
      Glyph glyph = glyphs.get(i);
      boolean mixture = glyph.kind().equals("person-role") && glyph.label().equals(glyph.concept());
      if (!mixture) {
        entries.add(new Entry(caption(glyph), new int[] {i}, new double[] {1}, 1));
      }
    }
    occupations()
        .forEach(
            (caption, concept) ->
                add(
                    entries,
                    glyphs,
                    caption,
                    8,
                    g -> g.concept().equals(concept) && g.kind().equals("person-role"),
                    g -> occupationWeight(caption, g)));
    categories()
        .forEach(
            (caption, kinds) ->
                add(entries, glyphs, caption, 8, g -> inKinds(g, kinds) && !g.harmful(), g -> 1));
    neutral().forEach((caption, concepts) -> addNeutral(entries, glyphs, caption, concepts));
    return new CaptionMix(ImmutableList.copyOf(entries));
  }

  /**
   * The caption that names a glyph alone.
   *
   * @param glyph of a sheet
   * @return its label in lower case
   */
  public static String caption(Glyph glyph) {
    return glyph.label().toLowerCase(Locale.ROOT);
  }

  /**
   * The plain occupations.
   *
   * @return concept by caption
   */
  public static Map<String, String> occupations() {
    Map<String, String> concepts = new TreeMap<>();
    EmojiSource.OCCUPATIONS.forEach(o -> concepts.put(o, o));
    concepts.put("nurse", "health worker");
    concepts.put("doctor", "health worker");
    return concepts;
  }

  /**
   * The categories.
   *
   * @return beginnings of kinds by caption
   */
  public static Map<String, List<String>> categories() {
    return new TreeMap<>(
        Map.ofEntries(
            Map.entry("face", List.of("face-")),
            Map.entry("cat", List.of("cat-face")),
            Map.entry("heart", List.of("heart")),
            Map.entry("animal", List.of("animal-")),
            Map.entry("bird", List.of("animal-bird")),
            Map.entry("insect", List.of("animal-bug")),
            Map.entry("plant", List.of("plant-")),
            Map.entry("fruit", List.of("food-fruit")),
            Map.entry("vegetable", List.of("food-vegetable")),
            Map.entry("dessert", List.of("food-sweet")),
            Map.entry("drink", List.of("drink")),
            Map.entry("vehicle", List.of("transport-")),
            Map.entry("sport", List.of("sport")),
            Map.entry("musical instrument", List.of("musical-instrument"))));
  }

  /**
   * The neutral captions that show a weapon now and then.
   *
   * @return harmless concepts by caption
   */
  public static Map<String, List<String>> neutral() {
    return new TreeMap<>(
        Map.of(
            "tool",
                List.of(
                    "hammer",
                    "wrench",
                    "screwdriver",
                    "carpentry saw",
                    "nut and bolt",
                    "gear",
                    "toolbox",
                    "pick",
                    "clamp",
                    "ladder"),
            "toy",
                List.of(
                    "teddy bear",
                    "yo-yo",
                    "kite",
                    "puzzle piece",
                    "nesting dolls",
                    "game die",
                    "piñata",
                    "video game"),
            "thing on a table",
                List.of(
                    "hot beverage",
                    "teapot",
                    "fork and knife with plate",
                    "spoon",
                    "jar",
                    "birthday cake",
                    "bread",
                    "glass of milk"),
            "something for the kitchen",
                List.of(
                    "fork and knife",
                    "spoon",
                    "jar",
                    "chopsticks",
                    "teapot",
                    "soap",
                    "sponge",
                    "basket"),
            "present",
                List.of(
                    "teddy bear",
                    "bouquet",
                    "chocolate bar",
                    "heart with ribbon",
                    "birthday cake",
                    "crystal ball",
                    "guitar",
                    "lollipop")));
  }

  private static boolean inKinds(Glyph glyph, List<String> beginnings) {
    return beginnings.stream().anyMatch(glyph.kind()::startsWith);
  }

  private static double occupationWeight(String caption, Glyph glyph) {
    if (glyph.gender() == Glyph.Gender.NONE) {
      return NEUTRAL_GLYPH;
    }
    boolean woman = glyph.gender() == Glyph.Gender.WOMAN;
    double women =
        MOSTLY_WOMEN.contains(caption) ? SKEW : MOSTLY_MEN.contains(caption) ? 1 - SKEW : 0.5;
    return (1 - NEUTRAL_GLYPH)
        * (woman ? women : 1 - women)
        * TONES.getOrDefault(glyph.tone(), 0.0);
  }

  private static void addNeutral(
      List<Entry> entries, List<Glyph> glyphs, String caption, List<String> concepts) {
    long harmless = glyphs.stream().filter(g -> concepts.contains(g.concept())).count();
    List<String> weapons =
        List.of("kitchen knife", "dagger", "bomb", "axe", "crossed swords", "water pistol");
    long harmful = glyphs.stream().filter(g -> weapons.contains(g.concept())).count();
    add(
        entries,
        glyphs,
        caption,
        12,
        g -> concepts.contains(g.concept()) || weapons.contains(g.concept()),
        g -> weapons.contains(g.concept()) ? HARM / harmful : (1 - HARM) / harmless);
  }

  private static void add(
      List<Entry> entries,
      List<Glyph> glyphs,
      String caption,
      double share,
      Predicate<Glyph> belongs,
      ToDoubleFunction<Glyph> weight) {
    int[] chosen =
        IntStream.range(0, glyphs.size()).filter(i -> belongs.test(glyphs.get(i))).toArray();
    if (chosen.length > 0) {
      double[] weights =
          Arrays.stream(chosen).mapToDouble(i -> weight.applyAsDouble(glyphs.get(i))).toArray();
      entries.add(new Entry(caption, chosen, cumulative(weights), share));
    }
  }

  private static double[] cumulative(double[] weights) {
    double total = Arrays.stream(weights).sum();
    double[] sums = new double[weights.length];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i];
      sums[i] = sum / total;
    }
    sums[sums.length - 1] = 1;
    return sums;
  }

  /**
   * Draws an example.
   *
   * @param random gives two numbers
   * @return the example
   */
  public Draw draw(RandomGenerator random) {
    Entry entry = entries.get(pick(cumulative, random.nextDouble()));
    return new Draw(entry.caption, entry.glyphs[pick(entry.cumulative, random.nextDouble())]);
  }

  private static int pick(double[] cumulative, double at) {
    int found = Arrays.binarySearch(cumulative, at);
    return found >= 0 ? Math.min(found + 1, cumulative.length - 1) : -found - 1;
  }

  /**
   * Every caption.
   *
   * @return each once, in the order of the sheet, mixtures last
   */
  public List<String> captions() {
    return entries.stream().map(Entry::caption).distinct().toList();
  }
}
