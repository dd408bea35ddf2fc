package org.tastemaker.optim.preference;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.train.EpochOrder;

/**
 * A clean latent that was liked, or was not.
 *
 * @param image its place in the rollout or in the data, for messages
 * @param clean x, [C, h, w]
 * @param text z
 * @param liked the label
 */
record LabelledImage(int image, FloatBuffer clean, String text, boolean liked) {
  /**
   * The labelled images by their labels.
   *
   * @param liked those that were
   * @param others those that were not
   */
  record Labels(List<LabelledImage> liked, List<LabelledImage> others) {
    Labels {
      liked = List.copyOf(liked);
      others = List.copyOf(others);
    }

    boolean isEmpty() {
      return liked.isEmpty() && others.isEmpty();
    }

    /**
     * A batch in which a share is liked, each image once an epoch of its kind.
     *
     * @param number of the batch, from 0
     */
    List<LabelledImage> draw(long number, int batch, double share, Seed order) {
      int most = Math.min(batch, liked.size() + others.size());
      int wanted = (int) Math.rint(most * share);
      if (!liked.isEmpty() && !others.isEmpty() && most > 1) {
        wanted = Math.max(1, Math.min(most - 1, wanted)); // of both kinds
      }
      int from = Math.min(liked.size(), Math.max(wanted, most - others.size()));
      List<LabelledImage> all = new ArrayList<>();
      add(all, liked, number, from, order.split("liked"));
      add(all, others, number, most - from, order.split("others"));
      return all;
    }

    private static void add(
        List<LabelledImage> all, List<LabelledImage> some, long number, int count, Seed order) {
      if (count > 0) {
        new EpochOrder(some.size(), order)
            .batch(number, count)
            .forEach(index -> all.add(some.get(index)));
      }
    }
  }

  /**
   * Labels by rewards.
   *
   * @param threshold from which an image is liked; empty for above or below the mean of its prompt,
   *     and an image at the mean has no label
   */
  static Labels of(List<RatedGroup> groups, OptionalDouble threshold) {
    List<LabelledImage> liked = new ArrayList<>();
    List<LabelledImage> others = new ArrayList<>();
    for (RatedGroup group : groups) {
      double middle = threshold.orElse(group.mean());
      boolean equalIsLiked = threshold.isPresent();
      for (RatedImage rated : group.images()) {
        double reward = rated.reward();
        if (reward > middle || (equalIsLiked && reward == middle)) {
          liked.add(new LabelledImage(rated.image(), rated.clean(), group.text(), true));
        } else if (reward < middle) {
          others.add(new LabelledImage(rated.image(), rated.clean(), group.text(), false));
        }
      }
    }
    return new Labels(liked, others);
  }
}
