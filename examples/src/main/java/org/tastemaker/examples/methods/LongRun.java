package org.tastemaker.examples.methods;

import java.nio.file.Path;
import java.util.Set;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.RunFolders;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.Evaluation;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.optim.run.RunResult;
import org.tastemaker.optim.run.SearchRun;
import org.tastemaker.optim.zo.ParameterProblem;
import org.tastemaker.optim.zo.ZoRankSgd;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * A long training by one method on one seed, in a run's folder: it is measured and writes a
 * checkpoint again and again, and goes on from there after a stop, whenever that was.
 *
 * <p>It trains as {@link Trial} does, with the same streams of the seed: its first rounds are those
 * of the short table.
 */
final class LongRun {
  private final LatentDiffusion model;
  private final EmojiTask task;
  private final Protocol protocol;
  private final LongCurve.Subject subject;
  private final Seed seed;
  private final int every;
  private final TrialJudge judge;

  /**
   * A training that may have begun in an earlier process.
   *
   * @param model owned by the caller, on the engine to use
   * @param task what the judge ranks by, for the protocol's prompts
   * @param protocol shared by all methods
   * @param subject what is trained
   * @param every how many images lie between measurements
   */
  LongRun(
      LatentDiffusion model,
      EmojiTask task,
      Protocol protocol,
      LongCurve.Subject subject,
      int every) {
    this.model = protocol.sampled(model);
    this.task = task;
    this.protocol = protocol;
    this.subject = subject;
    this.seed = Seed.of(subject.seed());
    this.every = every;
    this.judge = new TrialJudge(task);
  }

  /** How many rounds make the protocol's number of images. */
  int rounds() {
    return Math.max(1, protocol.images() / imagesPerRound());
  }

  /** What a round makes; of a search without gradients at most, since it may keep points. */
  int imagesPerRound() {
    return subject.method().searches()
        ? protocol.prompts().size() * subject.setting().searchedPoints()
        : protocol.imagesPerRound();
  }

  /**
   * Trains to the end, or until it is stopped.
   *
   * @param folder of the run
   * @param listener of the run
   * @param cancellation stops it before the next round
   * @return how it ended
   */
  RunResult run(Path folder, RunListener listener, Cancellation cancellation) {
    try (RunFolder open =
        RunFolders.open(folder, subject.settings(protocol).values(), Set.of(), seed)) {
      return subject.trained().all()
          ? allWeights(open, listener, cancellation)
          : adapter(open, listener, cancellation);
    }
  }

  private RunResult adapter(RunFolder folder, RunListener listener, Cancellation cancellation) {
    try (Lora lora =
            Lora.create(
                "tastemaker",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                subject.trained().lora(subject.method()),
                seed.split("lora"));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(model, lora, options(DiffusionPolicy.Options.lora()))) {
      return subject.method().searches()
          ? search(policy, lora, folder, listener, cancellation)
          : train(policy, folder, listener, cancellation);
    }
  }

  private RunResult allWeights(RunFolder folder, RunListener listener, Cancellation cancellation) {
    try (UNet2DConditionModel own = model.components().unet().copy();
        DiffusionPolicy policy =
            DiffusionPolicy.fullWeights(
                model.with(own), options(DiffusionPolicy.Options.fullWeights()))) {
      return train(policy, folder, listener, cancellation);
    }
  }

  private DiffusionPolicy.Options options(DiffusionPolicy.Options options) {
    return subject.method().searches()
        ? options
        : options.withLearningRate(subject.setting().learningRate());
  }

  private RunResult train(
      DiffusionPolicy policy, RunFolder folder, RunListener listener, Cancellation cancellation) {
    PolicyOptimizer optimizer =
        subject
            .method()
            .optimizer(
                policy,
                protocol,
                subject.setting(),
                Teaching.of(subject.method().pretrains(), model, task, protocol, seed),
                seed.split("optimizer"));
    try {
      return AlignmentRun.of(
              PromptSource.all(protocol.prompts(), protocol.imagesPerPrompt()),
              subject.method().sampler(optimizer, policy),
              WinRateReward.overall(),
              optimizer,
              seed.split("rounds"))
          .judgedBy(judge.oracle(), judge.rubric())
          .evaluated(evaluation(policy))
          .in(folder)
          .listener(listener)
          .cancellation(cancellation)
          .run(
              AlignmentRun.Options.rounds(rounds())
                  .withCheckpointEvery(roundsBetween())
                  .withKeepCheckpoints(1));
    } finally {
      Trial.closeIfCloseable(optimizer);
    }
  }

  private RunResult search(
      DiffusionPolicy policy,
      Lora lora,
      RunFolder folder,
      RunListener listener,
      Cancellation cancellation) {
    ParameterProblem problem =
        new ParameterProblem(
            policy.sampler(),
            subject
                .method()
                .space(lora, model.components().unet().parameters(), seed.split("gains")),
            protocol.prompts(),
            seed.split("rounds"),
            judge.oracle(),
            judge.rubric());
    ZoRankSgd search =
        new ZoRankSgd(
            problem, problem.start(), subject.setting().search(), seed.split("optimizer"));
    return SearchRun.of(problem, search)
        .evaluated(evaluation(policy))
        .in(folder)
        .listener(listener)
        .cancellation(cancellation)
        .run(SearchRun.Options.rounds(rounds()));
  }

  private int roundsBetween() {
    return Math.max(1, every / imagesPerRound());
  }

  private Evaluation evaluation(DiffusionPolicy policy) {
    int images = protocol.heldOut().size();
    return Evaluation.every(roundsBetween(), protocol.heldOut(), seed.split("held out"))
        .withReward(Teaching.likeness(task))
        .withKlOf(policy, Protocol.microBatch(images * Protocol.STEPS))
        .withSampler(policy.sampler());
  }
}
