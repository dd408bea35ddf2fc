package org.tastemaker.examples.methods;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.examples.align.RunFolders;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.optim.run.RunResult;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * Our own DDPO, a round at a time, with its curve. Its folder is that of an {@link AlignmentRun}
 * with a checkpoint after each round, and has {@code curve.jsonl}. Times are those that the run
 * measures: of sampling and of training, without judging, checkpoints and held-out images.
 */
final class OwnCurve implements AutoCloseable {
  private final PeerTask task;
  private final TrialJudge judge;
  private final Seed seed;
  private final Path file;
  private final Lora lora;
  private final DiffusionPolicy policy;
  private final PolicyOptimizer optimizer;
  private final RunFolder folder;
  private final Stopwatch stopwatch = new Stopwatch();
  private Curve curve;

  /**
   * A new training, or one to resume.
   *
   * @param model owned by the caller
   * @param task prompts, rounds and hyper-parameters
   * @param judge of the images
   * @param seed of everything
   * @param path of the run's folder
   * @throws IllegalArgumentException if the folder holds a run with other settings
   */
  OwnCurve(LatentDiffusion model, PeerTask task, TrialJudge judge, Seed seed, Path path) {
    this.task = task;
    this.judge = judge;
    this.seed = seed;
    this.file = path.resolve("curve.jsonl");
    folder = RunFolders.open(path, config(task), Set.of("rounds"), seed);
    lora = PeerTask.lora(model, seed);
    policy =
        DiffusionPolicy.lora(
            task.protocol().sampled(model),
            lora,
            DiffusionPolicy.Options.lora().withLearningRate(task.setting().learningRate()));
    optimizer =
        new Ddpo(policy, Method.ddpo(task.protocol(), task.setting()), seed.split("optimizer"));
    curve = Curve.read(file);
    long trained = trained();
    if (curve.round() > trained) { // an older checkpoint than the latest had to do
      curve = new Curve(curve.points().subList(0, Math.toIntExact(trained) + 1));
    }
  }

  private static Map<String, String> config(PeerTask task) {
    return task.settings().values();
  }

  private long trained() {
    return folder.latestCheckpoint().map(RunFolder.Checkpoint::step).orElse(0L);
  }

  /**
   * Trains until a round is done.
   *
   * @param round 0 for the measurement before training
   * @return the curve so far
   */
  Curve until(int round) {
    while (curve.round() < round) {
      int next = curve.round() + 1;
      curve = curve.with(next == 0 ? start() : train(next));
      curve.write(file);
    }
    return curve;
  }

  private Curve.Point start() {
    return new Curve.Point(0, 0, 0, 0, OptionalDouble.of(0), OptionalDouble.of(score()));
  }

  /** Trains a round; one that has been trained, but not measured, is only restored. */
  private Curve.Point train(int round) {
    boolean anew = trained() < round;
    double before = stopwatch.processorSeconds();
    RunResult result = run(round);
    if (result.reason() != RunResult.Reason.FINISHED) {
      throw new IllegalStateException(
          "our training has ended before its last round: " + result.message());
    }
    Map<String, Double> metrics =
        folder.metrics().stream()
            .filter(line -> line.step() == round && line.values().containsKey("secondsSampling"))
            .reduce((first, second) -> second)
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        String.format(
                            Locale.ROOT,
                            "%s has no metrics of round %s; delete the folder to train anew",
                            folder.path(),
                            round)))
            .values();
    return new Curve.Point(
        round,
        round * task.protocol().imagesPerRound(),
        metrics.getOrDefault("secondsSampling", Double.NaN),
        metrics.getOrDefault("secondsTraining", Double.NaN),
        anew ? OptionalDouble.of(stopwatch.processorSeconds() - before) : OptionalDouble.empty(),
        task.isScored(round) ? OptionalDouble.of(score()) : OptionalDouble.empty());
  }

  private RunResult run(int rounds) {
    DiffusionSampler timed =
        (prompts, seeds) -> {
          stopwatch.start();
          return policy.sampler().rollout(prompts, seeds);
        };
    RunListener trained =
        event -> {
          if (event instanceof RunEvent.Metrics) {
            stopwatch.stop();
          }
        };
    Protocol protocol = task.protocol();
    return AlignmentRun.of(
            PromptSource.all(protocol.prompts(), protocol.imagesPerPrompt()),
            timed,
            WinRateReward.overall(),
            optimizer,
            seed.split("rounds"))
        .judgedBy(judge.oracle(), judge.rubric())
        .in(folder)
        .listener(trained)
        .run(AlignmentRun.Options.rounds(rounds).withCheckpointEvery(1));
  }

  private double score() {
    List<Double> scores =
        judge.scores(
            task.protocol().heldOut(),
            policy.sampler().generate(task.protocol().heldOut(), task.heldOutSeeds(seed)));
    return scores.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  @Override
  public void close() {
    policy.close();
    lora.close();
    folder.close();
  }
}
