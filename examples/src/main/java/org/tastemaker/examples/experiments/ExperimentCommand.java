package org.tastemaker.examples.experiments;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.console.EngineOptions;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.emoji.GlyphJudge;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The command of an experiment: trains what is missing, measures, and writes the table.
 *
 * <p>Findings are files of the run's folder, and a trial is resumed from its checkpoints: the
 * command can be stopped at any moment, and several processes can fill a folder if their seeds
 * differ.
 */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
final class ExperimentCommand implements Callable<Integer> {
  /** Images per prompt in a picture; fewer if fewer are measured. */
  private static final int SHOWN = 6;

  @Option(
      names = "--run",
      description =
          "Folder of all experiments; what is in it is resumed (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/experiments");

  @Option(
      names = "--seeds",
      split = ",",
      description = "Seeds; one trial per arm and seed (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds = List.of(1L, 2L, 3L);

  @Option(names = "--arms", split = ",", description = "Which arms, by name (default: all).")
  private List<String> arms = new ArrayList<>();

  @Option(names = "--rounds", description = "Maximum number of rounds (default: the experiment's).")
  private int rounds = Integer.MAX_VALUE;

  @Option(
      names = "--images",
      description = "Images per prompt and round (default: the experiment's).")
  private int images;

  @Option(names = "--prompts", description = "Maximum number of training prompts (default: all).")
  private int prompts = Integer.MAX_VALUE;

  @Option(
      names = "--measured",
      split = ",",
      description =
          "Images measured per prompt: consistency, occupations, neutral, categories"
              + " (default: the experiment's).")
  private List<Integer> measured = new ArrayList<>();

  @Option(
      names = "--measured-steps",
      description = "Denoising steps of the images measured (default: the experiment's).")
  private int measuredSteps;

  @Mixin private EngineOptions engine = new EngineOptions();

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  private final Function<GlyphJudge, Experiment> maker;

  private ExperimentCommand(Function<GlyphJudge, Experiment> maker) {
    this.maker = maker;
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine of(String name, Function<GlyphJudge, Experiment> maker) {
    ExperimentCommand command = new ExperimentCommand(maker);
    return FileNames.in(new CommandLine(command))
        .setCommandName(name)
        .setExecutionExceptionHandler(Failures.in(() -> command.run));
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    GlyphJudge judge = BundledModel.judge();
    Experiment whole = maker.apply(judge);
    EmojiReport.Counts counts = counts(whole);
    if (rounds < 1 || prompts < 1 || images == 1 || images < 0) {
      throw new IllegalArgumentException(
          "--rounds and --prompts must be at least 1 and --images at least 2 (one image cannot be ranked)");
    }
    if (measuredSteps < 0) {
      throw new IllegalArgumentException(
          "--measured-steps must be at least 1, but was " + measuredSteps);
    }
    Experiment experiment =
        whole.smaller(rounds, images == 0 ? whole.imagesPerPrompt() : images, prompts);
    if (measuredSteps > 0) {
      experiment = experiment.with(experiment.measured().withSteps(measuredSteps));
    }
    experiment = experiment.with(experiment.measured().withEngine(engine.settings()));
    List<Experiment.Arm> chosen =
        arms.isEmpty() ? experiment.arms() : arms.stream().map(experiment::arm).toList();
    try (LatentDiffusion loaded = BundledModel.load()) {
      LatentDiffusion model = loaded.on(engine.engine());
      for (long seed : seeds) {
        base(model, judge, experiment, counts, seed, out);
        for (Experiment.Arm arm : chosen) {
          trial(model, judge, experiment, arm, counts, seed, out);
        }
      }
    }
    report(experiment, counts, out);
    return 0;
  }

  private EmojiReport.Counts counts(Experiment experiment) {
    if (measured.isEmpty()) {
      return experiment.measured().counts();
    }
    if (measured.size() != 4) {
      throw new IllegalArgumentException(
          "--measured takes four numbers, such as 4,16,16,8, but was " + measured);
    }
    return new EmojiReport.Counts(
        measured.get(0), measured.get(1), measured.get(2), measured.get(3));
  }

  /** Shared by the experiments that measure as many images. */
  private Path baseFile(Experiment experiment, long seed) {
    String own = experiment.measured().own() ? experiment.name() + "-" : "";
    return run.resolve(String.format(Locale.ROOT, "base-%s%s.json", own, seed));
  }

  private Path file(Experiment experiment, Experiment.Arm arm, long seed) {
    return run.resolve(experiment.name()).resolve(arm.id() + "-" + seed + ".json");
  }

  private void base(
      LatentDiffusion model,
      GlyphJudge judge,
      Experiment experiment,
      EmojiReport.Counts counts,
      long seed,
      PrintWriter out) {
    Settings config = Trial.measured(experiment.measured(), counts, seed);
    if (isThere(baseFile(experiment, seed), config)) {
      return;
    }
    say(out, "measuring the base model, seed " + seed);
    Trial.measure(model, judge, experiment.measured(), counts, seed, Training.Spent.none(), config)
        .findings()
        .write(baseFile(experiment, seed));
  }

  private void trial(
      LatentDiffusion model,
      GlyphJudge judge,
      Experiment experiment,
      Experiment.Arm arm,
      EmojiReport.Counts counts,
      long seed,
      PrintWriter out)
      throws IOException {
    Settings config = experiment.config(arm, seed, counts);
    Path file = file(experiment, arm, seed);
    if (isThere(file, config)) {
      return;
    }
    say(out, String.format(Locale.ROOT, "%s, %s, seed %s", experiment.title(), arm.title(), seed));
    Path folder = run.resolve(experiment.name()).resolve(arm.id() + "-" + seed);
    Trial.Outcome outcome;
    try (ConsoleProgress progress = ConsoleProgress.of("training", experiment.rounds())) {
      outcome =
          new Trial(model, judge, experiment, arm, seed, counts)
              .run(folder, RunListener.all(progress), new Cancellation());
    }
    Map<String, List<EmojiReport.Labelled>> before =
        EmojiReport.sample(
            model.with(experiment.measured().sampling()),
            judge,
            experiment.shown(),
            SHOWN,
            Trial.measuredSeed(seed));
    AtomicFiles.write(
        folder.resolve("before-after.png"),
        FindingsTable.picture(experiment.shown(), before, outcome.report().images(), SHOWN)
            .toPng());
    outcome.findings().write(file);
  }

  /** Whether findings are there; those of other settings are neither used nor overwritten. */
  private static boolean isThere(Path file, Settings config) {
    if (!Files.exists(file)) {
      return false;
    }
    StoredSettings.requireSame(file, Findings.read(file).config(), config);
    return true;
  }

  /** Compares all findings in the folder, including those of other processes. */
  private void report(Experiment experiment, EmojiReport.Counts counts, PrintWriter out)
      throws IOException {
    Map<Long, Findings> base = new TreeMap<>();
    Map<String, Map<Long, Findings>> trained = new LinkedHashMap<>();
    for (long seed : seeds) {
      Path baseFile = baseFile(experiment, seed);
      if (isThere(baseFile, Trial.measured(experiment.measured(), counts, seed))) {
        base.put(seed, Findings.read(baseFile));
      }
      for (Experiment.Arm arm : experiment.arms()) {
        Settings config = experiment.config(arm, seed, counts);
        Path file = file(experiment, arm, seed);
        if (isThere(file, config)) {
          trained.computeIfAbsent(arm.id(), id -> new TreeMap<>()).put(seed, Findings.read(file));
        }
      }
    }
    String table = FindingsTable.markdown(experiment.rows(), experiment.titles(), base, trained);
    Path file = run.resolve(experiment.name()).resolve("table.md");
    AtomicFiles.write(file, table);
    say(
        out,
        table
            + String.format(
                Locale.ROOT, "\nThe table is in %s, the pictures are beside it.", file));
  }

  private static void say(PrintWriter out, String text) {
    out.println(text);
    out.flush();
  }
}
