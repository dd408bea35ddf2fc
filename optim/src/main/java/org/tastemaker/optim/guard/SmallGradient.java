package org.tastemaker.optim.guard;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.tastemaker.core.json.JsonObject;

/**
 * Says once that the gradient is smaller than Adam's epsilon. Adam divides by the gradient's own
 * size plus epsilon, {@code m / (sqrt(v) + eps)}: its steps do not depend on how large the gradient
 * is, until epsilon is larger. Log-probabilities that are means over a latent's elements make such
 * gradients.
 */
public final class SmallGradient implements Guard {
  private boolean said;

  @Override
  public Findings metrics(long round, Map<String, Double> measured) {
    Double size = measured.get("gradientRms");
    Double epsilon = measured.get("adamEpsilon");
    // A gradient of 0 is none at all: every row was outside of the clip range, for example.
    if (said || size == null || epsilon == null || size == 0 || size >= epsilon) {
      return Findings.NONE;
    }
    said = true;
    return Findings.of(
        Map.of(),
        List.of(
            String.format(
                Locale.ROOT,
                "the gradient's root mean square was %.2g in round %d (a norm of %.2g before"
                    + " clipping, over %.0f trained numbers), below Adam's epsilon of %.2g: epsilon"
                    + " sets the length of the steps, which are shorter than the learning rate says."
                    + " Resume or begin with a smaller one, such as"
                    + " withAdamW(AdamW.Options.defaults().withEpsilon(1e-15)), or begin a run"
                    + " whose log-probabilities are sums (Reduction.SUM). This is said once",
                size,
                round,
                measured.getOrDefault("gradientNorm", Double.NaN),
                measured.getOrDefault("trainedNumbers", Double.NaN),
                epsilon)));
  }

  @Override
  public Optional<String> reasonToStop() {
    return Optional.empty();
  }

  @Override
  public Map<String, Object> save() {
    return Map.of("said", said);
  }

  @Override
  public void restore(JsonObject saved) {
    said = saved.flag("said");
  }
}
