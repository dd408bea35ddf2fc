package org.tastemaker.examples.methods;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.optim.zo.ParameterProblem;
import org.tastemaker.optim.zo.ZoRankSgd;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * One method on one seed: a fresh LoRA is trained on the protocol's number of images, all judged by
 * the same simulated judge, and measured on held-out seeds before, during and after training.
 *
 * <pre>
 *   seed                  lora, rounds, optimizer, held out: children of the trial's seed
 *   reward of a round     win rate of an image among those of its prompt, in [0, 1]
 *   measured              the judge's score itself, on the same prompts with other seeds
 * </pre>
 *
 * <p>The held-out seeds are those of the trial's seed: the same for all methods.
 */
final class Trial {
  /** After these shares of the images the model is measured. */
  private static final double[] MARKS = {0.25, 0.5, 1};

  /** Images of each prompt on which the KL divergence is measured. */
  private static final int KL_IMAGES = 4;

  private final LatentDiffusion model;
  private final Protocol protocol;
  private final Method method;
  private final Setting setting;
  private final Seed seed;
  private final long number;
  private final TrialJudge judge;
  private final FeedbackOracle oracle;
  private final Rubric rubric;
  private final Stopwatch stopwatch = new Stopwatch();
  private final List<TrialResult.Point> points = new ArrayList<>();
  private int nextMark;
  private List<Double> latest = List.of();

  /**
   * A trial that has not begun.
   *
   * @param model owned by the caller
   * @param task what the judge ranks by, for the protocol's prompts
   * @param protocol shared by all methods
   * @param method to train with
   * @param setting of the method
   * @param seed of everything
   */
  Trial(
      LatentDiffusion model,
      EmojiTask task,
      Protocol protocol,
      Method method,
      Setting setting,
      long seed) {
    this.model = protocol.sampled(model);
    this.protocol = protocol;
    this.method = method;
    this.setting = setting;
    this.number = seed;
    this.seed = Seed.of(seed);
    this.judge = new TrialJudge(task);
    this.oracle = judge.oracle();
    this.rubric = judge.rubric();
  }

  /**
   * The held-out scores of the base model, which are the same for all methods of a seed.
   *
   * @return one for each held-out image
   */
  List<Double> baseScores() {
    return scores(model);
  }

  /**
   * Trains and measures.
   *
   * @param before the result of {@link #baseScores}
   * @return the result
   */
  TrialResult run(List<Double> before) {
    try (Lora lora =
            Lora.create(
                "tastemaker",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                method.lora(),
                seed.split("lora"));
        DiffusionPolicy policy = policy(lora)) {
      points.add(new TrialResult.Point(0, 0, 0, mean(before)));
      String message = method.searches() ? search(policy, lora) : align(policy);
      if (nextMark < MARKS.length) { // ended early
        measure(policy, last().images());
      }
      return new TrialResult(
          method,
          setting,
          number,
          protocol.settings(),
          points,
          before,
          latest,
          kl(policy),
          message);
    }
  }

  private DiffusionPolicy policy(Lora lora) {
    DiffusionPolicy.Options options = DiffusionPolicy.Options.lora();
    return DiffusionPolicy.lora(
        model,
        lora,
        method.searches() ? options : options.withLearningRate(setting.learningRate()));
  }

  /** Trains with an optimizer of policies. */
  private String align(DiffusionPolicy policy) {
    PolicyOptimizer optimizer =
        method.optimizer(
            policy,
            protocol,
            setting,
            Teaching.of(method.pretrains(), model, judge.task(), protocol, seed),
            seed.split("optimizer"));
    try {
      RunListener marks =
          event -> {
            if (event instanceof RunEvent.Progress progress) {
              reached(policy, Math.toIntExact(progress.done()) * protocol.imagesPerRound());
            }
          };
      stopwatch.start();
      return AlignmentRun.of(
              PromptSource.all(protocol.prompts(), protocol.imagesPerPrompt()),
              method.sampler(optimizer, policy),
              WinRateReward.overall(),
              optimizer,
              seed.split("rounds"))
          .judgedBy(oracle, rubric)
          .listener(marks)
          .run(AlignmentRun.Options.rounds(protocol.rounds()))
          .message();
    } finally {
      stopwatch.stop();
      closeIfCloseable(optimizer);
    }
  }

  static void closeIfCloseable(PolicyOptimizer optimizer) {
    if (optimizer instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        throw new IllegalStateException("an optimizer cannot be closed", e);
      }
    }
  }

  /** Searches with rankings only, of images with fresh seeds in each question. */
  private String search(DiffusionPolicy policy, Lora lora) {
    int[] used = {0};
    ImageGenerator counted =
        (prompts, seeds) -> {
          used[0] += prompts.size();
          return policy.sampler().generate(prompts, seeds);
        };
    List<Prompt> prompts = protocol.prompts();
    ParameterProblem problem =
        new ParameterProblem(
            counted,
            method.space(lora, model.components().unet().parameters(), seed.split("gains")),
            prompts,
            seed.split("rounds"),
            oracle,
            rubric);
    ZoRankSgd search =
        new ZoRankSgd(problem, problem.start(), setting.search(), seed.split("optimizer"));
    int perRound = prompts.size() * setting.searchedPoints();
    int moves = 0;
    stopwatch.start();
    do {
      moves += search.step().skippedReason() == null ? 1 : 0;
      problem.apply(search.point());
      reached(policy, used[0]);
    } while (used[0] + perRound <= protocol.images());
    stopwatch.stop();
    if (nextMark < MARKS.length) {
      measure(policy, used[0]);
      nextMark = MARKS.length;
    }
    return String.format(Locale.ROOT, "%s rounds, %s moves", search.rounds(), moves);
  }

  /**
   * Measures when a mark has been reached; the time that this takes does not count for the method.
   */
  private void reached(DiffusionPolicy policy, int images) {
    stopwatch.stop();
    if (nextMark < MARKS.length && images >= MARKS[nextMark] * protocol.images()) {
      while (nextMark < MARKS.length && images >= MARKS[nextMark] * protocol.images()) {
        nextMark++;
      }
      measure(policy, images);
    }
    stopwatch.start();
  }

  private void measure(DiffusionPolicy policy, int images) {
    latest = scores(policy.sampler());
    points.add(
        new TrialResult.Point(
            images, stopwatch.processorSeconds(), stopwatch.wallSeconds(), mean(latest)));
  }

  private TrialResult.Point last() {
    return points.get(points.size() - 1);
  }

  private List<Double> scores(LatentDiffusion sampler) {
    List<Prompt> prompts = protocol.heldOut();
    return judge.scores(prompts, sampler.generate(prompts, heldOutSeeds(prompts.size())));
  }

  private List<Seed> heldOutSeeds(int count) {
    return seed.split("held out").splits(count);
  }

  /** Measured on some of the held-out images, since it costs more than making them. */
  private double kl(DiffusionPolicy policy) {
    int each = Math.min(KL_IMAGES, protocol.heldOutPerPrompt());
    List<Prompt> prompts =
        protocol.prompts().stream()
            .flatMap(prompt -> Collections.nCopies(each, prompt).stream())
            .toList();
    try (Rollout rollout = policy.sampler().rollout(prompts, heldOutSeeds(prompts.size()))) {
      return policy.klToReference(rollout, Protocol.microBatch(prompts.size() * Protocol.STEPS));
    }
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }
}
