package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.feedback.resilience.Sleeper;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * DDPO's learning curve beside that of ddpo-pytorch's algorithm in PyTorch, on the bundled model:
 * the same prompts, judge, settings, initial adapter, held-out noise and number of images. Both
 * train in turns, a round each, so that what else the machine does is shared.
 *
 * <p>What is there is kept: the same command resumes both sides from their latest round, and of
 * curves that are done writes the table and the plot alone.
 */
@Command(
    name = "ddpo-curves",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares DDPO's learning curve with ddpo-pytorch's.")
public final class DdpoCurves implements Callable<Integer> {
  /** Of the mean score before training, which is made from the same noise on both sides. */
  private static final double SAME_SCORE = 0.005;

  @Option(
      names = "--run",
      description = "Folder of the results; what is in it is kept (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/ddpo-curves");

  @Option(
      names = "--python",
      description =
          "Interpreter with torch, diffusers, transformers and safetensors (default:"
              + " ${DEFAULT-VALUE}).")
  private String python = "python3";

  @Option(names = "--script", description = "The other side (default: ${DEFAULT-VALUE}).")
  private Path script = Path.of("scripts/ddpo_curve.py");

  @Option(
      names = "--seeds",
      split = ",",
      description = "Seeds; one training on each side (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds = List.of(1L, 2L, 3L);

  @Option(
      names = "--score-every",
      description = "Rounds between measurements (default: ${DEFAULT-VALUE}).")
  private int scoreEvery = 5;

  @Mixin private ProtocolOptions training = new ProtocolOptions(40, 16, 1.5);

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Made by picocli. */
  public DdpoCurves() {}

  /**
   * Trains what is missing and writes the table and the plot.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(command().execute(args));
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine command() {
    DdpoCurves curves = new DdpoCurves();
    return FileNames.in(new CommandLine(curves))
        .setExecutionExceptionHandler(Failures.in(() -> curves.run));
  }

  @Override
  public Integer call() throws IOException {
    if (scoreEvery < 1) {
      throw new IllegalArgumentException("--score-every must be at least 1, but was " + scoreEvery);
    }
    EmojiTask emoji = EmojiTask.consistency(BundledModel.judge(), training.prompts());
    PeerTask task =
        new PeerTask(
            run.resolve("model"),
            training.protocol(emoji.prompts()),
            Method.DDPO_IS.tuned(),
            scoreEvery);
    requireSameSettings(task);
    List<Long> missing =
        seeds.stream().filter(seed -> !isDone(seed, task.protocol().rounds())).toList();
    if (!missing.isEmpty()) {
      train(task, new TrialJudge(emoji), missing);
    }
    report();
    return 0;
  }

  /** The settings of the folder, but the number of rounds, which may grow. */
  private void requireSameSettings(PeerTask task) throws IOException {
    Path file = run.resolve("settings.json");
    Settings now = task.settings();
    Files.createDirectories(run);
    if (Files.exists(file)) {
      Settings there = StoredSettings.read(Json.readObject(file));
      StoredSettings.requireSame(file, there.with("rounds", task.protocol().rounds()), now);
    }
    AtomicFiles.write(file, Json.writePretty(now.values()) + "\n");
  }

  private Path ours(long seed) {
    return run.resolve("ours-" + seed);
  }

  private Path theirs(long seed) {
    return run.resolve("theirs-" + seed);
  }

  private CurveReport.Pair pair(long seed) {
    return new CurveReport.Pair(
        seed,
        Curve.read(ours(seed).resolve("curve.jsonl")),
        Curve.read(theirs(seed).resolve("curve.jsonl")));
  }

  private boolean isDone(long seed, int rounds) {
    CurveReport.Pair pair = pair(seed);
    return Math.min(pair.ours().round(), pair.theirs().round()) >= rounds;
  }

  private void train(PeerTask task, TrialJudge judge, List<Long> missing) throws IOException {
    List<String> command = List.of(python, script.toString());
    try (LatentDiffusion model = BundledModel.load()) {
      if (!Files.exists(task.model())) {
        model.save(task.model());
      }
      agree(task, model, command);
      for (long seed : missing) {
        Path folder = Files.createDirectories(theirs(seed));
        task.write(folder, model, seed);
        try (OwnCurve own = new OwnCurve(model, task, judge, Seed.of(seed), ours(seed));
            PeerProgram program = PeerProgram.start(command, "train", folder, Sleeper.system())) {
          turns(
              seed,
              task.protocol().rounds(),
              own,
              new PeerExchange(folder, task.protocol(), judge, program::awaitAnswer));
          program.awaitEnd();
        }
      }
    }
  }

  /** Checks once in a folder that both sides compute the same. */
  private void agree(PeerTask task, LatentDiffusion model, List<String> command)
      throws IOException {
    Path folder = run.resolve("agreement");
    Path result = folder.resolve("agreement.json");
    if (!Files.exists(result)) {
      Files.createDirectories(folder);
      PeerAgreement.write(folder, model, task);
      try (PeerProgram program = PeerProgram.start(command, "check", folder, Sleeper.system())) {
        program.awaitEnd();
      }
    }
    say("Both sides agree: " + Files.readString(result).strip());
  }

  /** A round of ours, a round of theirs; who is behind catches up first. */
  private void turns(long seed, int rounds, OwnCurve own, PeerExchange peer) {
    for (int round = 0; round <= rounds; round++) {
      Curve ours = own.until(round);
      Curve theirs = peer.until(round);
      if (ours.round() != round && theirs.round() != round) {
        continue; // done before
      }
      if (round == 0) {
        requireSameStart(seed, ours.score(0), theirs.score(0));
      }
      say(
          String.format(
              Locale.ROOT,
              "seed %d, round %d: %.1f s here, %.1f s with PyTorch",
              seed,
              round,
              ours.points().get(round).seconds(),
              theirs.points().get(round).seconds()));
      if (ours.isScored(round) && theirs.isScored(round)) {
        say(
            String.format(
                Locale.ROOT,
                "  score %.4f here, %.4f with PyTorch",
                ours.score(round),
                theirs.score(round)));
      }
    }
  }

  private static void requireSameStart(long seed, double ours, double theirs) {
    if (!(Math.abs(ours - theirs) <= SAME_SCORE)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "before training both sides make the same images, and their mean scores must be within %s, but those of seed %s are %s here and %s with PyTorch: delete the folder if the model has changed",
              SAME_SCORE,
              seed,
              ours,
              theirs));
    }
  }

  private void report() {
    List<CurveReport.Pair> pairs = new ArrayList<>();
    seeds.forEach(seed -> pairs.add(pair(seed)));
    CurveReport report = new CurveReport(pairs);
    AtomicFiles.write(run.resolve("curves.md"), report.markdown());
    AtomicFiles.write(run.resolve("curves.png"), report.plot().toPng());
    say(report.markdown());
    say("Table and plot: " + run.resolve("curves.md") + ", " + run.resolve("curves.png"));
  }

  private void say(String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(text);
    out.flush();
  }
}
