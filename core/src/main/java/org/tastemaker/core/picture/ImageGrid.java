package org.tastemaker.core.picture;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.Image;

/**
 * Images in rows, each with a caption under it, on white.
 *
 * <pre>{@code
 * Image grid = ImageGrid.of(images).captions(texts).columns(4).cell(96).draw();
 * Files.write(path, grid.toPng());
 * }</pre>
 *
 * <p>Images of different sizes share cells of one size: small ones are enlarged by a whole factor,
 * large ones are scaled down, and none is distorted. A caption that is too long for two lines ends
 * in an ellipsis.
 */
public final class ImageGrid {
  private static final int GAP = 6;
  private static final int CAPTION_LINES = 2;

  private final List<Image> images;
  private List<String> captions = List.of();
  private int columns;
  private int cell;

  private ImageGrid(List<Image> images) {
    this.images = List.copyOf(images);
    if (images.isEmpty()) {
      throw new IllegalArgumentException("a grid needs at least one image, but there was none");
    }
    this.columns = (int) Math.ceil(Math.sqrt(images.size()));
    int side = images.stream().mapToInt(i -> Math.max(i.height(), i.width())).max().orElseThrow();
    this.cell = Math.max(side, 96 / side * side);
  }

  /**
   * A grid of images, about square unless {@link #columns} says otherwise.
   *
   * @param images at least one
   * @return the grid, to be set up further and drawn
   */
  public static ImageGrid of(List<Image> images) {
    return new ImageGrid(images);
  }

  /**
   * Writes a caption under each image.
   *
   * @param captions as many as images
   * @return this grid
   */
  public ImageGrid captions(List<String> captions) {
    if (captions.size() != images.size()) {
      throw new IllegalArgumentException(
          "a grid of "
              + images.size()
              + " images needs as many captions, but there were "
              + captions.size());
    }
    this.captions = List.copyOf(captions);
    return this;
  }

  /**
   * Sets how many images stand in a row.
   *
   * @param columns at least 1
   * @return this grid
   */
  public ImageGrid columns(int columns) {
    if (columns < 1) {
      throw new IllegalArgumentException("a grid has at least 1 column, but was given " + columns);
    }
    this.columns = columns;
    return this;
  }

  /**
   * Sets the side of the square that each image is fitted into.
   *
   * @param pixels from 8 to 4096
   * @return this grid
   */
  public ImageGrid cell(int pixels) {
    if (pixels < 8 || pixels > 4096) {
      throw new IllegalArgumentException(
          "a grid's cell is 8 to 4096 pixels wide, but was given " + pixels);
    }
    this.cell = pixels;
    return this;
  }

  /**
   * Draws the grid.
   *
   * @return an image of 3 channels
   */
  public Image draw() {
    Font font = new Font(Font.SANS_SERIF, Font.PLAIN, Math.max(9, Math.min(14, cell / 8)));
    int across = Math.min(columns, images.size());
    int rows = (images.size() + across - 1) / across;
    int lineHeight = captions.isEmpty() ? 0 : font.getSize() + 3;
    int captionHeight = CAPTION_LINES * lineHeight;
    BufferedImage canvas =
        new BufferedImage(
            GAP + across * (cell + GAP),
            GAP + rows * (cell + captionHeight + GAP),
            BufferedImage.TYPE_INT_RGB);
    Graphics2D g = canvas.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, canvas.getWidth(), canvas.getHeight());
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    for (int i = 0; i < images.size(); i++) {
      int x = GAP + i % across * (cell + GAP);
      int y = GAP + i / across * (cell + captionHeight + GAP);
      Image fitted = fit(images.get(i));
      g.drawImage(
          fitted.toBufferedImage(),
          x + (cell - fitted.width()) / 2,
          y + (cell - fitted.height()) / 2,
          null);
      if (!captions.isEmpty()) {
        g.setFont(font);
        g.setColor(Color.DARK_GRAY);
        int line = 0;
        for (String text : wrap(captions.get(i), g.getFontMetrics())) {
          g.drawString(text, x, y + cell + ++line * lineHeight - 2);
        }
      }
    }
    g.dispose();
    return Image.fromBufferedImage(canvas);
  }

  private Image fit(Image image) {
    int side = Math.max(image.height(), image.width());
    if (side <= cell) {
      int factor = cell / side;
      return image.resized(image.height() * factor, image.width() * factor);
    }
    double factor = (double) cell / side;
    return image.resized(
        Math.max(1, (int) Math.round(image.height() * factor)),
        Math.max(1, (int) Math.round(image.width() * factor)));
  }

  /** Breaks a caption into lines that fit the cell; what is left over ends in an ellipsis. */
  private List<String> wrap(String caption, FontMetrics metrics) {
    List<String> lines = new ArrayList<>();
    String rest = caption.strip().replaceAll("\\s+", " ");
    while (!rest.isEmpty() && lines.size() < CAPTION_LINES) {
      int end = fitting(rest, metrics, "");
      if (end < rest.length()) {
        int space = rest.lastIndexOf(' ', end);
        boolean last = lines.size() == CAPTION_LINES - 1;
        if (last) {
          lines.add(rest.substring(0, fitting(rest, metrics, "\u2026")).strip() + "\u2026");
          break;
        }
        end = space > 0 ? space : end;
      }
      lines.add(rest.substring(0, end).strip());
      rest = rest.substring(end).strip();
    }
    return lines;
  }

  private int fitting(String text, FontMetrics metrics, String suffix) {
    int end = text.length();
    while (end > 1 && metrics.stringWidth(text.substring(0, end) + suffix) > cell) {
      end--;
    }
    return end;
  }
}
