package org.tastemaker.optim.policy;

import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.Seed;

/**
 * What an inner epoch trains on: images in a random order, cut into updates, and of each image some
 * of its denoising steps in a random order of its own, as in ddpo-pytorch.
 */
public final class TrainingOrder {
  private TrainingOrder() {}

  /**
   * One step of one image.
   *
   * @param image in the rollout
   * @param step from 0, the noisiest
   * @param advantage of the image
   */
  public record Row(int image, int step, double advantage) {}

  /**
   * The rows of each update: all images' first steps, then all images' second ones, and so on.
   *
   * @param images that have a reward, by their place in the rollout, [N']
   * @param advantages of them, [N']
   * @param steps that are trained on, [T'], among the rollout's
   * @param fraction f of the steps; int(T' f) of them are used, and at least one
   * @param updates at most; with fewer images there is one for each
   * @param seed of the orders
   * @return for each update its rows
   */
  public static List<List<Row>> rows(
      int[] images, double[] advantages, int[] steps, double fraction, int updates, Seed seed) {
    // 1. The order of the images, and for each image one of its steps.
    int used = Math.max(1, (int) (steps.length * fraction));
    int[] order = Shuffle.order(images.length, seed.split("images"));
    int[][] stepsOf = new int[images.length][];
    for (int i = 0; i < images.length; i++) {
      stepsOf[i] = Shuffle.order(steps.length, seed.split("steps").split(images[i]));
    }
    // 2. A part of the images for each update.
    int parts = Math.min(updates, images.length);
    List<List<Row>> all = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      int first = part * images.length / parts;
      int end = (part + 1) * images.length / parts;
      List<Row> rows = new ArrayList<>();
      for (int j = 0; j < used; j++) {
        for (int k = first; k < end; k++) {
          rows.add(new Row(images[order[k]], steps[stepsOf[order[k]][j]], advantages[order[k]]));
        }
      }
      all.add(rows);
    }
    return all;
  }
}
