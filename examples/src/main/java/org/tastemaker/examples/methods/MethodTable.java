package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Trains with every method on the same number of images, with several seeds each, and writes the
 * table of what they reach and what they cost.
 *
 * <p>Each trial is a file in the run's folder, written when it is done; existing ones are skipped.
 * So the command can be stopped and resumed, and several processes can share a folder if their
 * methods or seeds differ.
 */
@Command(
    name = "method-table",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares the policy optimizers on the bundled model.")
public final class MethodTable implements Callable<Integer> {
  @Option(
      names = "--run",
      description = "Folder of the results; what is in it is kept (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/methods");

  @Option(names = "--methods", split = ",", description = "Which methods, by name (default: all).")
  private List<String> methods = Arrays.stream(Method.values()).map(Method::id).toList();

  @Option(
      names = "--seeds",
      split = ",",
      description = "Seeds; one trial per method and seed (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds = List.of(1L, 2L, 3L);

  @Mixin private ProtocolOptions training = new ProtocolOptions(12, 16, 1.5);

  @Option(
      names = "--learning-rate",
      description = "Overrides the tuned learning rate; for the searches, the largest step.")
  private @Nullable Double learningRate;

  @Option(
      names = "--updates",
      description = "Overrides the tuned updates per round; for the searches, the steps tried.")
  private @Nullable Integer updates;

  @Option(
      names = "--strength",
      description =
          "Overrides the tuned value: clip range (ddpo-is, grpo, grpo-guard), largest KL (flow-dppo), steps of the window (mix-grpo), KL weight (dpok), gamma (dpok-kl-d,"
              + " dpok-kl-o), beta (rwr), pre-training weight (lee), radius (zo-gains, zo-rank-sgd).")
  private @Nullable Double strength;

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Made by picocli. */
  public MethodTable() {}

  /**
   * Runs what is missing and writes the table.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(command().execute(args));
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine command() {
    MethodTable table = new MethodTable();
    return FileNames.in(new CommandLine(table))
        .setExecutionExceptionHandler(Failures.in(() -> table.run));
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    List<Method> chosen = methods.stream().map(Method::of).toList();
    EmojiTask task = EmojiTask.consistency(BundledModel.judge(), training.prompts());
    Protocol protocol = training.protocol(task.prompts());
    List<Job> jobs = new ArrayList<>();
    for (long seed : seeds) {
      for (Method method : chosen) {
        jobs.add(new Job(method, setting(method), seed));
      }
    }
    jobs.removeIf(job -> isDone(job, protocol));
    if (!jobs.isEmpty()) {
      run(jobs, task, protocol, out);
    }
    report(out);
    return 0;
  }

  private void run(List<Job> jobs, EmojiTask task, Protocol protocol, PrintWriter out) {
    Map<Long, List<Double>> base = new HashMap<>();
    try (LatentDiffusion model = BundledModel.load()) {
      for (Job job : jobs) {
        Trial trial = new Trial(model, task, protocol, job.method(), job.setting(), job.seed());
        TrialResult result =
            trial.run(base.computeIfAbsent(job.seed(), seed -> trial.baseScores()));
        result.write(run);
        out.printf(
            Locale.ROOT,
            "%s, seed %d, %s: %.3f before, %.3f after, KL %.2f, %d images, %.0f processor s, %.0f s. %s%n",
            job.method().title(),
            job.seed(),
            job.method().words(job.setting()),
            result.points().get(0).reward(),
            result.last().reward(),
            result.kl(),
            result.last().images(),
            result.last().processorSeconds(),
            result.last().wallSeconds(),
            result.message());
        out.flush();
      }
    }
  }

  private record Job(Method method, Setting setting, long seed) {}

  private Setting setting(Method method) {
    Setting tuned = method.tuned();
    return new Setting(
        learningRate == null ? tuned.learningRate() : learningRate,
        updates == null ? tuned.updates() : updates,
        strength == null ? tuned.strength() : strength);
  }

  /** Whether the trial exists; one with other settings is neither used nor overwritten. */
  private boolean isDone(Job job, Protocol protocol) {
    Path file = TrialResult.file(run, job.method(), job.seed());
    if (!Files.exists(file)) {
      return false;
    }
    TrialResult there = TrialResult.read(file);
    StoredSettings.requireSame(
        file,
        there.protocol().and(Settings.of(there.setting())),
        protocol.settings().and(Settings.of(job.setting())));
    return true;
  }

  private void report(PrintWriter out) throws IOException {
    List<TrialResult> results = TrialResult.readAll(run);
    String table = MethodReport.markdown(results);
    AtomicFiles.write(run.resolve("methods.md"), table);
    AtomicFiles.write(run.resolve("methods.png"), MethodReport.plot(results).toPng());
    out.print(table);
    out.println("Table and plot: " + run.resolve("methods.md") + ", " + run.resolve("methods.png"));
  }
}
