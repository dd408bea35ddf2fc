package org.tastemaker.examples.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Image;

/**
 * The whole change in one picture: a row for each prompt, on the left what the model drew before,
 * on the right what it draws from the same seeds now, in the same order.
 */
public final class ChangePicture {
  private static final int CELL = 96;
  private static final int GAP = 4;
  private static final int MIDDLE = 36;
  private static final int HEAD = 40;
  private static final int LABEL = 22;

  private final Map<String, List<BeforeAfter>> rows = new LinkedHashMap<>();
  private final int across;

  private ChangePicture(List<BeforeAfter> pictures, int perPrompt) {
    for (BeforeAfter pair : pictures) {
      List<BeforeAfter> row = rows.computeIfAbsent(pair.prompt(), key -> new ArrayList<>());
      if (row.size() < perPrompt) {
        row.add(pair);
      }
    }
    across = rows.values().stream().mapToInt(List::size).max().orElseThrow();
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
    int half = across * (CELL + GAP);
    BufferedImage canvas =
        new BufferedImage(
            2 * GAP + 2 * half + MIDDLE,
            HEAD + rows.size() * (CELL + LABEL + GAP),
            BufferedImage.TYPE_INT_RGB);
    Graphics2D g = canvas.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, canvas.getWidth(), canvas.getHeight());
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    int right = GAP + half + MIDDLE;
    g.setColor(Color.DARK_GRAY);
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 20));
    g.drawString("before", GAP, HEAD - 14);
    g.drawString("after", right, HEAD - 14);
    int y = HEAD;
    for (Map.Entry<String, List<BeforeAfter>> row : rows.entrySet()) {
      g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
      g.drawString(shortened(row.getKey(), g.getFontMetrics(), half), GAP, y + CELL + 15);
      for (int i = 0; i < row.getValue().size(); i++) {
        int x = i * (CELL + GAP);
        g.drawImage(row.getValue().get(i).before().toBufferedImage(), GAP + x, y, CELL, CELL, null);
        g.drawImage(
            row.getValue().get(i).after().toBufferedImage(), right + x, y, CELL, CELL, null);
      }
      y += CELL + LABEL + GAP;
    }
    g.setColor(Color.LIGHT_GRAY);
    g.drawLine(right - MIDDLE / 2, HEAD, right - MIDDLE / 2, canvas.getHeight() - GAP);
    g.dispose();
    return Image.fromBufferedImage(canvas);
  }

  private static String shortened(String text, FontMetrics metrics, int width) {
    String rest = text;
    while (metrics.stringWidth(rest) > width && rest.length() > 1) {
      rest = rest.substring(0, rest.length() - 2) + "\u2026";
    }
    return rest;
  }
}
