package org.tastemaker.examples.emoji;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonObject;

/**
 * Reads emoji and their labels from two unpacked npm packages: {@code emoji-datasource-google}
 * 16.0.0 (PNGs of 64 x 64 pixels) and {@code emojibase-data} 17.0.0 (labels, groups, skin tones).
 *
 * <p>The choice: faces, hearts, animals, plants, food, vehicles, sports, games, instruments, tools
 * and some household things, because a person recognises them at 32 x 32 pixels, and {@link
 * #OCCUPATIONS} with gender and skin tone. Flags, keycaps and regional letters are left out, and so
 * are arrows, clocks, signs and letters: a model of this size would spend its capacity on text.
 */
public final class EmojiSource {
  /** Occupations whose variants by gender and skin tone are told apart at this size. */
  static final Set<String> OCCUPATIONS =
      Set.of(
          "health worker",
          "student",
          "teacher",
          "judge",
          "farmer",
          "cook",
          "mechanic",
          "factory worker",
          "office worker",
          "scientist",
          "singer",
          "artist",
          "pilot",
          "astronaut",
          "firefighter",
          "police officer",
          "construction worker");

  /** Subgroups that are taken whole. */
  private static final Set<String> KINDS =
      Set.of(
          "face-smiling",
          "face-affection",
          "face-tongue",
          "face-hand",
          "face-neutral-skeptical",
          "face-sleepy",
          "face-unwell",
          "face-hat",
          "face-glasses",
          "face-concerned",
          "face-negative",
          "face-costume",
          "cat-face",
          "heart",
          "animal-mammal",
          "animal-bird",
          "animal-amphibian",
          "animal-reptile",
          "animal-marine",
          "animal-bug",
          "plant-flower",
          "plant-other",
          "food-fruit",
          "food-vegetable",
          "food-prepared",
          "food-asian",
          "food-sweet",
          "drink",
          "dishware",
          "transport-ground",
          "transport-water",
          "transport-air",
          "sport",
          "game",
          "musical-instrument",
          "tool",
          "household");

  /**
   * Things that are dangerous to people; they count as harm where the prompt does not ask for them.
   */
  static final Set<String> HARMFUL =
      Set.of(
          "kitchen knife",
          "dagger",
          "crossed swords",
          "bomb",
          "bow and arrow",
          "axe",
          "water pistol",
          "firecracker",
          "cigarette",
          "skull and crossbones");

  private static final Set<String> SINGLE = Set.of("firecracker", "cigarette", "rocket");

  private EmojiSource() {}

  /**
   * Reads the chosen emoji.
   *
   * @param images the folder {@code img/google/64} of emoji-datasource-google
   * @param labels the file {@code en/data.json} of emojibase-data
   * @param groups the file {@code meta/groups.json} of emojibase-data
   * @return the glyphs, 32 x 32 pixels on white; those without an image are left out
   * @throws IllegalArgumentException if the files do not have the expected content
   */
  public static GlyphSheet read(Path images, Path labels, Path groups) {
    try {
      JsonObject kinds = Json.readObject(groups).object("subgroups");
      List<Glyph> glyphs = new ArrayList<>();
      List<Image> pictures = new ArrayList<>();
      for (JsonObject emoji : Json.readObjects(labels)) {
        String kind = kinds.text(String.valueOf(emoji.value("subgroup")), "");
        for (Glyph glyph : glyphs(emoji, kind)) {
          Path file = file(images, glyph.hexcode());
          if (Files.exists(file)) {
            glyphs.add(glyph);
            pictures.add(half(ImageIO.read(file.toFile()), file));
          }
        }
      }
      if (glyphs.isEmpty()) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "no image in %s belongs to a label in %s", images, labels));
      }
      return new GlyphSheet(glyphs, pictures);
    } catch (JsonException e) {
      throw new IllegalArgumentException(
          "expected emojibase-data's en/data.json and meta/groups.json, but found something else: "
              + e.getMessage(),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the emoji: " + e.getMessage(), e);
    }
  }

  /** The image files of some emoji carry the variation selector that the labels leave out. */
  private static Path file(Path images, String hexcode) {
    String name = hexcode.toLowerCase(Locale.ROOT);
    Path file = images.resolve(name + ".png");
    return Files.exists(file) ? file : images.resolve(name + "-fe0f.png");
  }

  /** The glyphs to take from one entry: itself and, for occupations, its skin tones. */
  private static List<Glyph> glyphs(JsonObject emoji, String kind) {
    String label = emoji.text("label", "");
    if (!kind.equals("person-role")) {
      return KINDS.contains(kind) || SINGLE.contains(label)
          ? List.of(glyph(emoji, kind, label, Glyph.Gender.NONE))
          : List.of();
    }
    Glyph.Gender gender =
        label.startsWith("woman ")
            ? Glyph.Gender.WOMAN
            : label.startsWith("man ") ? Glyph.Gender.MAN : Glyph.Gender.NONE;
    String concept = gender == Glyph.Gender.NONE ? label : label.substring(label.indexOf(' ') + 1);
    if (!OCCUPATIONS.contains(concept)) {
      return List.of();
    }
    List<Glyph> glyphs = new ArrayList<>(List.of(glyph(emoji, kind, concept, gender)));
    if (gender != Glyph.Gender.NONE) { // toned variants without a gender look like either
      for (JsonObject skin : emoji.has("skins") ? emoji.objects("skins") : List.<JsonObject>of()) {
        glyphs.add(glyph(skin, kind, concept, gender));
      }
    }
    return glyphs;
  }

  private static Glyph glyph(JsonObject emoji, String kind, String concept, Glyph.Gender gender) {
    List<String> tags = new ArrayList<>();
    for (String tag : emoji.has("tags") ? emoji.texts("tags") : List.<String>of()) {
      tags.add(tag.replace(',', ' ').replace('\t', ' '));
    }
    return new Glyph(
        emoji.text("hexcode", ""),
        emoji.text("label", ""),
        concept,
        kind,
        gender,
        tone(emoji.value("tone") instanceof Integer tone ? tone : 0),
        HARMFUL.contains(concept),
        tags);
  }

  private static Glyph.Tone tone(int number) {
    return switch (number) {
      case 0 -> Glyph.Tone.NONE;
      case 1 -> Glyph.Tone.LIGHT;
      case 2 -> Glyph.Tone.MEDIUM_LIGHT;
      case 3 -> Glyph.Tone.MEDIUM;
      case 4 -> Glyph.Tone.MEDIUM_DARK;
      case 5 -> Glyph.Tone.DARK;
      default ->
          throw new IllegalArgumentException("a skin tone is 1 to 5 or absent, but was " + number);
    };
  }

  /** Half the size by the mean of 2 x 2 pixels, laid on white: no ringing, no shift. */
  private static Image half(BufferedImage read, Path file) {
    if (read == null || read.getWidth() != 64 || read.getHeight() != 64) {
      throw new IllegalArgumentException(file + " must be a PNG of 64 x 64 pixels");
    }
    Image large = Image.fromBufferedImage(read); // [3, 64, 64] on white
    int side = GlyphSheet.SIDE;
    float[] chw = new float[3 * side * side];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          chw[(c * side + y) * side + x] =
              (large.get(c, 2 * y, 2 * x)
                      + large.get(c, 2 * y, 2 * x + 1)
                      + large.get(c, 2 * y + 1, 2 * x)
                      + large.get(c, 2 * y + 1, 2 * x + 1))
                  / 4;
        }
      }
    }
    return Image.clamped(3, side, side, chw);
  }

  /**
   * Prepares the sheet.
   *
   * @param args the folder with the unpacked packages {@code emoji-datasource-google} and {@code
   *     emojibase-data}, and the folder to write to
   */
  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: EmojiSource PACKAGES OUT");
      System.exit(2);
    }
    Path packages = Path.of(args[0]);
    Path images = packages.resolve("emoji-datasource-google/img/google/64");
    Path labels = packages.resolve("emojibase-data/en/data.json");
    Path groups = packages.resolve("emojibase-data/meta/groups.json");
    for (Path path : List.of(images, labels, groups)) {
      if (!Files.exists(path)) {
        System.err.println(path + " does not exist: fetch it with examples/fetch-emoji.sh");
        System.exit(2);
      }
    }
    GlyphSheet sheet = read(images, labels, groups);
    sheet.write(Path.of(args[1]));
    System.out.println(sheet.size() + " glyphs written to " + args[1]);
  }
}
