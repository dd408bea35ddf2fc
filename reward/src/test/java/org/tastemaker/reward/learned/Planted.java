package org.tastemaker.reward.learned;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;

/**
 * Images whose pixels are their features, and a judge whose taste is known: {@code t(x, z) = 3 x_0
 * - 2 x_1 + sin(4 x_2)}, to which the prompt adds what is the same for all of its images.
 */
final class Planted {
  static final int PIXELS = 4; // per channel, of which there are 3

  private Planted() {}

  static double taste(Image image) {
    float[] x = image.toFloats();
    return 3 * x[0] - 2 * x[1] + Math.sin(4 * x[2]);
  }

  /** The pixels and the length of the prompt. */
  static Features features() {
    return new Features() {
      @Override
      public String name() {
        return "pixels";
      }

      @Override
      public int size() {
        return 3 * PIXELS + 1;
      }

      @Override
      public float[][] of(List<Prompt> prompts, List<Image> images) {
        float[][] rows = new float[images.size()][size()];
        for (int i = 0; i < rows.length; i++) {
          float[] pixels = images.get(i).toFloats();
          System.arraycopy(pixels, 0, rows[i], 0, pixels.length);
          rows[i][pixels.length] = prompts.get(i).text().length();
        }
        return rows;
      }
    };
  }

  static List<ImageGroup> groups(int prompts, int imagesEach, Seed seed) {
    List<ImageGroup> groups = new ArrayList<>();
    for (int p = 0; p < prompts; p++) {
      var random = seed.split(p).generator();
      List<Image> images = new ArrayList<>();
      for (int i = 0; i < imagesEach; i++) {
        float[] pixels = new float[3 * PIXELS];
        for (int k = 0; k < pixels.length; k++) {
          pixels[k] = random.nextFloat();
        }
        images.add(Image.of(3, 1, PIXELS, pixels));
      }
      groups.add(new ImageGroup(Prompt.of("prompt " + p), images));
    }
    return groups;
  }

  static Judgement judge(ImageGroup group) {
    return Judgement.of(
        Ranking.ofScores(group.images().stream().mapToDouble(Planted::taste).toArray()), "planted");
  }

  static PreferenceSet ranked(int prompts, int imagesEach, Seed seed) {
    List<ImageGroup> groups = groups(prompts, imagesEach, seed);
    return PreferenceSet.of(groups, groups.stream().map(Planted::judge).toList());
  }

  /** With 1 for images of a taste over the middle, and 0 for the others. */
  static PreferenceSet labelled(int prompts, int imagesEach, Seed seed) {
    return PreferenceSet.of(
            groups(prompts, imagesEach, seed).stream()
                .map(
                    g ->
                        JudgedGroup.labelled(
                            g.prompt(),
                            g.images(),
                            g.images().stream().map(i -> OptionalDouble.of(taste(i))).toList()))
                .toList())
        .goodFrom(0.9);
  }
}
