package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.tastemaker.core.Image;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.optim.run.RunResult;
import org.tastemaker.plot.LinePlot;
import org.tastemaker.reward.image.JpegReward;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Black et al. (2023), section 5.1, on the bundled model: DDPO makes images whose JPEG files are
 * small, or large, without being told how.
 *
 * <p>Each training is a file in the run's folder, with a picture of the same held-out seeds before
 * (above) and after (below); existing ones are skipped.
 */
@Command(
    name = "jpeg-experiment",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Trains the bundled model for compressible, and for incompressible, images.")
public final class JpegExperiment implements Callable<Integer> {
  private static final double LEARNING_RATE = 1e-3;
  private static final double CLIP_RANGE = 1e-3;
  private static final int UPDATES = 4;

  @Option(
      names = "--run",
      description = "Folder of the results; what is in it is kept (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/jpeg");

  @Option(
      names = "--directions",
      split = ",",
      description = "Which images to reward: ${COMPLETION-CANDIDATES} (default: both).")
  private List<JpegResult.Direction> directions = List.of(JpegResult.Direction.values());

  @Option(
      names = "--seeds",
      split = ",",
      description = "Seeds; one training per direction and seed (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds = List.of(1L, 2L, 3L);

  @Mixin private ProtocolOptions training = new ProtocolOptions(60, 8, 1);

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Made by picocli. */
  public JpegExperiment() {}

  /**
   * Runs what is missing and writes the table, the plot and the pictures.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(command().execute(args));
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine command() {
    JpegExperiment experiment = new JpegExperiment();
    return FileNames.in(new CommandLine(experiment))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Failures.in(() -> experiment.run));
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Protocol protocol = training.protocol();
    List<Job> jobs = new ArrayList<>();
    for (long seed : seeds) {
      for (JpegResult.Direction direction : directions) {
        jobs.add(new Job(direction, seed));
      }
    }
    List<Job> missing = jobs.stream().filter(job -> !isDone(job, protocol)).toList();
    if (!missing.isEmpty()) {
      try (LatentDiffusion model = BundledModel.load()) {
        for (Job job : missing) {
          out.println(line(List.of(train(protocol.sampled(model), protocol, job))));
          out.flush();
        }
      }
    }
    List<JpegResult> results = jobs.stream().map(this::read).toList();
    String table = markdown(results);
    AtomicFiles.write(run.resolve("jpeg.md"), table);
    AtomicFiles.write(run.resolve("jpeg.png"), plot(results, protocol).toPng());
    out.print(table);
    return 0;
  }

  private record Job(JpegResult.Direction direction, long seed) {}

  private JpegResult read(Job job) {
    return JpegResult.read(JpegResult.file(run, job.direction(), job.seed()));
  }

  /** Whether the training exists; one with other settings is neither used nor overwritten. */
  private boolean isDone(Job job, Protocol protocol) {
    Path file = JpegResult.file(run, job.direction(), job.seed());
    if (!Files.exists(file)) {
      return false;
    }
    StoredSettings.requireSame(file, read(job).settings(), settings(protocol));
    return true;
  }

  /** What must be equal for results to be compared. */
  static Settings settings(Protocol protocol) {
    return protocol
        .settings()
        .with("learningRate", LEARNING_RATE)
        .with("clipRange", CLIP_RANGE)
        .with("updates", UPDATES);
  }

  private JpegResult train(LatentDiffusion model, Protocol protocol, Job job) {
    Seed seed = Seed.of(job.seed());
    List<Double> kilobytes = new ArrayList<>();
    JpegReward reward = job.direction().reward();
    RewardModel noted =
        (rollout, judgements) -> {
          kilobytes.add(mean(sizes(rollout.images())));
          return reward.score(rollout, judgements);
        };
    try (Lora lora =
            Lora.create(
                "tastemaker",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.defaults(),
                seed.split("lora"));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(LEARNING_RATE))) {
      Ddpo.Options options =
          Ddpo.Options.importanceSampling()
              .withClipRange(CLIP_RANGE)
              .withUpdatesPerEpoch(UPDATES)
              .withMicroBatch(
                  Protocol.microBatch(1 + protocol.imagesPerRound() * Protocol.STEPS / UPDATES))
              .withPromptStatistics(
                  Optional.of(
                      new PromptStatistics.Options(
                          4 * protocol.imagesPerPrompt(), protocol.imagesPerPrompt())));
      RunResult result =
          AlignmentRun.of(
                  PromptSource.all(protocol.prompts(), protocol.imagesPerPrompt()),
                  policy.sampler(),
                  noted,
                  new Ddpo(policy, options, seed.split("ddpo")),
                  seed.split("rounds"))
              .run(AlignmentRun.Options.rounds(protocol.rounds()));
      if (result.reason() != RunResult.Reason.FINISHED) {
        throw new IllegalStateException(result.message());
      }
      Seed heldOutSeed = seed.split("held out");
      try (Rollout before = policy.reference().rollout(protocol.heldOut(), heldOutSeed);
          Rollout after = policy.sampler().rollout(protocol.heldOut(), heldOutSeed)) {
        JpegResult done =
            new JpegResult(
                job.direction(),
                job.seed(),
                settings(protocol),
                kilobytes,
                sizes(before.images()),
                sizes(after.images()),
                policy.klToReference(after, Protocol.microBatch(after.size() * Protocol.STEPS)));
        done.write(run);
        AtomicFiles.write(
            run.resolve(job.direction().id() + "-" + job.seed() + ".png"),
            pictures(protocol, before.images(), after.images()).toPng());
        return done;
      }
    }
  }

  /** The first held-out image of each prompt: the base model's above, the trained one's below. */
  private static Image pictures(Protocol protocol, List<Image> before, List<Image> after) {
    int each = protocol.heldOutPerPrompt();
    int columns = protocol.prompts().size();
    List<Image> shown = new ArrayList<>();
    for (List<Image> row : List.of(before, after)) {
      IntStream.range(0, columns).mapToObj(p -> row.get(p * each)).forEach(shown::add);
    }
    return ImageGrid.of(shown).columns(columns).cell(64).draw();
  }

  private static List<Double> sizes(List<Image> images) {
    return images.stream().map(JpegReward::kilobytes).toList();
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  /**
   * The table.
   *
   * @param results at least one
   * @return Markdown
   */
  static String markdown(List<JpegResult> results) {
    StringBuilder table = new StringBuilder();
    table.append("| reward | seeds | before, kB | after, kB | change, kB | by seed | KL |\n");
    table.append("| --- | --- | --- | --- | --- | --- | --- |\n");
    for (JpegResult.Direction direction : JpegResult.Direction.values()) {
      List<JpegResult> some = results.stream().filter(r -> r.direction() == direction).toList();
      if (!some.isEmpty()) {
        table.append(line(some)).append('\n');
      }
    }
    return table.toString();
  }

  private static String line(List<JpegResult> results) {
    double[] changes =
        results.stream().mapToDouble(r -> mean(r.after()) - mean(r.before())).toArray();
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.3f | %.3f | %s | %s | %.2f |",
        results.get(0).direction().id(),
        results.size(),
        results.stream().mapToDouble(r -> mean(r.before())).average().orElseThrow(),
        results.stream().mapToDouble(r -> mean(r.after())).average().orElseThrow(),
        Estimate.student(changes, 0.05).text(),
        String.join(
            " ",
            Arrays.stream(changes).mapToObj(c -> String.format(Locale.ROOT, "%+.3f", c)).toList()),
        results.stream().mapToDouble(JpegResult::kl).average().orElseThrow());
  }

  /** Mean size of a round's images against the images made so far: the paper's figure. */
  static Image plot(List<JpegResult> results, Protocol protocol) {
    LinePlot plot = LinePlot.of("JPEG size of a round's images", "images made", "kB");
    for (JpegResult.Direction direction : JpegResult.Direction.values()) {
      List<JpegResult> some = results.stream().filter(r -> r.direction() == direction).toList();
      if (some.isEmpty()) {
        continue;
      }
      double[] x = new double[protocol.rounds()];
      double[] y = new double[x.length];
      double[] low = new double[x.length];
      double[] high = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        int round = i;
        double[] values = some.stream().mapToDouble(r -> r.kilobytes().get(round)).toArray();
        x[i] = (double) i * protocol.imagesPerRound();
        y[i] = Arrays.stream(values).average().orElseThrow();
        low[i] = Arrays.stream(values).min().orElseThrow();
        high[i] = Arrays.stream(values).max().orElseThrow();
      }
      plot.line(direction.id(), x, y, low, high);
    }
    return plot.draw(760, 400);
  }
}
