package org.tastemaker.optim.grpo;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Locale;
import java.util.Objects;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.StepWindow;

/**
 * Which steps of a round draw noise, and are trained on: MixGRPO's sliding window. It is a function
 * of the seed and the round, so nothing of it needs to be saved.
 *
 * @param size w, how many steps, at least 1
 * @param move how it moves
 * @param every tau, for how many rounds it stays, at least 1
 * @param stride s, by how many steps a progressive window moves, at least 1
 */
@RecordBuilder
public record SdeWindow(int size, Move move, int every, int stride)
    implements SdeWindowBuilder.With {

  /** How a window moves. */
  public enum Move {
    /** From the noisiest steps on, and back to them from the end. */
    PROGRESSIVE,
    /** To any place. */
    RANDOM
  }

  public SdeWindow {
    require(size >= 1, "window.size must be at least 1, but was " + size);
    Objects.requireNonNull(move, "window.move == null");
    require(every >= 1, "window.every must be at least 1, but was " + every);
    require(stride >= 1, "window.stride must be at least 1, but was " + stride);
  }

  /**
   * MixGRPO's: 4 steps, moved by 1 after 25 rounds.
   *
   * @return the window
   */
  public static SdeWindow progressive() {
    return new SdeWindow(4, Move.PROGRESSIVE, 25, 1);
  }

  /**
   * Another place in each round. With one or two steps and shared initial latents, images of a
   * prompt branch there, as in Flow-GRPO-Fast.
   *
   * @param size at least 1
   * @return the window
   */
  public static SdeWindow random(int size) {
    return new SdeWindow(size, Move.RANDOM, 1, 1);
  }

  /**
   * The window of a round.
   *
   * @param round from 0
   * @param within the steps that can be trained on
   * @param seed of random windows
   */
  StepWindow at(long round, StepWindow within, Seed seed) {
    int places = places(within);
    long turn = round / every;
    int place =
        switch (move) {
          case PROGRESSIVE -> (int) (turn * stride % places);
          case RANDOM -> seed.split(turn).generator().nextInt(places);
        };
    return StepWindow.of(within.first() + place, size);
  }

  /** How many places there are. */
  int places(StepWindow within) {
    int steps = within.end() - within.first();
    require(
        size <= steps,
        String.format(
            Locale.ROOT,
            "the window holds %s steps, but of the policy's steps %s can be trained on (%s)",
            size,
            steps,
            within));
    return steps - size + 1;
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
