package org.tastemaker.feedback;

import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;

/** Images whose brightness is their score. */
public final class Greys {
  public static final Rubric RUBRIC = Rubric.of("brightness", "1", "Brighter is better.");

  private Greys() {}

  public static Image grey(double brightness) {
    float b = (float) brightness;
    return Image.filled(2, 2, b, b, b);
  }

  public static ImageGroup group(double... brightness) {
    return group("a prompt", brightness);
  }

  public static ImageGroup group(String prompt, double... brightness) {
    return new ImageGroup(Prompt.of(prompt), images(brightness));
  }

  public static List<Image> images(double... brightness) {
    return Arrays.stream(brightness).mapToObj(Greys::grey).toList();
  }

  public static double score(Image image, Prompt prompt) {
    return image.get(0, 0, 0);
  }
}
