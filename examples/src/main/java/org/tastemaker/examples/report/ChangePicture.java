package org.tastemaker.examples.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.tastemaker.core.Image;
import org.tastemaker.core.picture.ImageGrid;

/**
 * The whole change in one picture: a row for each prompt, on the left what the model drew before,
 * on the right what it draws from the same seeds now, in the same order.
 */
public final class ChangePicture {
  private static final int CELL = 96;
  private static final int EDGE = 4;
  private static final int MIDDLE = 24;
  private static final int HEAD = 40;
  private static final int LABEL = 22;

  private final Map<String, List<BeforeAfter>> rows = new LinkedHashMap<>();

  private ChangePicture(List<BeforeAfter> pictures, int perPrompt) {
    for (BeforeAfter pair : pictures) {
      List<BeforeAfter> row = rows.computeIfAbsent(pair.prompt(), key -> new ArrayList<>());
      if (row.size() < perPrompt) {
        row.add(pair);
      }
    }
  }

  /**
   * Draws the picture.
   *
   * @param pictures at least one; those of a prompt become a row
   * @param perPrompt at most so many of each prompt, the first ones
   * @return an image of 3 channels
   */
  public static Image draw(List<BeforeAfter> pictures, int perPrompt) {
    if (pictures.isEmpty() || perPrompt < 1) {
      throw new IllegalArgumentException(
          "expected at least 1 pair of images, and 1 or more for each prompt, but there were "
              + pictures.size()
              + " pairs, and "
              + perPrompt
              + " for each prompt");
    }
    return new ChangePicture(pictures, perPrompt).draw();
  }

  private Image draw() {
    List<BeforeAfter> longest = Collections.max(rows.values(), Comparator.comparing(List::size));
    Image widest = half(longest, BeforeAfter::before);
    int right = EDGE + widest.width() + MIDDLE;
    int rowHeight = widest.height() + LABEL;
    BufferedImage canvas =
        new BufferedImage(
            right + widest.width() + EDGE,
            HEAD + rows.size() * rowHeight,
            BufferedImage.TYPE_INT_RGB);
    Graphics2D g = canvas.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, canvas.getWidth(), canvas.getHeight());
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setColor(Color.DARK_GRAY);
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 20));
    g.drawString("before", 2 * EDGE, HEAD - 14);
    g.drawString("after", right + EDGE, HEAD - 14);
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
    int y = HEAD;
    for (Map.Entry<String, List<BeforeAfter>> row : rows.entrySet()) {
      Image before = half(row.getValue(), BeforeAfter::before);
      Image after = half(row.getValue(), BeforeAfter::after);
      g.drawImage(before.toBufferedImage(), EDGE, y, null);
      g.drawImage(after.toBufferedImage(), right, y, null);
      String prompt = shortened(row.getKey(), g.getFontMetrics(), widest.width());
      g.drawString(prompt, 2 * EDGE, y + rowHeight - 10);
      y += rowHeight;
    }
    g.setColor(Color.LIGHT_GRAY);
    g.drawLine(right - MIDDLE / 2, HEAD, right - MIDDLE / 2, canvas.getHeight() - EDGE);
    g.dispose();
    return Image.fromBufferedImage(canvas);
  }

  /** The images of one side of a row, side by side. */
  private static Image half(List<BeforeAfter> row, Function<BeforeAfter, Image> side) {
    return ImageGrid.of(row.stream().map(side).toList()).columns(row.size()).cell(CELL).draw();
  }

  private static String shortened(String text, FontMetrics metrics, int width) {
    String rest = text;
    while (metrics.stringWidth(rest) > width && rest.length() > 1) {
      rest = rest.substring(0, rest.length() - 2) + "\u2026";
    }
    return rest;
  }
}
