package org.tastemaker.optim.dpok;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.Shuffle;
import org.tastemaker.optim.policy.Trajectory;

/**
 * All transitions that a round's updates draw from: those of its own images and of earlier ones.
 */
record TransitionPool(ImmutableList<Trajectory> trajectories, ImmutableList<Row> rows) {
  /**
   * One step of one image.
   *
   * @param trajectory its place in the pool
   * @param image its place in the rollout, for messages; -1 for one of an earlier round
   * @param step from 0, the noisiest
   * @param reward of the image
   */
  record Row(int trajectory, int image, int step, double reward) {}

  /**
   * Every step of every image that can be trained; {@code images} are the places of a round's own
   * in its rollout.
   */
  static TransitionPool of(
      List<ReplayBuffer.Entry> own,
      ImmutableIntArray images,
      List<ReplayBuffer.Entry> earlier,
      StepWindow active) {
    ImmutableList<ReplayBuffer.Entry> all =
        ImmutableList.<ReplayBuffer.Entry>builder().addAll(own).addAll(earlier).build();
    ImmutableList.Builder<Row> rows = ImmutableList.builder();
    for (int n = 0; n < all.size(); n++) {
      int image = n < own.size() ? images.get(n) : -1;
      for (int t = active.first(); t < active.end(); t++) {
        rows.add(new Row(n, image, t, all.get(n).reward()));
      }
    }
    return new TransitionPool(
        all.stream().map(ReplayBuffer.Entry::trajectory).collect(ImmutableList.toImmutableList()),
        rows.build());
  }

  /** Some transitions at random, each once. */
  List<Row> draw(int count, Seed seed) {
    return Arrays.stream(Shuffle.order(rows.size(), seed))
        .limit(count)
        .mapToObj(rows::get)
        .toList();
  }

  /** What the value network sees of some transitions. */
  List<ValueNetwork.State> states(DiffusionPolicy policy, List<Row> some) {
    return some.stream()
        .map(
            row -> {
              Trajectory trajectory = trajectories.get(row.trajectory());
              return new ValueNetwork.State(
                  trajectory.latents().get(row.step()),
                  policy.textFeature(trajectory.prompt().text()),
                  row.step());
            })
        .toList();
  }
}
