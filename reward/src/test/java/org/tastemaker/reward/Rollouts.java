package org.tastemaker.reward;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;

/** Rollouts whose trajectories do not matter. */
public final class Rollouts {
  private Rollouts() {}

  /** One grey image for each prompt, lighter from the first to the last; the caller closes it. */
  public static Rollout ofPrompts(String... prompts) {
    return of(
        Arrays.stream(prompts).map(Prompt::of).toList(),
        IntStream.range(0, prompts.length)
            .mapToObj(i -> grey((float) i / prompts.length))
            .toList());
  }

  /** The caller closes it. */
  public static Rollout of(List<Prompt> prompts, List<Image> images) {
    int n = prompts.size();
    return new Rollout(
        prompts,
        Seed.of(1).splits(n),
        images,
        Nd4j.zeros(2, n, 1, 1, 1),
        Nd4j.zeros(1, n),
        List.of(1));
  }

  public static Image grey(float value) {
    return Image.filled(8, 8, value, value, value);
  }
}
