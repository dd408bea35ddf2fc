package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.calibration.CalibrationLearner;
import org.tastemaker.feedback.calibration.JudgeCalibration;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.ScoreVerdicts;
import org.tastemaker.feedback.study.Stratum;
import org.tastemaker.feedback.study.StudyComparison;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options of {@code JudgeAgreement}, and what it does. */
@Command(
    name = "JudgeAgreement",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares a simulated judge with simulated people.")
final class AgreementCommand implements Callable<Integer> {
  private static final String MODEL = "gpt-4.1-mini";
  private static final double PEOPLES_NOISE = 0.1;
  private static final double PEOPLES_TIE = 0.05;

  private final Path folder;
  private final PrintStream out;

  @Option(
      names = "--prompts",
      paramLabel = "N",
      defaultValue = "12",
      description = "How many prompts, with three images each (default: ${DEFAULT-VALUE}).")
  private int prompts;

  @Option(
      names = "--voters",
      paramLabel = "N",
      defaultValue = "5",
      description = "How many simulated people vote about each pair (default: ${DEFAULT-VALUE}).")
  private int voters;

  @Option(
      names = "--noise",
      paramLabel = "X",
      defaultValue = "0.1",
      description = "The judge's noise, in units of the score (default: ${DEFAULT-VALUE}).")
  private double noise;

  @Option(
      names = "--bias",
      paramLabel = "X",
      defaultValue = "0.1",
      description =
          "The judge's liking for the image shown first, in the same units (default:"
              + " ${DEFAULT-VALUE}).")
  private double bias;

  @Option(
      names = "--calibrate",
      description =
          "Also learn what corrects the judge, and write it beside its dataset, for jobs and"
              + " rewards.")
  private boolean calibrate;

  private AgreementCommand(Path folder, PrintStream out) {
    this.folder = folder;
    this.out = out;
  }

  static CommandLine of(Path folder, PrintStream out) {
    return FileNames.in(new CommandLine(new AgreementCommand(folder, out)))
        .setExecutionExceptionHandler(Failures.in(() -> folder));
  }

  @Override
  public Integer call() throws IOException {
    if (prompts < 2 || prompts > EmojiPrompts.CONSISTENCY.size() || voters < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be 2 to %d prompts and at least 1 voter, but were %d and %d",
              EmojiPrompts.CONSISTENCY.size(),
              prompts,
              voters));
    }
    Files.createDirectories(folder);
    List<VotedGroup> votes = votes();
    out.println("simulated: " + voters + " voters a pair, and a judge on this machine");

    // 1. The judge is asked about what it was not asked before.
    String name = String.format(Locale.ROOT, "judged-noise-%s-bias-%s.jsonl", noise, bias);
    Path dataset = folder.resolve(name);
    MockJudge.Options faults =
        MockJudge.Options.defaults()
            .withSeed(Seed.of(7))
            .withTemperature(noise)
            .withPositionBias(bias);
    GlyphJudge glyphs = BundledModel.judge();
    MockJudge judge =
        MockJudge.of(
            (image, prompt) ->
                glyphs.score(image.resized(32, 32), EmojiPrompts.answers(prompt.text())),
            faults);
    try (LoopbackServer server = LoopbackServer.builder(judge).start();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model(MODEL)
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .protocol(Protocol.pairsInBothOrders(1))
                .build()) {
      AnnotationJob job = AnnotationJob.builder(dataset, oracle, Rubrics.consistency()).build();
      out.println(job.run(AgreementStudy.groups(votes)).words());
      out.println("answers by the judge in this run: " + server.answers());
    }

    // 2. Against people, and beside a score that looks at one image at a time.
    StudyComparison study =
        AgreementStudy.builder()
            .stratum(Stratum.bySame("sampling"))
            .stratum(Stratum.byRankDistance())
            .build()
            .compare(
                votes,
                DatasetVerdicts.of("simulated judge", dataset),
                ScoreVerdicts.of("brightness", (image, prompt) -> brightness(image)));
    String table = study.first().table() + System.lineSeparator() + study.table();
    out.println();
    out.print(table);
    write("agreement.txt", table);
    write("agreement.csv", study.first().csv());
    out.println("written to " + folder.resolve("agreement.csv"));
    if (calibrate) {
      JudgeCalibration calibration =
          CalibrationLearner.usual().learn(votes, dataset, Clock.systemUTC().instant());
      calibration.save(JudgeCalibration.beside(dataset));
      out.print(calibration.words());
      out.println("written to " + JudgeCalibration.beside(dataset));
    }
    return 0;
  }

  /** Two good images and a hasty one for each prompt, with the votes of simulated people. */
  private List<VotedGroup> votes() {
    GlyphJudge glyphs = BundledModel.judge();
    List<Prompt> asked =
        EmojiPrompts.CONSISTENCY.subList(0, prompts).stream().map(Prompt::of).toList();
    List<List<Image>> images = new ArrayList<>();
    try (LatentDiffusion model = BundledModel.load()) {
      images.add(model.generate(asked, Seed.of(1)));
      images.add(model.generate(asked, Seed.of(2)));
      images.add(
          model
              .with(BundledModel.sampling().withSteps(7).withGuidanceScale(1))
              .generate(asked, Seed.of(3)));
    }
    List<VotedGroup> groups = new ArrayList<>();
    for (int p = 0; p < prompts; p++) {
      int prompt = p;
      List<Image> own = images.stream().map(all -> all.get(prompt)).toList();
      double[] scores =
          own.stream()
              .mapToDouble(
                  image -> glyphs.score(image, EmojiPrompts.answers(asked.get(prompt).text())))
              .toArray();
      List<VotedPair> pairs = new ArrayList<>();
      for (int i = 0; i < scores.length; i++) {
        for (int j = i + 1; j < scores.length; j++) {
          pairs.add(new VotedPair(i, j, VotedPair.OVERALL, vote(p, i, j, scores[i] - scores[j])));
        }
      }
      groups.add(
          new VotedGroup(new ImageGroup(asked.get(p), own), pairs, Map.of(), List.of())
              .withImageFact("sampling", List.of("careful", "careful", "hasty")));
    }
    return groups;
  }

  /** Each sees the difference of the scores with a noise of its own. */
  private List<Vote> vote(int prompt, int first, int second, double difference) {
    List<Vote> votes = new ArrayList<>();
    for (int voter = 0; voter < voters; voter++) {
      RandomGenerator random =
          Seed.of(5).split(prompt).split(first * 3L + second).split(voter).generator();
      double seen = difference + PEOPLES_NOISE * random.nextGaussian();
      votes.add(new Vote(Choice.ofScores(seen, 0, PEOPLES_TIE), "simulated " + voter));
    }
    return votes;
  }

  private static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  private void write(String name, String text) throws IOException {
    AtomicFiles.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }
}
