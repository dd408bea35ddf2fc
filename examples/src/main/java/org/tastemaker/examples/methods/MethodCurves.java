package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.QuickRun;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.console.CtrlC;
import org.tastemaker.examples.console.EngineOptions;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Trains for as long as the papers do, and draws the curves: every method on tens of thousands of
 * images, which takes days. So it may be stopped at any moment, and goes on where it was; what a
 * training has reached so far is a small file beside its folder, from which the page is made.
 */
@Command(
    name = "method-curves",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Draws the learning curves of long trainings by several methods.")
public final class MethodCurves implements Callable<Integer> {
  @Option(
      names = "--run",
      description =
          "Folder of the trainings; what is in it is resumed (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/curves");

  @Option(
      names = "--methods",
      split = ",",
      description = "Which methods, by name (default: those of DDPO's figure and DiffusionNFT).")
  private List<String> methods = List.of("nft", "grpo-guard", "ddpo-is", "dpok", "ddpo-sf", "rwr");

  @Option(
      names = "--seeds",
      split = ",",
      description = "Seeds; one training for each method and seed (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds = List.of(1L, 2L, 3L);

  @Option(
      names = "--weights",
      description = "What is trained: lora or all (default: ${DEFAULT-VALUE}).")
  private String weights = "lora";

  @Option(names = "--rank", description = "Rank of the LoRA (default: the methods' own).")
  private @Nullable Integer rank;

  @Option(names = "--learning-rate", description = "Overrides the methods' own.")
  private @Nullable Double learningRate;

  @Option(names = "--strength", description = "Overrides the methods' own number.")
  private @Nullable Double strength;

  @Option(
      names = "--every",
      description = "Images between measurements and checkpoints (default: ${DEFAULT-VALUE}).")
  private int every = 1280;

  @Option(names = "--page-only", description = "Train nothing: make the page from what is there.")
  private boolean pageOnly;

  @Option(
      names = "--time",
      paramLabel = "ROUNDS",
      description =
          "Train nothing to the end: time so many rounds of each method, in turns, for the page.")
  private int turns;

  @Mixin private ProtocolOptions training = new ProtocolOptions(320, 16, 1.5);

  @Mixin private EngineOptions engine = new EngineOptions();

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Made by picocli. */
  public MethodCurves() {}

  /**
   * Trains what is missing and makes the page.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(command().execute(args));
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments, 130 stopped. */
  static CommandLine command() {
    MethodCurves curves = new MethodCurves();
    return FileNames.in(new CommandLine(curves))
        .setExecutionExceptionHandler(Failures.in(() -> curves.run));
  }

  @Override
  @SuppressWarnings("try") // the Ctrl-C handler is only closed
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    requireValid();
    Trained trained = new Trained(weights.equals("all"), rank == null ? 0 : rank);
    List<Method> chosen = methods.stream().map(Method::of).toList();
    Cancellation stop = new Cancellation();
    List<LongCurve.Subject> subjects = new ArrayList<>();
    for (long seed : turns > 0 ? seeds.subList(0, 1) : seeds) {
      chosen.forEach(
          m -> subjects.add(new LongCurve.Subject(m, setting(m, trained), trained, seed)));
    }
    if (!pageOnly) {
      try (CtrlC ctrlC = new CtrlC(stop)) {
        if (turns > 0) {
          time(subjects, stop);
        } else {
          subjects.stream().filter(s -> !stop.isRequested()).forEach(s -> train(s, stop));
        }
      }
    }
    if (turns > 0 && LongCurve.readAll(run).isEmpty()) {
      out.printf(Locale.ROOT, "Times: %s%n", RoundTimes.read(run).orElseThrow().medians());
    } else {
      page(out);
    }
    return stop.isRequested() ? QuickRun.STOPPED : 0;
  }

  private void requireValid() {
    if (!weights.equals("lora") && !weights.equals("all")) {
      throw new IllegalArgumentException("--weights must be lora or all, but was " + weights);
    }
    if (rank != null && rank < 1) {
      throw new IllegalArgumentException("--rank must be at least 1, but was " + rank);
    }
    if (every < 1) {
      throw new IllegalArgumentException("--every must be at least 1, but was " + every);
    }
    if (turns < 0) {
      throw new IllegalArgumentException("--time must be at least 1 round, but was " + turns);
    }
  }

  private Setting setting(Method method, Trained trained) {
    Setting tuned = LongSettings.of(method, trained);
    return new Setting(
        learningRate == null ? tuned.learningRate() : learningRate,
        tuned.updates(),
        strength == null ? tuned.strength() : strength);
  }

  /** Trains to the end, if it has not got there. */
  private void train(LongCurve.Subject subject, Cancellation stop) {
    EmojiTask task = EmojiTask.consistency(BundledModel.judge(), training.prompts());
    Protocol protocol = training.protocol(task.prompts());
    Settings settings = subject.settings(protocol).and(asked());
    Path file = run.resolve(subject.name() + ".json");
    if (Files.exists(file)) {
      LongCurve there = LongCurve.read(file);
      StoredSettings.requireSame(file, there.settings(), settings);
      if (there.last().images() >= protocol.images() - protocol.imagesPerRound()) {
        return;
      }
    }
    Path folder = run.resolve(subject.name());
    try (LatentDiffusion model = BundledModel.load()) {
      LongRun curve = new LongRun(model.on(engine.engine()), task, protocol, subject, every);
      RunListener keeping =
          event -> {
            if (event instanceof RunEvent.Progress && RunFolder.exists(folder)) {
              keep(subject, settings, folder, curve.imagesPerRound());
            }
          };
      try (ConsoleProgress progress = ConsoleProgress.of(subject.name(), curve.rounds())) {
        curve.run(folder, RunListener.all(progress, keeping), stop);
      }
      keep(subject, settings, folder, curve.imagesPerRound());
    }
  }

  /** Times rounds. What earlier calls have timed of other methods is kept. */
  private void time(List<LongCurve.Subject> subjects, Cancellation stop) {
    EmojiTask task = EmojiTask.consistency(BundledModel.judge(), training.prompts());
    Protocol protocol = training.protocol(task.prompts());
    Settings settings = protocol.settingsOfARound().and(asked());
    Path file = run.resolve(LongCurve.TIMES);
    Optional<RoundTimes> earlier = RoundTimes.read(run);
    earlier.ifPresent(times -> StoredSettings.requireSame(file, times.settings(), settings));
    RoundTimer timer = new RoundTimer(task, protocol, engine.engine(), run.resolve("timed-round"));
    RoundTimes times = timer.time(subjects, turns, settings, stop);
    earlier.map(times::orThoseOf).orElse(times).write(run);
  }

  private Settings asked() {
    Settings asked = Settings.none();
    for (Map.Entry<String, String> each : engine.settings().entrySet()) {
      asked = asked.with(each.getKey(), each.getValue());
    }
    return asked;
  }

  /** Writes what there is, once there is a measurement. */
  private void keep(LongCurve.Subject subject, Settings settings, Path folder, int imagesPerRound) {
    LongCurve.of(subject, settings, folder, imagesPerRound).ifPresent(curve -> curve.write(run));
  }

  private void page(PrintWriter out) throws IOException {
    List<LongCurve> curves = RoundTimes.curvesOf(run);
    if (curves.isEmpty()) {
      throw new IllegalArgumentException(run + " has no curves yet: leave out --page-only");
    }
    List<LongCurvePicture> pictures = LongCurvePlot.all(curves);
    String page = LongCurvePage.markdown(curves, pictures, RoundTimes.read(run));
    AtomicFiles.write(run.resolve("curves.md"), page);
    for (LongCurvePicture picture : pictures) {
      AtomicFiles.write(run.resolve(picture.file()), picture.image().toPng());
    }
    out.printf(Locale.ROOT, "%s%nPage: %s%n", page, run.resolve("curves.md"));
  }
}
