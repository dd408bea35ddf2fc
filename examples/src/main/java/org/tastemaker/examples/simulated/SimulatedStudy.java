package org.tastemaker.examples.simulated;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How good a judge must be for the bundled model to be aligned by it: simulated judges of known
 * faults, asked in several ways, against the true score.
 *
 * <p>Each condition on each seed is a file in the run's folder; existing ones are skipped. So the
 * command can be stopped at any time and run again, and several processes can share a folder if
 * their seeds differ.
 */
@Command(
    name = "simulated-study",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Tries simulated judges of known faults on the bundled model.")
public final class SimulatedStudy implements Callable<Integer> {
  @Option(
      names = "--run",
      description = "Folder of the outcomes; what is in it is kept (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/simulated");

  @Option(
      names = "--seeds",
      split = ",",
      description = "Seeds of the finished images (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds = List.of(1L, 2L, 3L, 4L, 5L, 6L);

  @Option(
      names = "--training-seeds",
      split = ",",
      description = "Seeds of the trainings (default: ${DEFAULT-VALUE}).")
  private List<Long> trainingSeeds = List.of(1L, 2L, 3L);

  @Option(
      names = "--trainings",
      description = "How many of the conditions are trained with, at most; 0 for none.")
  private int trainings = Grid.trained().size();

  @Option(
      names = "--judges",
      description = "How many of the conditions are tried on finished images, at most.")
  private int judges = Grid.judged().size();

  @Option(
      names = "--groups",
      description = "Groups of finished images for each prompt (default: ${DEFAULT-VALUE}).")
  private int groups = 2;

  @Option(names = "--images", description = "Images in a group (default: ${DEFAULT-VALUE}).")
  private int images = 8;

  @Option(names = "--rounds", description = "Rounds of a training (default: ${DEFAULT-VALUE}).")
  private int rounds = 8;

  @Option(
      names = "--rate",
      description = "Learning rate of a training (default: ${DEFAULT-VALUE}).")
  private double rate = 3e-3;

  @Option(
      names = "--held-out",
      description = "Measured images for each prompt (default: ${DEFAULT-VALUE}).")
  private int heldOut = 8;

  @Option(names = "--steps", description = "Steps of sampling (default: ${DEFAULT-VALUE}).")
  private int steps = 5;

  @Option(
      names = "--guidance",
      description = "Guidance scale of sampling (default: ${DEFAULT-VALUE}).")
  private double guidance = 1.5;

  @Option(
      names = "--prompt",
      description = "Emoji, by name; may be given several times (default: eight of them).")
  private List<String> prompts = EmojiTask.quickPrompts();

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Made by picocli. */
  public SimulatedStudy() {}

  /**
   * Tries what is missing and writes the tables and plots.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(command().execute(args));
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine command() {
    SimulatedStudy study = new SimulatedStudy();
    return FileNames.in(new CommandLine(study))
        .setExecutionExceptionHandler(Failures.in(() -> study.run));
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    EmojiTask task = EmojiTask.consistency(BundledModel.judge(), prompts);
    Setup setup = new Setup(task, groups, images, rounds, rate, heldOut, steps, guidance);
    Files.createDirectories(run);
    try (LatentDiffusion model = BundledModel.load()) {
      judge(setup, model, out);
      train(setup, model, out);
    }
    List<Outcome> outcomes = Outcome.readAll(run, setup.settings());
    StudyTables tables = new StudyTables(outcomes);
    AtomicFiles.write(run.resolve("simulated.md"), tables.markdown());
    for (Map.Entry<String, byte[]> plot : tables.plots().entrySet()) {
      AtomicFiles.write(run.resolve(plot.getKey() + ".png"), plot.getValue());
    }
    out.print(tables.markdown());
    out.println("Tables and plots: " + run);
    return 0;
  }

  private void judge(Setup setup, LatentDiffusion model, PrintWriter out) {
    List<Condition> conditions = Grid.judged().stream().limit(judges).toList();
    for (long seed : seeds) {
      Pool pool = null;
      int tried = 0;
      for (Condition condition : conditions) {
        Path file = Outcome.file(run, Outcome.JUDGED, condition, seed);
        if (!isDone(file, setup)) {
          if (pool == null) {
            pool = Pool.of(setup, model, Seed.of(seed));
          }
          keep(file, setup, Outcome.JUDGED, condition, seed, pool::figures);
          tried++;
        }
      }
      out.printf(Locale.ROOT, "seed %d: %d conditions on finished images%n", seed, tried);
      out.flush();
    }
  }

  private void train(Setup setup, LatentDiffusion model, PrintWriter out) {
    for (Condition condition : Grid.trained().stream().limit(trainings).toList()) {
      for (long seed : trainingSeeds) {
        Path file = Outcome.file(run, Outcome.TRAINED, condition, seed);
        if (!isDone(file, setup)) {
          Outcome done =
              keep(
                  file,
                  setup,
                  Outcome.TRAINED,
                  condition,
                  seed,
                  own -> new Training(model, setup, own, seed).run());
          out.printf(
              Locale.ROOT,
              "%s, seed %d: true score %.3f to %.3f%n",
              condition.title(),
              seed,
              done.figure("score.before"),
              done.figure("score.after"));
          out.flush();
        }
      }
    }
  }

  private static Outcome keep(
      Path file,
      Setup setup,
      String part,
      Condition condition,
      long seed,
      Function<Condition, Map<String, Double>> trial) {
    Outcome outcome =
        new Outcome(part, condition.id(), seed, setup.settings(), trial.apply(condition));
    outcome.write(file);
    return outcome;
  }

  /** Whether it is there; one of other settings is neither used nor overwritten. */
  private static boolean isDone(Path file, Setup setup) {
    if (!Files.exists(file)) {
      return false;
    }
    StoredSettings.requireSame(file, Outcome.read(file).setup(), setup.settings());
    return true;
  }
}
