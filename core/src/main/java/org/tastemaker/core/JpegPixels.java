package org.tastemaker.core;

import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * The pixels of a JPEG. The JDK's libjpeg decodes the samples; their colours are computed here, as
 * libjpeg does it: the JDK would treat grey as linear light, and not read inks.
 */
final class JpegPixels {
  private static final String CUT_OFF = "premature end";

  /** Of libjpeg's warnings, which are in English everywhere, those after which pixels are lost. */
  private static final List<String> LOST = List.of(CUT_OFF, "bad Huffman code", "instead of RST");

  private JpegPixels() {}

  static Canvas decode(JpegFile file) {
    List<String> warnings = new ArrayList<>();
    Raster raster = raster(file, warnings);
    if (!warnings.isEmpty()) {
      String first = warnings.get(0);
      throw file.damaged(
          first.contains(CUT_OFF)
              ? "it is cut off, a part of its pixels is missing"
              : "its data are damaged (" + first + ")");
    }
    int count = file.components.length;
    Layout layout = count == 1 ? Layout.GREY : count == 3 ? Layout.RGB : Layout.CMYK;
    Canvas canvas =
        new Canvas(
            file.width, file.height, file.orientation, ColourProfile.of(file.profile(), count));
    boolean ycc = file.ycc();
    int[] row = new int[count * file.width];
    float[] samples = new float[row.length];
    for (int y = 0; y < file.height; y++) {
      raster.getPixels(0, y, file.width, 1, row);
      for (int i = 0; i < row.length; i += count) {
        if (ycc) {
          toRgb(row, i);
        }
        for (int c = 0; c < count; c++) {
          // Inks are stored inverted, as Adobe's programs began it. YCCK is inverted RGB and K.
          int value = count == 4 && (!ycc || c == 3) ? 255 - row[i + c] : row[i + c];
          samples[i + c] = value / 255f;
        }
      }
      canvas.draw(y, 0, 1, file.width, samples, layout);
    }
    return canvas;
  }

  /** JFIF's formula, rounded as libjpeg does. */
  private static void toRgb(int[] row, int i) {
    int y = row[i];
    int blue = row[i + 1] - 128;
    int red = row[i + 2] - 128;
    row[i] = rounded(y + 1.402 * red);
    row[i + 1] = rounded(y - 0.34414 * blue - 0.71414 * red);
    row[i + 2] = rounded(y + 1.772 * blue);
  }

  private static int rounded(double value) {
    return (int) Math.max(0, Math.min(255, Math.floor(value + 0.5)));
  }

  private static Raster raster(JpegFile file, List<String> warnings) {
    ImageReader reader = JdkReader.of("jpeg");
    // In memory: given a plain stream, ImageIO writes a temporary file.
    try (MemoryCacheImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(file.plain()))) {
      reader.setInput(in, true, true);
      reader.addIIOReadWarningListener(listener(warnings));
      Raster raster = reader.readRaster(0, null);
      if (raster.getWidth() != file.width
          || raster.getHeight() != file.height
          || raster.getNumBands() != file.components.length) {
        throw file.damaged("its decoder found another size than its header says");
      }
      return raster;
    } catch (IOException | RuntimeException e) { // ImageIO throws both for damaged files
      throw e instanceof IllegalArgumentException known ? known : file.damaged("" + e.getMessage());
    } finally {
      reader.dispose();
    }
  }

  /** Keeps the first warning of pixels that are lost; of what is only odd there may be others. */
  private static IIOReadWarningListener listener(List<String> warnings) {
    return (source, warning) -> {
      if (warnings.isEmpty() && LOST.stream().anyMatch(warning::contains)) {
        warnings.add(warning);
      }
    };
  }
}
