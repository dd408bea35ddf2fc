package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.examples.console.EngineOptions;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.measure.ClipScorer;
import org.tastemaker.examples.measure.PromptedImages;
import org.tastemaker.examples.measure.ScoreTable;
import org.tastemaker.reward.clip.ClipReward;
import org.tastemaker.reward.clip.ClipScore;
import org.tastemaker.reward.clip.Preprocessing;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of {@code ScoreImages}. */
@Command(
    name = "ScoreImages",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Scores a folder of images with a CLIP model's files.")
final class ScoreCommand implements Callable<Integer> {
  private static final String SCORES = ClipScorer.SCORES;

  private final Path output;
  private final PrintStream out;

  @Parameters(paramLabel = "IMAGES", description = "The folder of images.")
  private Path images = Path.of("");

  @Option(
      names = "--model",
      required = true,
      paramLabel = "PATH",
      description =
          "The CLIP model: a folder of transformers or OpenCLIP, or a file (.safetensors, .pt, .bin).")
  private Path model = Path.of("");

  @Option(
      names = "--score",
      required = true,
      paramLabel = "NAME",
      description = "One of " + SCORES + ".")
  private String score = "";

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description =
          "The prompts: CSV or JSON lines with file and prompt. Otherwise cat.txt beside cat.png, or"
              + " the image's name.")
  private @Nullable Path prompts;

  @Option(
      names = "--tokenizer",
      paramLabel = "FOLDER",
      description = "vocab.json and merges.txt, or tokenizer.json (default: the model's folder).")
  private @Nullable Path tokenizer;

  @Option(
      names = "--head",
      paramLabel = "FILE",
      description = "The aesthetic predictor, such as sac+logos+ava1-l14-linearMSE.pth.")
  private @Nullable Path head;

  @Option(
      names = "--preprocessing",
      paramLabel = "MODE",
      description =
          "How images are prepared: ${COMPLETION-CANDIDATES} (default: HPS_ORIGINAL for HPSv2, as its"
              + " own program does, otherwise PIL). It shifts scores.")
  private @Nullable Preprocessing preprocessing;

  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description =
          "Of a file without a configuration: QUICK_GELU (OpenAI's) or GELU (OpenCLIP's).")
  private @Nullable Activation activation;

  @Option(
      names = "--half",
      description = "Keep half-precision weights so in memory; only the engine torch reads them.")
  private boolean half;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Images that go through the tower together (default: ${DEFAULT-VALUE}).")
  private int batch = 4;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Where the table is written (default: runs/ideas/score-images/scores.csv).")
  private @Nullable Path csv;

  @Mixin private EngineOptions engine = new EngineOptions();

  private ScoreCommand(Path output, PrintStream out) {
    this.output = output;
    this.out = out;
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine of(Path output, PrintStream out) {
    return FileNames.in(new CommandLine(new ScoreCommand(output, out)))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Failures.in(() -> output));
  }

  @Override
  public Integer call() throws IOException {
    // 1. What can be said at once, before gigabytes are read.
    ClipScorer scorer =
        new ClipScorer(model, score, tokenizer, head, preprocessing, activation, half);
    ClipScore chosen = scorer.check();
    ClipReward.Options options =
        ClipReward.Options.defaults().withBatch(batch).withEngine(engine.engine());
    List<PromptedImages.Entry> entries = PromptedImages.of(images, prompts, out::println);

    // 2. The scores.
    try (ClipScorer.Open open = scorer.open(options)) {
      List<ScoreTable.Scored> scored =
          ScoreTable.score(open::score, entries, out::println, done -> {});

      // 3. The table.
      out.print(ScoreTable.text(open.name(), scored));
      Path target = csv == null ? output.resolve("scores.csv") : csv;
      Path parent = target.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      AtomicFiles.write(
          target,
          ScoreTable.csv(
              scored, chosen.title(), scorer.modelName(), scorer.mode(chosen).name(), images));
      out.println("written to " + target);
    }
    return 0;
  }
}
