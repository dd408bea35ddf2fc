package org.tastemaker.examples.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.examples.QuickStart;
import org.tastemaker.examples.align.AlignOptions;
import org.tastemaker.examples.align.FolderRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Aligns a model to a judge; without options it is the quick start. */
@Command(
    name = "align",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Aligns a model to what a judge prefers, and writes a LoRA file and a report.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  tastemaker align",
      "  tastemaker align --prompt fox --prompt butterfly --rounds 40 --run runs/animals",
      "  tastemaker align --judge chatgpt --price 0.40,1.60 --budget 2.00 --run runs/chatgpt",
      "  tastemaker align --judge http --base-url http://localhost:8000/v1 --judge-model qwen --yes",
      "  tastemaker align -m stable-diffusion-v1-5 --prompt \"a red barn\" --judge chatgpt --price 0.40,1.60",
      "  tastemaker align -m stable-diffusion-v1-5 --prompt \"a red barn\" --score pickscore --clip PickScore_v1"
    })
final class AlignCommand implements Callable<Integer>, Writes {
  private static final int STEPS = 20;
  private static final double GUIDANCE = 5;
  private static final String LIVE = "live.html";
  private static final String SCORE = "evaluation.rewardMean";

  private final Surroundings around;

  @Mixin private AlignOptions options = new AlignOptions();

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private PictureOptions picture = new PictureOptions();

  @Mixin private ScoreOptions score = new ScoreOptions();

  @Mixin private Output output = new Output();

  AlignCommand(Surroundings around) {
    this.around = around;
  }

  @Override
  public Path folder() {
    return options.run();
  }

  @Override
  public Integer call() {
    QuickStart.Setup setup = around.quickStart().withProgress(output::progress);
    model.check();
    int code = model.path().isPresent() ? own(setup) : bundled(setup);
    output.result(code, result());
    return code;
  }

  private int bundled(QuickStart.Setup setup) {
    if (picture.isGiven() || score.isGiven()) {
      throw new IllegalArgumentException(
          "--steps, --guidance, --size, --batch and --score are for a model of yours: give it with"
              + " --model, or leave them out");
    }
    return QuickStart.align(options, setup, output.words());
  }

  /** A model of the caller's. */
  private int own(QuickStart.Setup setup) {
    if (options.prompts().isEmpty()) {
      throw new IllegalArgumentException(
          "there is no prompt: say with --prompt TEXT what the model is to show, as often as wanted");
    }
    if (options.isPaid() == score.isGiven()) {
      throw new IllegalArgumentException(
          "who judges the images of --model? Give either --judge chatgpt or http, or --score jpeg,"
              + " or --score NAME with --clip PATH; the judge 'glyphs' knows the bundled model alone");
    }
    if (score.isGiven()) {
      score.check();
    }
    SamplingOptions sampling =
        picture.in(
            SamplingOptions.ddpo().withSteps(STEPS).withGuidanceScale(GUIDANCE).withBatchSize(4));
    OwnModel own = new OwnModel(options, model, sampling, output, around);
    if (!score.isGiven()) {
      return own.judged(setup);
    }
    try (ScoreOptions.Scorer scorer = score.open(options.engine().engine())) {
      return own.scored(setup, scorer);
    }
  }

  /** What is in the run's folder now. */
  private Map<String, @Nullable Object> result() {
    Path run = options.run();
    List<RunEvent.Metrics> metrics = RunFolder.metricsOf(run);
    List<Double> scores =
        metrics.stream().map(m -> m.values().get(SCORE)).filter(score -> score != null).toList();
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("run", run);
    result.put("rounds", metrics.stream().mapToLong(RunEvent.Metrics::step).max().orElse(0));
    result.put("scoreBefore", scores.isEmpty() ? null : scores.get(0));
    result.put("scoreAfter", scores.isEmpty() ? null : scores.get(scores.size() - 1));
    for (Map.Entry<String, String> file : files().entrySet()) {
      Path path = run.resolve(file.getValue());
      result.put(file.getKey(), Files.exists(path) ? path : null);
    }
    return result;
  }

  private Map<String, String> files() {
    return model.path().isPresent()
        ? Map.of("lora", FolderRun.LORA, "picture", FolderRun.PICTURE, "live", LIVE)
        : Map.of("lora", "emoji-lora.safetensors", "report", "report.html", "live", LIVE);
  }
}
