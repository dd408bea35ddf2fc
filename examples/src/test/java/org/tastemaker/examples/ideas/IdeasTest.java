package org.tastemaker.examples.ideas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.NothingJudgedException;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.reward.learned.RewardEvaluation;

/** Every example in a small setting. */
class IdeasTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(printed, true, UTF_8);

  @Test
  void imagesAreRankedOverHttpOnceAndThenFromTheCache() throws IOException {
    try (LoopbackServer server = RankImages.playChatGpt()) {
      ChatGptOracle.Builder chatGpt =
          ChatGptOracle.builder().model("mock").baseUrl(server.baseUrl()).withoutApiKey();
      Judgement judgement = RankImages.rank(chatGpt, 3, folder, out);
      long asked = server.answers();
      assertThat(judgement.ranking().isComplete()).isTrue();
      assertThat(asked).isPositive();

      assertThat(RankImages.rank(chatGpt, 3, folder, out).ranking()).isEqualTo(judgement.ranking());
      assertThat(server.answers()).isEqualTo(asked);
    }
    assertThat(folder.resolve("best-first.png")).exists();
    assertThat(printed.toString(UTF_8)).contains("best first");
  }

  @Test
  void theWholeLoopTrainsALora() throws IOException {
    AlignModel.Result result = AlignModel.align(2, 2, folder, out);

    assertThat(result.after()).isNotEqualTo(result.before()); // too short to be surely better
    assertThat(printed.toString(UTF_8)).contains("round 2 of 2", "score on held-out seeds");
    assertThat(folder.resolve("mine.safetensors")).exists();
  }

  @Test
  void aRewardOfYourOwnTrainsALora() throws IOException {
    OwnReward.Result result = OwnReward.train(2, 2, folder, out);

    assertThat(result.after()).isNotEqualTo(result.before()); // too short to be surely better
    assertThat(printed.toString(UTF_8)).contains("round  2");
    assertThat(folder.resolve("yellow.safetensors")).exists();
  }

  @Test
  void yellownessIsThatOfYellow() {
    assertThat(OwnReward.yellowness(Image.filled(2, 2, 1, 1, 0))).isEqualTo(1);
    assertThat(OwnReward.yellowness(Image.filled(2, 2, 1, 1, 1))).isEqualTo(0);
    assertThat(OwnReward.yellowness(Image.filled(2, 2, 0, 0, 1))).isEqualTo(-1);
  }

  @Test
  void aFolderIsAnnotatedAcrossAStopAndNothingIsPaidTwice() throws IOException {
    AnnotateFolder.makeImages(
        folder.resolve("prompts"), List.of("frog", "pizza", "lemon", "bus"), 2);

    AnnotateFolder.Paid paid = AnnotateFolder.annotate(folder, out);

    assertThat(paid.untilTheStop()).isPositive();
    assertThat(paid.afterIt()).isPositive();
    assertThat(paid.thirdRun()).isZero();
    assertThat(paid.untilTheStop() + paid.afterIt()).isEqualTo(paid.byTheDataset());
    assertThat(PreferenceDataset.readAll(folder.resolve("demonstration.jsonl"))).hasSize(4);
  }

  @Test
  void aPaidDatasetIsResumedAndOutlivesTheDemonstration() throws IOException {
    AnnotateFolder.makeImages(folder.resolve("prompts"), List.of("frog", "pizza"), 2);
    Path dataset = folder.resolve("preferences.jsonl");
    try (LoopbackServer server = RankImages.playChatGpt();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model("gpt-4.1-mini")
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .build()) {
      assertThat(AnnotateFolder.annotateForReal(folder, oracle, false, out).judged()).isEqualTo(2);
      long paid = server.answers();
      byte[] before = Files.readAllBytes(dataset);

      AnnotateFolder.annotate(folder, out); // asks a server of its own
      assertThat(AnnotateFolder.annotateForReal(folder, oracle, false, out).alreadyThere())
          .isEqualTo(2);

      assertThat(server.answers()).isEqualTo(paid).isPositive();
      assertThat(Files.readAllBytes(dataset)).isEqualTo(before);
    }
  }

  @Test
  void wrongArgumentsPrintTheUsageAndDoNothing() throws IOException {
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(told, true, Charset.defaultCharset());

    assertThat(RankImages.run(List.of("--rael"), folder, out, err)).isEqualTo(2);
    assertThat(FineTuneLora.run(List.of("model"), folder, out, err)).isEqualTo(2);
    assertThat(AnnotateFolder.run(List.of("--real"), folder, out, err)).isEqualTo(2);

    assertThat(told.toString(Charset.defaultCharset()).lines())
        .containsExactly(
            "usage: RankImages [--real], but the arguments were [--rael]",
            "usage: FineTuneLora [MODEL_FOLDER IMAGE_FOLDER], but the arguments were [model]",
            "usage: AnnotateFolder [--real FOLDER [--retry-missing]], but the arguments were"
                + " [--real]");
    assertThat(folder).isEmptyDirectory();
    assertThat(printed.size()).isZero();
  }

  @Test
  void whatIsMissingIsNamedWithTheWayOut() throws IOException {
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(told, true, Charset.defaultCharset());
    String images = folder.resolve("images").toString();

    assertThat(FineTuneLora.run(List.of("model", images), folder, out, err)).isEqualTo(2);
    Files.createDirectories(Path.of(images));
    assertThat(FineTuneLora.run(List.of("model", images), folder, out, err)).isEqualTo(2);
    Files.write(Path.of(images, "one.png"), Image.filled(4, 4, 1, 0, 0).toPng());
    assertThat(FineTuneLora.run(List.of("model", images), folder, out, err)).isEqualTo(2);

    String none =
        "there are no images with captions in " + images + ": put NAME.png and NAME.txt there";
    assertThat(told.toString(Charset.defaultCharset()).lines())
        .containsExactly(
            "there is no folder " + images + ": make one, and put prompts and images there",
            none,
            none);
    assertThat(printed.toString(UTF_8).lines())
        .containsExactly(
            "%s is left out: it has no caption: write one into %s"
                .formatted(Path.of(images, "one.png"), Path.of(images, "one.txt")));
  }

  @Test
  void aFolderOfWhichNothingCanBeJudgedFailsWithTheReason() throws IOException {
    AnnotateFolder.makeImages(folder.resolve("prompts"), List.of("frog", "pizza", "bus"), 2);
    AtomicBoolean refuses = new AtomicBoolean(true);
    MockJudge mock = MockJudge.of((image, prompt) -> image.get(0, 16, 16));
    Judge moody =
        question -> {
          if (refuses.get()) {
            throw new FeedbackException.Refused("I do not judge emoji");
          }
          return mock.ask(question);
        };
    try (LoopbackServer server = LoopbackServer.builder(moody).start();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model("gpt-4.1-mini")
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .cache(folder.resolve("answers"))
                .build()) {
      assertThatThrownBy(() -> AnnotateFolder.annotateForReal(folder, oracle, false, out))
          .isInstanceOf(NothingJudgedException.class)
          .hasMessageContaining("I cannot help with that"); // so the server says it
      assertThat(printed.toString(UTF_8))
          .doesNotContain("were judged")
          .contains("with --retry-missing asks again");
      assertThat(PreferenceDataset.readAll(folder.resolve("preferences.jsonl"))).isEmpty();

      refuses.set(false);
      // The refusals are in the cache, so that the same is said without a call.
      assertThatThrownBy(() -> AnnotateFolder.annotateForReal(folder, oracle, false, out))
          .isInstanceOf(NothingJudgedException.class);
      assertThat(AnnotateFolder.annotateForReal(folder, oracle, true, out).judged()).isEqualTo(3);
    }
  }

  @Test
  void badEntriesOfAFolderAreNamedAndTheRestIsJudged() throws IOException {
    Path prompts = folder.resolve("prompts");
    AnnotateFolder.makeImages(prompts, List.of("frog", "pizza", "bus"), 2);
    Files.write(prompts.resolve(".DS_Store"), new byte[] {0, 0, 0, 1, 66, 117, 100, 49});
    Files.write(prompts.resolve("frog/._0.png"), new byte[] {0, 5, 22, 7});
    Files.write(prompts.resolve("pizza/prompt.txt"), new byte[] {'c', 'a', 'f', (byte) 0xE9, '\n'});
    Files.move(prompts.resolve("bus/0.png"), prompts.resolve("bus/0.PNG"));
    try (LoopbackServer server = RankImages.playChatGpt();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model("gpt-4.1-mini")
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .build()) {
      assertThat(AnnotateFolder.annotateForReal(folder, oracle, false, out).judged()).isEqualTo(2);
    }
    assertThat(printed.toString(UTF_8))
        .contains(prompts.resolve("pizza/prompt.txt") + " is left out: it is not UTF-8: byte 0xE9")
        .contains("2 groups were judged");
  }

  @Test
  void filesOfAnEarlierRunAreKept() throws IOException {
    assertThat(Example.unused(folder, "lora", ".safetensors"))
        .isEqualTo(folder.resolve("lora.safetensors"));
    Files.writeString(folder.resolve("lora.safetensors"), "mine");
    Path tiny = folder.resolve("tiny");
    List<FineTuneLora.Captioned> colours = FineTuneLora.colours();
    TinyFolder.write(
        tiny, colours.stream().map(FineTuneLora.Captioned::caption).toList(), Seed.of(1));

    FineTuneLora.train(tiny, colours, 1, folder, out);

    assertThat(folder.resolve("lora.safetensors")).hasContent("mine");
    assertThat(folder.resolve("lora-2.safetensors")).exists();
    assertThat(printed.toString(UTF_8)).contains("lora-2.safetensors");
    assertThat(Example.unused(folder, "lora", ".safetensors"))
        .isEqualTo(folder.resolve("lora-3.safetensors"));
  }

  @Test
  void theSearchOfALatentNeverMakesItsImageWorse() throws IOException {
    OptimiseLatent.Result result = OptimiseLatent.search(2, 4, folder, out);

    assertThat(result.after()).isGreaterThanOrEqualTo(result.before()); // the judge never errs
    assertThat(folder.resolve("rounds.png")).exists();
  }

  @Test
  void gainsAreSearchedByRankingsAlone() throws IOException {
    SearchGains.Result result = SearchGains.search(2, 1, folder, out);

    assertThat(result.after()).isNotEqualTo(result.before()); // too short to be surely better
    assertThat(printed.toString(UTF_8)).contains("round  2", "score on held-out seeds");
    assertThat(folder.resolve("gains.safetensors")).exists();
    assertThat(folder.resolve("before-and-after.png")).exists();
  }

  @Test
  void aRewardModelIsTrainedEvaluatedAndSaved() throws IOException {
    Files.writeString(folder.resolve("reward"), "mine"); // of an earlier run
    RewardEvaluation heldOut = TrainRewardModel.train(20, 4, 2, folder, out);

    assertThat(heldOut.pairs()).isPositive();
    assertThat(folder.resolve("reward")).hasContent("mine");
    assertThat(folder.resolve("reward-2")).isNotEmptyDirectory();
    assertThat(printed.toString(UTF_8)).contains("agrees with the judge on", "reward-2");
  }

  @Test
  void aJudgeOfYourOwnMakesRewards() {
    Rewards rewards = OwnFeedbackOracle.judge(List.of(Prompt.of("bus")), 3, 2, out);

    assertThat(rewards.present()).isEqualTo(3);
    assertThat(rewards.mean().orElseThrow()).isEqualTo(0.5); // win rates
  }

  @Test
  void theMirrorPrefersSymmetryAndDoesNotJudgeEmptyImages() {
    Image left = Image.of(1, 1, 2, new float[] {1, 0});
    Image both = Image.of(1, 2, 2, new float[] {1, 1, 0, 0});
    Image empty = Image.of(1, 1, 2, new float[] {1, 1});
    Prompt prompt = Prompt.of("a");
    FeedbackOracle mirror = new OwnFeedbackOracle.Mirror();
    Rubric rubric = Rubric.of("symmetry", "1", "is the same in a mirror");

    List<Judgement> judgements =
        mirror.rank(
            List.of(
                new ImageGroup(prompt, List.of(left, both, empty)),
                new ImageGroup(prompt, List.of(empty, empty))),
            rubric);

    assertThat(judgements.get(0).ranking().tiers()).containsExactly(List.of(1), List.of(0));
    assertThat(judgements.get(1).missingReason()).isEqualTo("nothing to be seen");
  }

  @Test
  void aSamplerOfYourOwnIsAlignedByTheLibrarysLoop() {
    OwnSampler.Result result = OwnSampler.align(10, out);

    // The run is seeded, so the gain repeats: 0.13 with ten rounds.
    assertThat(result.after()).isGreaterThan(result.before() + 0.1);
  }

  @Test
  void aStableDiffusionFolderIsFineTuned() throws IOException {
    Path tiny = folder.resolve("tiny");
    List<FineTuneLora.Captioned> colours = FineTuneLora.colours();
    TinyFolder.write(
        tiny, colours.stream().map(FineTuneLora.Captioned::caption).toList(), Seed.of(1));

    List<Double> losses = FineTuneLora.train(tiny, colours, 20, folder, out);

    assertThat(losses).hasSize(20).allMatch(Double::isFinite);
    try (LatentDiffusion model = LatentDiffusion.load(tiny)) {
      Map<LoraNetwork, Lora> loras =
          LoraFile.read(
              folder.resolve("lora.safetensors"),
              "mine",
              Map.of(LoraNetwork.UNET, model.components().unet().parameters()));
      assertThat(loras).containsOnlyKeys(LoraNetwork.UNET);
      loras.values().forEach(Lora::close);
    }
  }

  @Test
  void imagesAndCaptionsAreReadFromAFolder() throws IOException {
    Image red = Image.filled(4, 4, 1, 0, 0);
    Files.write(folder.resolve("one.png"), red.toPng());
    Files.writeString(folder.resolve("one.txt"), "a red wall\n");

    assertThat(FineTuneLora.read(folder, out))
        .containsExactly(new FineTuneLora.Captioned("a red wall", red));
  }
}
