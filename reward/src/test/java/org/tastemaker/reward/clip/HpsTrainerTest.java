package org.tastemaker.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.reward.learned.JudgedGroup;
import org.tastemaker.reward.learned.PreferenceSet;
import org.tastemaker.reward.learned.TrainedReward.StopReason;

class HpsTrainerTest {
  private static final HpsTrainer.Options OPTIONS =
      HpsTrainer.Options.defaults()
          .withImageLayers(2)
          .withTextLayers(1)
          .withLearningRate(3e-3)
          .withAdamW(AdamW.Options.defaults())
          .withBatchPrompts(8)
          .withMaxEpochs(15)
          .withPatience(15);

  @TempDir Path temp;
  private final ClipModel clip = ToyClip.model(Seed.of(2));

  @AfterEach
  void closeModel() {
    clip.close();
  }

  private HpsTrainer trainer(HpsTrainer.Options options) {
    return new HpsTrainer(clip, "toy", ToyClip.tokenizer(), options, Seed.of(3));
  }

  /** Noise that is brighter or darker, of which a judge likes the bright. */
  private static PreferenceSet bright(int prompts, int each) {
    List<JudgedGroup> groups = new ArrayList<>();
    for (int p = 0; p < prompts; p++) {
      List<Image> images = new ArrayList<>();
      double[] light = new double[each];
      for (int i = 0; i < each; i++) {
        light[i] = Seed.of(7).split(p).split(i).generator().nextDouble();
        float[] values = ToyClip.image(8, 8, 100 * p + i).toFloats();
        for (int k = 0; k < values.length; k++) {
          values[k] = (float) (0.3 * values[k] + 0.7 * light[i]);
        }
        images.add(Image.of(3, 8, 8, values));
      }
      groups.add(
          JudgedGroup.compared(
              Prompt.of("a cat number " + p),
              images,
              Ballots.ofRankings(List.of(Ranking.ofScores(light)))));
    }
    return PreferenceSet.of(groups);
  }

  private Map<String, float[]> weights() {
    Map<String, float[]> weights = new LinkedHashMap<>();
    clip.parameters()
        .arrays()
        .forEach((name, array) -> weights.put(name, array.dup().data().asFloat()));
    return weights;
  }

  @Test
  void choicesOfPromptsThatItHasNotSeenArePredictedAfterTraining() {
    TrainedHps trained = trainer(OPTIONS).train(bright(80, 3));
    assertThat(trained.before().choices()).isEqualTo(16);
    assertThat(trained.before().accuracy().orElseThrow()).isLessThan(0.7);
    // Binomial: with a third by chance, 13 of 16 has the probability 1e-4.
    assertThat(trained.heldOut().accuracy().orElseThrow()).isGreaterThan(0.8);
    assertThat(trained.heldOut().pairs().accuracy().orElseThrow()).isGreaterThan(0.85);
    assertThat(trained.validationLoss()).hasSize(trained.trainingLoss().size() + 1);
    assertThat(trained.validationLoss().get(trained.bestEpoch()))
        .isLessThan(trained.validationLoss().get(0));
  }

  @Test
  void pairsTeachTheSame() {
    TrainedHps trained = trainer(OPTIONS.withForm(HpsForm.PAIRS)).train(bright(80, 3));
    assertThat(trained.heldOut().accuracy().orElseThrow()).isGreaterThan(0.8);
  }

  @Test
  void sameSeedGivesTheSameScore() {
    TrainedHps first = trainer(OPTIONS.withMaxEpochs(2)).train(bright(20, 2));
    try (ClipModel again = ToyClip.model(Seed.of(2))) {
      TrainedHps second =
          new HpsTrainer(again, "toy", ToyClip.tokenizer(), OPTIONS.withMaxEpochs(2), Seed.of(3))
              .train(bright(20, 2));
      assertThat(second).isEqualTo(first);
      assertThat(again.parameters().arrays()).isEqualTo(clip.parameters().arrays());
    }
  }

  @Test
  void onlyTheLastLayersChange() {
    Map<String, float[]> before = weights();
    TrainedHps unused =
        trainer(
                OPTIONS
                    .withImageLayers(1)
                    .withTextLayers(0)
                    .withMaxEpochs(2)
                    .withLearningRate(1e-4))
            .train(bright(20, 2));
    Map<String, float[]> after = weights();
    assertThat(before.keySet().stream().filter(n -> !Arrays.equals(before.get(n), after.get(n))))
        .contains("visual_projection.weight", "vision_model.encoder.layers.1.mlp.fc2.weight")
        .noneMatch(name -> name.startsWith("text_"))
        .noneMatch(name -> name.contains("layers.0.") || name.contains("embeddings"));
  }

  @Test
  void trainingThatImprovesNothingKeepsTheModelAsItWas() {
    Map<String, float[]> before = weights();
    // Of two images that are the same, a judge likes either: ln 2, whatever the weights are.
    List<JudgedGroup> same = new ArrayList<>();
    for (int p = 0; p < 20; p++) {
      same.add(
          JudgedGroup.compared(
              Prompt.of("a dog number " + p),
              List.of(ToyClip.image(8, 8, p), ToyClip.image(8, 8, p)),
              Ballots.ofRankings(List.of(Ranking.of(0, 1), Ranking.of(1, 0)))));
    }
    TrainedHps trained = trainer(OPTIONS.withPatience(2)).train(PreferenceSet.of(same));
    assertThat(trained.stopReason()).isEqualTo(StopReason.NO_IMPROVEMENT);
    assertThat(trained.bestEpoch()).isZero();
    assertThat(trained.trainingLoss()).hasSize(2);
    assertThat(trained.heldOut()).isEqualTo(trained.before());
    weights().forEach((name, now) -> assertThat(now).as(name).isEqualTo(before.get(name)));
  }

  @Test
  void cancelledTrainingLeavesTheBestWeightsSoFar() {
    Map<String, float[]> before = weights();
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    assertThatThrownBy(
            () -> trainer(OPTIONS).train(bright(20, 2), RunListener.none(), cancellation))
        .isInstanceOf(CancellationException.class);
    weights().forEach((name, now) -> assertThat(now).as(name).isEqualTo(before.get(name)));
  }

  @Test
  void listenersHearTheLossesOfEachEpoch() {
    List<RunEvent.Metrics> heard = new ArrayList<>();
    TrainedHps trained =
        trainer(OPTIONS.withMaxEpochs(2))
            .train(
                bright(20, 2),
                event -> {
                  if (event instanceof RunEvent.Metrics metrics) {
                    heard.add(metrics);
                  }
                },
                new Cancellation());
    assertThat(heard).extracting(RunEvent.Metrics::step).containsExactly(1L, 2L);
    assertThat(heard.get(1).values())
        .containsEntry("trainingLoss", trained.trainingLoss().get(1))
        .containsEntry("validationLoss", trained.validationLoss().get(2));
  }

  @Test
  void savedModelGivesTheSameScores() {
    TrainedHps unused = trainer(OPTIONS.withMaxEpochs(2)).train(bright(20, 2));
    ClipReward reward = trainer(OPTIONS).reward();
    List<Prompt> prompts = List.of(Prompt.of("a cat"), Prompt.of("a dog"));
    List<Image> images = List.of(ToyClip.image(8, 8, 1), ToyClip.image(8, 8, 2));
    clip.save(temp);
    try (ClipModel copy = ClipModel.load(temp)) {
      ClipReward loaded =
          new HpsTrainer(copy, "toy", ToyClip.tokenizer(), OPTIONS, Seed.of(3)).reward();
      assertThat(loaded.score(prompts, images)).isEqualTo(reward.score(prompts, images));
      assertThat(loaded.name()).isEqualTo("HPS (toy, PIL)");
    }
  }

  @Test
  void groupsOfSeveralSizesAreTrainedTogether() {
    List<JudgedGroup> groups = new ArrayList<>(bright(10, 2).groups());
    bright(20, 4).groups().subList(10, 20).forEach(groups::add);
    TrainedHps trained = trainer(OPTIONS.withMaxEpochs(2)).train(PreferenceSet.of(groups));
    assertThat(trained.trainingLoss()).hasSize(2).allMatch(Double::isFinite);
  }

  // ---- Bad input

  @Test
  void tooFewPromptsWithChoicesAreRefused() {
    List<JudgedGroup> groups = new ArrayList<>(bright(2, 2).groups());
    groups.add(
        JudgedGroup.compared(
            Prompt.of("nobody chose"),
            List.of(ToyClip.image(8, 8, 1), ToyClip.image(8, 8, 2)),
            Ballots.ofRankings(List.of(Ranking.none(2)))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> trainer(OPTIONS).train(PreferenceSet.of(groups)))
        .withMessageContaining("2 of 3 prompts have choices")
        .withMessageContaining("at least 3");
  }

  @Test
  void moreLayersThanTheModelHasAreRefusedBeforeAnyWork() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> trainer(HpsTrainer.Options.defaults()))
        .withMessageContaining("2 layers")
        .withMessageContaining("10");
  }

  @Test
  void settingsAreChecked() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.withLearningRate(0))
        .withMessageContaining("learningRate");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.withValidationShare(0.9))
        .withMessageContaining("leave something to train on");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.withBatchPrompts(0))
        .withMessageContaining("batchPrompts");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.withImageLayers(-1))
        .withMessageContaining("imageLayers");
  }
}
