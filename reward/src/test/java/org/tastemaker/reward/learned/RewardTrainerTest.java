package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.PlackettLuce.Tail;
import org.tastemaker.reward.Rollouts;
import org.tastemaker.reward.learned.RewardTrainer.Options;
import org.tastemaker.reward.learned.TrainedReward.StopReason;

class RewardTrainerTest {
  private static final Options SMALL =
      Options.defaults()
          .withHiddenLayers(List.of(16))
          .withUpdater(new Adam(1e-2))
          .withMaxEpochs(15)
          .withPatience(5);
  private static final PreferenceSet DATA = Planted.ranked(200, 4, Seed.of(1));

  @Test
  void recoversAPlantedTasteOnPromptsThatItHasNotSeen() {
    for (RewardLoss loss :
        List.of(
            new BradleyTerryLoss(),
            PlackettLuceLoss.full(Tail.TIED),
            PlackettLuceLoss.topK(2, Tail.TIED))) {
      TrainedReward trained = trainer(loss, SMALL).train(DATA);
      try (LearnedReward reward = trained.reward()) {
        RewardEvaluation heldOut = trained.heldOut();

        assertThat(heldOut.prompts()).isEqualTo(40);
        assertThat(heldOut.pairs()).isEqualTo(240);
        // Chance is 0.5, with a standard error of 0.032 even if the 240 pairs were independent and
        // of 0.08 if each prompt counted once: 0.85 is over four of the latter away.
        assertThat(heldOut.accuracy().getAsDouble()).isGreaterThan(0.85);
        assertThat(heldOut.interval().orElseThrow().low()).isGreaterThan(0.5);
        assertThat(reward.features().name()).isEqualTo("pixels");
      }
    }
  }

  @Test
  void recoversAPlantedTasteFromGoodAndBadLabels() {
    RewardLoss loss =
        new PromptClassificationLoss(
            PromptPerturbation.countsColoursAndBackgrounds(),
            PromptClassificationLoss.Options.defaults());

    TrainedReward trained = trainer(loss, SMALL).train(Planted.labelled(200, 4, Seed.of(1)));

    trained.reward().close();
    // as above; the comparisons that are held out are between the scores, finer than the labels
    assertThat(trained.heldOut().accuracy().getAsDouble()).isGreaterThan(0.8);
  }

  @Test
  void learnsWhichPromptAnImageWasMadeFor() {
    // an image's first pixel is 1 if it was made for "red"; all are good
    List<JudgedGroup> groups = new ArrayList<>();
    for (ImageGroup g : Planted.groups(60, 3, Seed.of(9))) {
      boolean red = groups.size() % 2 == 0;
      List<Image> images = new ArrayList<>();
      for (Image image : g.images()) {
        float[] pixels = image.toFloats();
        pixels[0] = red ? 1 : 0;
        images.add(Image.of(3, 1, Planted.PIXELS, pixels));
      }
      groups.add(
          JudgedGroup.labelled(
              Prompt.of((red ? "red " : "green ") + groups.size()),
              images,
              images.stream().map(i -> java.util.OptionalDouble.of(1)).toList()));
    }
    RewardLoss loss =
        new PromptClassificationLoss(
            PromptPerturbation.replacing(List.of(List.of("red", "green"))),
            new PromptClassificationLoss.Options(5, 0.2, 0.5));

    // the length of the prompt is a feature: "red" and "green" differ in it
    TrainedReward trained = trainer(loss, SMALL).train(PreferenceSet.of(groups));

    try (LearnedReward reward = trained.reward()) {
      int right = 0;
      for (JudgedGroup group : groups) {
        String text = group.prompt().text();
        Prompt other =
            Prompt.of(
                text.startsWith("red")
                    ? text.replace("red", "green")
                    : text.replace("green", "red"));
        double[] scores =
            reward.score(
                List.of(group.prompt(), other),
                List.of(group.images().get(0), group.images().get(0)));
        right += scores[0] > scores[1] ? 1 : 0;
      }
      // chance is 30 of 60 with a standard deviation of 3.9: over four of them
      assertThat(right).isGreaterThan(48);
    }
  }

  @Test
  void isAFunctionOfItsSeed() {
    Options brief = SMALL.withMaxEpochs(2).withPatience(2);
    TrainedReward one = trainer(new BradleyTerryLoss(), brief).train(DATA);
    TrainedReward other = trainer(new BradleyTerryLoss(), brief).train(DATA);
    try (LearnedReward first = one.reward();
        LearnedReward second = other.reward()) {
      assertThat(one.validationLoss()).isEqualTo(other.validationLoss());
      assertThat(one.heldOut()).isEqualTo(other.heldOut());
      assertThat(scores(first)).isEqualTo(scores(second));
    }
  }

  @Test
  void keepsTheNetworkOfTheBestEpoch() {
    TrainedReward trained =
        trainer(new BradleyTerryLoss(), SMALL.withMaxEpochs(60).withPatience(3)).train(DATA);
    try (LearnedReward reward = trained.reward()) {
      assertThat(trained.stopReason()).isEqualTo(StopReason.NO_IMPROVEMENT);
      assertThat(trained.validationLoss()).hasSize(trained.bestEpoch() + 4);
      assertThat(trained.trainingLoss()).hasSameSizeAs(trained.validationLoss());
      // trained anew for as many epochs as it took, the network is the same
      TrainedReward again =
          trainer(
                  new BradleyTerryLoss(),
                  SMALL.withMaxEpochs(trained.bestEpoch() + 1).withPatience(60))
              .train(DATA);
      try (LearnedReward best = again.reward()) {
        assertThat(again.stopReason()).isEqualTo(StopReason.MAX_EPOCHS);
        assertThat(scores(best)).isEqualTo(scores(reward));
      }
    }
  }

  @Test
  void theListenerHearsTheLossesOfEachEpoch() {
    List<RunEvent> events = new ArrayList<>();

    TrainedReward trained =
        trainer(new BradleyTerryLoss(), SMALL.withMaxEpochs(2).withPatience(2))
            .train(DATA, events::add, new Cancellation());

    trained.reward().close();
    assertThat(events).hasSize(2);
    RunEvent.Metrics last = (RunEvent.Metrics) events.get(1);
    assertThat(last.step()).isEqualTo(1);
    assertThat(last.values())
        .containsEntry("trainingLoss", trained.trainingLoss().get(1))
        .containsEntry("validationLoss", trained.validationLoss().get(1));
  }

  @Test
  void aMissingJudgementIsNotTrainedOn() {
    List<ImageGroup> groups = Planted.groups(40, 3, Seed.of(2));
    List<Judgement> judgements = new ArrayList<>();
    for (int g = 0; g < 40; g++) {
      judgements.add(
          g < 10
              ? Judgement.missing(3, "refused", "planted", Usage.NONE)
              : Planted.judge(groups.get(g)));
    }
    Options options = SMALL.withMaxEpochs(2).withPatience(2);

    TrainedReward all =
        trainer(new BradleyTerryLoss(), options).train(PreferenceSet.of(groups, judgements));
    TrainedReward judged =
        trainer(new BradleyTerryLoss(), options)
            .train(PreferenceSet.of(groups.subList(10, 40), judgements.subList(10, 40)));

    try (LearnedReward one = all.reward();
        LearnedReward other = judged.reward()) {
      assertThat(scores(one)).isEqualTo(scores(other));
    }
  }

  @Test
  void tooFewPromptsAreSaid() {
    PreferenceSet two = PreferenceSet.of(DATA.groups().subList(0, 2));

    assertThatThrownBy(() -> trainer(new BradleyTerryLoss(), SMALL).train(two))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "2 of 2 prompts have judgements from which this loss can learn, but at least 3 are needed:"
                + " one to train on, one for validation and one to hold out");
  }

  @Test
  void aCancelledTrainingStops() {
    Cancellation cancellation = new Cancellation();
    RunListener afterTheFirstEpoch = event -> cancellation.cancel();

    assertThatThrownBy(
            () ->
                trainer(new BradleyTerryLoss(), SMALL)
                    .train(DATA, afterTheFirstEpoch, cancellation))
        .isInstanceOf(CancellationException.class)
        .hasMessage("cancelled at training step 10");
  }

  @Test
  void aDivergingTrainingStopsAndSaysWhere() {
    Options wild = SMALL.withUpdater(new Sgd(1e200));

    assertThatThrownBy(() -> trainer(new BradleyTerryLoss(), wild).train(DATA))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("training step ")
        .hasMessageContaining("lower the learning rate");
  }

  @Test
  void aFeatureThatIsNoNumberIsSaid() {
    Features broken = changed("broken", 13, Float.NaN);

    assertThatThrownBy(
            () -> new RewardTrainer(broken, new BradleyTerryLoss(), SMALL, Seed.of(3)).train(DATA))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageMatching("feature 0 of 'broken' is NaN for an image of prompt 'prompt \\d+'");
  }

  @Test
  void aFeatureThatNeverVariedDoesNotCount() {
    TrainedReward trained =
        new RewardTrainer(
                changed("pixels", 13, 1),
                new BradleyTerryLoss(),
                SMALL.withMaxEpochs(2).withPatience(2),
                Seed.of(3))
            .train(DATA);
    try (LearnedReward reward = trained.reward()) {
      LearnedReward other =
          new LearnedReward(changed("pixels", 13, 1000), reward.scale(), reward.network());
      assertThat(scores(other)).isEqualTo(scores(reward));
    }
  }

  @Test
  void badOptionsAreSaid() {
    assertThatThrownBy(() -> SMALL.withHiddenLayers(List.of(4, 0)))
        .hasMessage("hidden layers must be at least 1 wide, but were [4, 0]");
    assertThatThrownBy(() -> SMALL.withMaxEpochs(0).withPatience(1))
        .hasMessage("maxEpochs must be at least 1, but was 0");
    assertThatThrownBy(() -> SMALL.withMaxEpochs(1).withPatience(0))
        .hasMessage("patience must be at least 1, but was 0");
    assertThatThrownBy(
            () ->
                new Options(
                    List.of(),
                    SMALL.activation(),
                    SMALL.updater(),
                    -1,
                    1,
                    1,
                    1,
                    0.5,
                    0.2,
                    SMALL.evaluation()))
        .hasMessage("l2 must be finite and at least 0, but was -1.0");
    assertThatThrownBy(
            () ->
                new Options(
                    List.of(),
                    SMALL.activation(),
                    SMALL.updater(),
                    0,
                    1,
                    1,
                    1,
                    0.5,
                    0.5,
                    SMALL.evaluation()))
        .hasMessage(
            "validationShare and heldOutShare must be above 0 and leave something to train on, but"
                + " were 0.5 and 0.5");
  }

  @Test
  void aSavedRewardGivesTheSameScoresToTheLastBit(@TempDir Path folder) {
    TrainedReward trained =
        trainer(new BradleyTerryLoss(), SMALL.withMaxEpochs(2).withPatience(2)).train(DATA);
    try (LearnedReward reward = trained.reward()) {
      reward.save(folder.resolve("reward"));

      try (LearnedReward loaded =
          LearnedReward.load(folder.resolve("reward"), Planted.features())) {
        assertThat(scores(loaded)).isEqualTo(scores(reward));
      }
    }
  }

  @Test
  void aRewardOverOtherFeaturesIsRefused(@TempDir Path folder) throws Exception {
    TrainedReward trained =
        trainer(new BradleyTerryLoss(), SMALL.withMaxEpochs(1).withPatience(1)).train(DATA);
    try (LearnedReward reward = trained.reward()) {
      Path saved = folder.resolve("reward");
      reward.save(saved);

      assertThatThrownBy(() -> LearnedReward.load(saved, changed("others", 13, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              saved + ": the reward was trained on the features 'pixels', but was given 'others'");
      assertThatThrownBy(() -> LearnedReward.load(saved, changed("pixels", 12, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(saved + ": the reward was trained on 13 features, but 'pixels' has 12");
      assertThatThrownBy(() -> reward.save(saved))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is there already");
      Files.delete(saved.resolve("network.safetensors"));
      assertThatThrownBy(() -> LearnedReward.load(saved, Planted.features()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              saved
                  + " has no file network.safetensors; expected a folder that LearnedReward.save wrote");
    }
  }

  @Test
  void everyImageOfARolloutHasAReward() {
    TrainedReward trained =
        trainer(new BradleyTerryLoss(), SMALL.withMaxEpochs(1).withPatience(1)).train(DATA);
    ImageGroup group = Planted.groups(1, 3, Seed.of(5)).get(0);
    List<Prompt> prompts = List.of(group.prompt(), group.prompt(), group.prompt());
    try (LearnedReward reward = trained.reward();
        Rollout rollout = Rollouts.of(prompts, group.images())) {
      double[] scores = reward.score(prompts, group.images());

      assertThat(reward.score(rollout, List.of()))
          .isEqualTo(org.tastemaker.core.Rewards.of(scores));
      assertThatThrownBy(() -> reward.score(prompts, List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "there must be at least one image and a prompt for each, but there were 0 images and 3"
                  + " prompts");
    }
  }

  @Test
  void scaledFeaturesHaveMeanZeroAndUnitVariance() {
    FeatureScale scale = FeatureScale.fit(List.of(new float[] {1, 7}, new float[] {3, 7}));

    double[][] rows = scale.apply(new float[][] {{1, 7}, {3, 7}, {5, 8}});

    assertThat(rows[0]).containsExactly(new double[] {-1, 0}, within(1e-12));
    assertThat(rows[1]).containsExactly(new double[] {1, 0}, within(1e-12));
    assertThat(rows[2]).containsExactly(new double[] {3, 0}, within(1e-12));
  }

  private static RewardTrainer trainer(RewardLoss loss, Options options) {
    return new RewardTrainer(Planted.features(), loss, options, Seed.of(3));
  }

  private static double[] scores(LearnedReward reward) {
    ImageGroup group = Planted.groups(1, 5, Seed.of(77)).get(0);
    return reward.score(java.util.Collections.nCopies(5, group.prompt()), group.images());
  }

  /** The planted features under a name and a size, with another first one. */
  private static Features changed(String name, int size, float first) {
    return new Features() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public int size() {
        return size;
      }

      @Override
      public float[][] of(List<Prompt> prompts, List<Image> images) {
        float[][] rows = Planted.features().of(prompts, images);
        for (float[] row : rows) {
          row[0] = first;
        }
        return rows;
      }
    };
  }
}
