package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Locale;

/** A LoRA does not fit the network that it is for, or its file is incomplete. */
public final class LoraMismatchException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 10;

  private final ImmutableList<String> problems;

  LoraMismatchException(String summary, List<String> problems) {
    super(
        String.format(
            Locale.ROOT,
            "%s, %s problem%s: %s%s",
            summary,
            problems.size(),
            problems.size() == 1 ? "" : "s",
            String.join("; ", problems.subList(0, Math.min(SHOWN, problems.size()))),
            problems.size() > SHOWN ? "; and " + (problems.size() - SHOWN) + " more" : ""));
    this.problems = ImmutableList.copyOf(problems);
  }

  /**
   * Everything that is wrong; the message shows the first ten.
   *
   * @return one text for each problem, with the tensor or the layer, what was expected and what was
   *     found
   */
  public ImmutableList<String> problems() {
    return problems;
  }
}
