package org.tastemaker.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.cuda.StepExecution;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.examples.align.AlignOptions;
import org.tastemaker.examples.align.Alignment;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.PaidJudge;
import org.tastemaker.examples.align.QuickReport;
import org.tastemaker.examples.align.QuickRun;
import org.tastemaker.examples.align.RunFolders;
import org.tastemaker.examples.align.RunJudge;
import org.tastemaker.examples.align.Transcript;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.console.CtrlC;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.console.Relay;
import org.tastemaker.examples.console.Terminal;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.Measurement;
import org.tastemaker.feedback.rubric.Rubrics;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Aligns the bundled text-to-emoji model to a judge's rankings and shows that it worked: samples,
 * rankings, rewards, DiffusionNFT on LoRA weights, a measurement on held-out seeds, a LoRA file, a
 * report.
 */
@Command(
    name = "quick-start",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Aligns the bundled text-to-emoji model to a judge's rankings.")
public final class QuickStart implements Callable<Integer> {
  private static final Rubric RUBRIC = Rubrics.consistency();

  private Setup setup = Setup.ofProgram();

  @CommandLine.Mixin private AlignOptions options = new AlignOptions();

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Made by picocli. */
  public QuickStart() {}

  /**
   * Runs the quick start.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(run(args));
  }

  /**
   * Returns the exit code: 0 done, 1 failed, 2 wrong arguments, 3 budget or quota exhausted, 130
   * stopped.
   */
  static int run(String... args) {
    return run(Setup.ofProgram(), args);
  }

  static int run(Setup setup, String... args) {
    QuickStart quickStart = new QuickStart();
    quickStart.setup = setup;
    CommandLine command = FileNames.in(new CommandLine(quickStart));
    setup.output.ifPresent(writer -> command.setOut(writer).setErr(writer));
    return command
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setExecutionExceptionHandler(Failures.in(() -> quickStart.options.run()))
        .execute(args);
  }

  /**
   * What the program gets from outside.
   *
   * @param cancellation stops the program
   * @param listener receives the run's events
   * @param counts of the images that are measured
   * @param steps in which they are sampled
   * @param defaults what no option changes
   * @param asking puts a question to a person; empty if there is nobody to ask
   * @param progress shows how far the rounds are
   * @param output used instead of the process's streams
   */
  public record Setup(
      Cancellation cancellation,
      RunListener listener,
      EmojiReport.Counts counts,
      int steps,
      Alignment.Settings defaults,
      Optional<UnaryOperator<@Nullable String>> asking,
      ConsoleProgress.Factory progress,
      Optional<PrintWriter> output) {
    /**
     * What a program gets: the terminal, and few images to measure.
     *
     * @return the setup, which nothing stops yet
     */
    public static Setup ofProgram() {
      return new Setup(
          new Cancellation(),
          RunListener.none(),
          new EmojiReport.Counts(1, 4, 8, 4),
          10,
          Alignment.Settings.defaults(),
          Terminal.console().map(console -> question -> console.readLine("%s", question)),
          ConsoleProgress::of,
          Optional.empty());
    }

    /**
     * The same with another display.
     *
     * @param display shows how far the rounds are
     * @return another setup
     */
    public Setup withProgress(ConsoleProgress.Factory display) {
      return new Setup(cancellation, listener, counts, steps, defaults, asking, display, output);
    }
  }

  @Override
  public Integer call() {
    return align(options, setup, spec.commandLine().getOut());
  }

  /**
   * Runs or resumes what the options say.
   *
   * @param options of the run
   * @param setup what comes from outside
   * @param out receives the messages
   * @return the exit code
   */
  @SuppressWarnings("try") // the Ctrl-C handler is only closed
  public static int align(AlignOptions options, Setup setup, PrintWriter out) {
    // All arguments are checked before the model is loaded.
    Path run = options.run();
    StepExecution execution = StepExecution.of(options.step());
    Alignment.Settings settings = options.settings(setup.defaults);
    GlyphJudge glyphs = BundledModel.judge();
    EmojiTask task =
        EmojiTask.consistency(
            glyphs, options.prompts().isEmpty() ? EmojiTask.quickPrompts() : options.prompts());
    PaidJudge.Terms terms = options.terms();
    Engine engine = options.engine().engine();
    Map<String, String> config = options.config(task, settings);
    int rounds = settings.rounds();
    long done = RunFolders.roundsDone(run, config, Alignment.MAY_CHANGE);
    int left = (int) Math.max(0, rounds - done);
    int images = options.imagesPerPrompt();
    Relay troubles = new Relay();
    try (StepKernel kernel = execution.open();
        RunJudge asked =
            options.isPaid()
                ? new PaidJudge(terms, run, out, setup.asking, troubles)
                    .open(task, images, left, RUBRIC, setup.cancellation)
                : RunJudge.simulated(task, glyphs);
        CtrlC ctrlC = new CtrlC(setup.cancellation);
        LatentDiffusion loaded = BundledModel.load()) {
      LatentDiffusion model = loaded.on(engine).with(kernel).cancellation(setup.cancellation);
      try (Alignment alignment = new Alignment(model, task, settings, options.method());
          RunFolder folder =
              RunFolders.open(run, config, Alignment.MAY_CHANGE, Seed.of(settings.seed()))) {
        out.printf(
            Locale.ROOT,
            "Aligning %d prompt%s to the judge '%s': %d rounds of %d images%s. Folder: %s%n",
            task.prompts().size(),
            task.prompts().size() == 1 ? "" : "s",
            asked.name(),
            rounds,
            images * task.prompts().size(),
            done == 0 ? "" : ", of which " + left + " are left",
            run);
        out.flush();
        Transcript transcript = Transcript.of(run);
        QuickReport report =
            new QuickReport(alignment, folder, transcript, glyphs, Map.of("step", options.step()));
        return new QuickRun(
                alignment, asked, RUBRIC, folder, transcript, report, troubles, setup.progress, out)
            .run(
                setup.listener,
                setup.cancellation,
                () ->
                    options.measure() ? measured(setup, model, alignment, glyphs, out) : List.of());
      }
    }
  }

  /** The measurements of both models, on few images each, so the intervals are wide. */
  private static List<Measurement> measured(
      Setup setup, LatentDiffusion model, Alignment alignment, GlyphJudge glyphs, PrintWriter out) {
    out.println("measuring both models");
    out.flush();
    LatentDiffusion aligned =
        alignment.policy().sampler().with(BundledModel.sampling().withSteps(setup.steps));
    LatentDiffusion base = model.with(BundledModel.sampling().withSteps(setup.steps));
    Seed seed = Seed.of(1).split("measurements");
    return Measurement.of(
        EmojiReport.of(base, glyphs, setup.counts, seed),
        EmojiReport.of(aligned, glyphs, setup.counts, seed),
        seed);
  }
}
