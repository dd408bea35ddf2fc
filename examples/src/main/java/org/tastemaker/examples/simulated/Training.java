package org.tastemaker.examples.simulated;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.optim.nft.DiffusionNft;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;

/**
 * Trains a LoRA with DiffusionNFT on the rewards of a condition and measures by the true score, on
 * held-out seeds of the same prompts.
 */
final class Training {
  /** As in the table of methods, but for fewer noised copies of each image. */
  private static final int UPDATES = 4;

  private static final int NOISINGS = 3;

  private final LatentDiffusion model;
  private final Setup setup;
  private final Condition condition;
  private final Seed seed;
  private final ToDoubleBiFunction<Image, Prompt> taste;
  private final Map<String, Double> figures = new LinkedHashMap<>();
  private long questions;
  private long shown;
  private int round;

  /**
   * A training that has not begun.
   *
   * @param model owned by the caller
   * @param setup shared by all conditions
   * @param condition who judges
   * @param seed of everything; what is sampled and measured is the same for all conditions
   */
  Training(LatentDiffusion model, Setup setup, Condition condition, long seed) {
    this.model = setup.sampled(model);
    this.setup = setup;
    this.condition = condition;
    this.seed = Seed.of(seed);
    this.taste = condition.faults().taste(setup.truth());
  }

  /**
   * Trains.
   *
   * @return true score, the judge's taste (in the score's units) and redness, each before and
   *     after; the score after each number of judged images; questions asked and images shown
   */
  Map<String, Double> run() {
    try (Lora lora =
            Lora.create(
                "tastemaker",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.defaults(),
                seed.split("lora"));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(setup.rate()))) {
      measure(model, "before", 0);
      train(policy);
      measure(policy.sampler(), "after", setup.rounds());
    }
    figures.put("questions", (double) questions);
    figures.put("shown", (double) shown);
    return figures;
  }

  private void train(DiffusionPolicy policy) {
    int images = setup.task().prompts().size() * setup.images();
    DiffusionNft.Options options =
        DiffusionNft.Options.defaults()
            .withBeta(1.0)
            .withNoisings(NOISINGS)
            .withUpdates(UPDATES)
            .withMicroBatch(Math.min(32, images * NOISINGS));
    RunListener half =
        event -> {
          if (event instanceof RunEvent.Progress progress
              && progress.done() == setup.rounds() / 2
              && progress.done() < setup.rounds()) {
            measure(policy.sampler(), "half", (int) progress.done());
          }
        };
    try (DiffusionNft optimizer = new DiffusionNft(policy, options, seed.split("optimizer"))) {
      AlignmentRun.of(
              PromptSource.all(setup.task().prompts(), setup.images()),
              optimizer.sampler(),
              new Judged(),
              optimizer,
              seed.split("rounds"))
          .listener(half)
          .run(AlignmentRun.Options.rounds(setup.rounds()));
    }
  }

  /** The rewards of a round. */
  private final class Judged implements RewardModel {
    @Override
    public boolean isRelative() {
      return true;
    }

    @Override
    public Rewards score(Rollout rollout, List<Judgement> judgements) {
      Seed own = seed.split(condition.id()).split(round++);
      Asking.Answers answers =
          condition.asking().ask(condition.faults(), setup.truth(), rollout.groups(), own);
      questions += answers.questions();
      shown += answers.images();
      double[] rewards = new double[rollout.size()];
      List<List<Integer>> indices = rollout.groupIndices();
      for (int g = 0; g < indices.size(); g++) {
        for (int i = 0; i < indices.get(g).size(); i++) {
          rewards[indices.get(g).get(i)] = answers.of().get(g)[i];
        }
      }
      return Rewards.of(rewards);
    }
  }

  private void measure(LatentDiffusion sampler, String when, int rounds) {
    List<Prompt> prompts = setup.prompts(setup.heldOut());
    List<Image> images = sampler.generate(prompts, seed.split("held out").splits(prompts.size()));
    double score = 0;
    double liked = 0;
    double red = 0;
    for (int i = 0; i < images.size(); i++) {
      score += setup.task().score().applyAsDouble(images.get(i), prompts.get(i));
      liked += taste.applyAsDouble(images.get(i), prompts.get(i)) / 10;
      red += Faults.redness(images.get(i));
    }
    figures.put("score." + when, score / images.size());
    figures.put("taste." + when, liked / images.size());
    figures.put("redness." + when, red / images.size());
    figures.put("judged." + when, (double) rounds * setup.images() * setup.task().prompts().size());
  }
}
