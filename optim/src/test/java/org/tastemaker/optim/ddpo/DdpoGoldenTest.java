package org.tastemaker.optim.ddpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.DenoisingStep;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.optim.policy.ClippedObjective;
import org.tastemaker.testing.Goldens;

/**
 * ddpo-pytorch's own numbers: log-probabilities of two policies, advantages over two rounds, loss,
 * gradient.
 */
class DdpoGoldenTest {
  /** Single precision of the reference. */
  private static final double BOUND = 1e-4;

  private final Goldens file = Goldens.open("ddpo.safetensors");
  private final int steps = file.shape("log_probs")[0];
  private final int images = file.shape("log_probs")[1];
  private final FloatBuffer latents = file.floats("latents"); // [T + 1, N, ...]
  private final int size = latents.capacity() / (steps + 1) / images;
  private final double clip = number("clip_range");
  private final SamplingRun run;

  DdpoGoldenTest() {
    JsonObject settings = Json.parseObject(file.text("scheduler"), "scheduler");
    Map<String, @Nullable Object> json = new LinkedHashMap<>(settings.toMap());
    json.put("_class_name", "DDIMScheduler");
    run =
        DdimScheduler.of(
                SchedulerConfig.parse(Json.write(json)),
                new DdimScheduler.Options(number("eta"), DdimScheduler.FinalStep.DDPO))
            .begin(settings.integer("num_inference_steps"))
            .requireLogProbabilities();
  }

  private double number(String name) {
    return Double.parseDouble(file.text(name));
  }

  private List<Prompt> prompts() {
    return Pattern.compile("\"([^\"]*)\"")
        .matcher(file.text("prompts"))
        .results()
        .map((MatchResult match) -> Prompt.of(match.group(1)))
        .toList();
  }

  @Test
  void logProbabilitiesOfBothPoliciesAreTheReferences() {
    assertThat(report("log_probs", logProbabilities("model_outputs"))).isLessThan(BOUND);
    assertThat(report("new_log_probs", logProbabilities("new_model_outputs"))).isLessThan(BOUND);
  }

  @Test
  void advantagesOverTwoRoundsAreTheReferences() {
    List<Integer> tracker =
        Pattern.compile("(?:buffer_size|min_count) (\\d+)")
            .matcher(file.text("tracker"))
            .results()
            .map(match -> Integer.valueOf(match.group(1)))
            .toList();
    PromptStatistics statistics =
        new PromptStatistics(new PromptStatistics.Options(tracker.get(0), tracker.get(1)));
    for (int round = 1; round <= 2; round++) {
      double[] advantages = statistics.update(prompts(), file.doubles("rewards_" + round));
      assertThat(report("advantages_" + round, advantages)).isLessThan(BOUND);
    }
  }

  @Test
  void lossAndGradientAreTheReferences() {
    double[] old = file.doubles("log_probs");
    double[] now = logProbabilities("new_model_outputs");
    double[] advantages = file.doubles("advantages_1");
    FloatBuffer outputs = file.floats("new_model_outputs");
    FloatBuffer gradient = FloatBuffer.allocate(outputs.capacity());
    double bound = number("adv_clip");
    double loss = 0;
    for (int t = 0; t < steps; t++) {
      double[] slopes = new double[images];
      for (int i = 0; i < images; i++) {
        int n = t * images + i;
        double advantage = Math.max(-bound, Math.min(bound, advantages[i]));
        ClippedObjective objective = ClippedObjective.of(now[n] - old[n], advantage, clip);
        loss += objective.loss() / now.length;
        slopes[i] = objective.slope() / now.length;
      }
      DenoisingStep.logProbabilityGradient(
          run.steps().get(t).coefficients(),
          Reduction.MEAN,
          at(outputs, t),
          at(latents, t),
          at(latents, t + 1),
          slopes,
          at(gradient, t));
    }
    double[] ours = new double[gradient.capacity()];
    for (int i = 0; i < ours.length; i++) {
      ours[i] = gradient.get(i);
    }
    assertThat(report("loss", new double[] {loss})).isLessThan(BOUND);
    assertThat(report("grad_new_model_outputs", ours)).isLessThan(BOUND);
  }

  private double[] logProbabilities(String outputs) {
    FloatBuffer all = file.floats(outputs); // [T, N, ...]
    double[] found = new double[steps * images];
    double[] density = new double[images];
    for (int t = 0; t < steps; t++) {
      DenoisingStep.logProbability(
          run.steps().get(t).coefficients(),
          Reduction.MEAN,
          at(all, t),
          at(latents, t),
          at(latents, t + 1),
          density);
      System.arraycopy(density, 0, found, t * images, images);
    }
    return found;
  }

  private FloatBuffer at(FloatBuffer tensor, int t) {
    return tensor.slice(t * images * size, images * size);
  }

  /** ||ours - ref|| / ||ref||, printed as the golden protocol asks. */
  private double report(String tensor, double[] ours) {
    return Goldens.report("ddpo", tensor, ours, file.doubles(tensor));
  }
}
