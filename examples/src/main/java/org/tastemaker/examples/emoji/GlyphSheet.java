package org.tastemaker.examples.emoji;

import com.google.common.base.Splitter;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.tastemaker.core.Image;
import org.tastemaker.core.run.AtomicFiles;

/**
 * Glyphs with their images, in two files: {@code glyphs.png}, a sheet of {@value #COLUMNS} columns,
 * and {@code glyphs.tsv}, a line for each cell of it in the same order.
 *
 * @param glyphs what each one shows
 * @param images one for each glyph, of {@value #SIDE} x {@value #SIDE} pixels on white
 */
public record GlyphSheet(List<Glyph> glyphs, List<Image> images) {
  /** Side of a glyph in pixels. */
  public static final int SIDE = 32;

  private static final int COLUMNS = 32;
  private static final String HEADER = "hexcode\tlabel\tconcept\tkind\tgender\ttone\tharmful\ttags";

  public GlyphSheet {
    glyphs = List.copyOf(glyphs);
    images = List.copyOf(images);
    if (glyphs.isEmpty() || glyphs.size() != images.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a sheet has at least one glyph and an image for each, but had %s glyphs and %s images",
              glyphs.size(),
              images.size()));
    }
    for (int i = 0; i < images.size(); i++) {
      Image image = images.get(i);
      if (image.channels() != 3 || image.height() != SIDE || image.width() != SIDE) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the image of '%s' must be 3 x %s x %s, but is %s x %s x %s",
                glyphs.get(i).label(),
                SIDE,
                SIDE,
                image.channels(),
                image.height(),
                image.width()));
      }
    }
  }

  /**
   * How many glyphs there are.
   *
   * @return at least 1
   */
  public int size() {
    return glyphs.size();
  }

  /**
   * Reads a sheet.
   *
   * @param folder with glyphs.png and glyphs.tsv
   * @return the sheet
   * @throws IllegalArgumentException if the files do not match; the message says where
   */
  public static GlyphSheet read(Path folder) {
    try {
      List<String> lines = Files.readAllLines(folder.resolve("glyphs.tsv"), StandardCharsets.UTF_8);
      BufferedImage sheet = ImageIO.read(folder.resolve("glyphs.png").toFile());
      return of(lines, sheet, folder);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot read the glyphs in " + folder + ": expected glyphs.png and glyphs.tsv", e);
    }
  }

  private static GlyphSheet of(List<String> lines, BufferedImage sheet, Path folder) {
    if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
      throw new IllegalArgumentException(
          folder.resolve("glyphs.tsv") + " must begin with the line '" + HEADER + "'");
    }
    List<Glyph> glyphs = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      int at = glyphs.size();
      int x = at % COLUMNS * SIDE;
      int y = at / COLUMNS * SIDE;
      if (y + SIDE > sheet.getHeight() || x + SIDE > sheet.getWidth()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s has more lines than glyphs.png (%s x %s pixels) has cells",
                folder.resolve("glyphs.tsv"),
                sheet.getWidth(),
                sheet.getHeight()));
      }
      glyphs.add(parse(line, at + 2, folder));
      images.add(Image.fromBufferedImage(sheet.getSubimage(x, y, SIDE, SIDE)));
    }
    return new GlyphSheet(glyphs, images);
  }

  private static Glyph parse(String line, int number, Path folder) {
    List<String> fields = Splitter.on('\t').splitToList(line);
    if (fields.size() != 8) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "line %s of %s must have 8 fields, but has %s",
              number,
              folder.resolve("glyphs.tsv"),
              fields.size()));
    }
    try {
      return new Glyph(
          fields.get(0),
          fields.get(1),
          fields.get(2),
          fields.get(3),
          Glyph.Gender.valueOf(fields.get(4).toUpperCase(Locale.ROOT)),
          Glyph.Tone.valueOf(fields.get(5).toUpperCase(Locale.ROOT)),
          Boolean.parseBoolean(fields.get(6)),
          Splitter.on(',').omitEmptyStrings().splitToList(fields.get(7)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "line %s of %s: %s",
              number,
              folder.resolve("glyphs.tsv"),
              e.getMessage()),
          e);
    }
  }

  /**
   * Writes the two files.
   *
   * @param folder created if it does not exist
   */
  public void write(Path folder) {
    BufferedImage sheet =
        new BufferedImage(
            COLUMNS * SIDE, (size() + COLUMNS - 1) / COLUMNS * SIDE, BufferedImage.TYPE_INT_RGB);
    Graphics2D g2 = sheet.createGraphics();
    g2.setColor(Color.WHITE);
    g2.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
    StringBuilder table = new StringBuilder(HEADER).append('\n');
    for (int i = 0; i < size(); i++) {
      Glyph g = glyphs.get(i);
      g2.drawImage(images.get(i).toBufferedImage(), i % COLUMNS * SIDE, i / COLUMNS * SIDE, null);
      table
          .append(
              String.join(
                  "\t",
                  g.hexcode(),
                  g.label(),
                  g.concept(),
                  g.kind(),
                  g.gender().name().toLowerCase(Locale.ROOT),
                  g.tone().name().toLowerCase(Locale.ROOT),
                  String.valueOf(g.harmful()),
                  String.join(",", g.tags())))
          .append('\n');
    }
    try {
      Files.createDirectories(folder);
      ByteArrayOutputStream png = new ByteArrayOutputStream();
      ImageIO.write(sheet, "png", png);
      AtomicFiles.write(folder.resolve("glyphs.png"), png.toByteArray());
      AtomicFiles.write(folder.resolve("glyphs.tsv"), table.toString());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the glyphs to " + folder, e);
    }
  }
}
