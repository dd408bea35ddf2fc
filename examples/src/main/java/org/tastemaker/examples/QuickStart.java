package org.tastemaker.examples;

import com.google.common.base.Splitter;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
import org.tastemaker.examples.align.Alignment;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.PaidJudge;
import org.tastemaker.examples.align.QuickReport;
import org.tastemaker.examples.align.QuickRun;
import org.tastemaker.examples.align.RunFolders;
import org.tastemaker.examples.align.RunJudge;
import org.tastemaker.examples.align.Transcript;
import org.tastemaker.examples.console.CtrlC;
import org.tastemaker.examples.console.EngineOptions;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.console.Relay;
import org.tastemaker.examples.console.Terminal;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.Measurement;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.rubric.Rubrics;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

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

  @Option(
      names = "--run",
      description = "Folder of the run; a run in it is resumed (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/quick-start");

  @Option(names = "--prompt", description = "Emoji to align, by name; may be given several times.")
  private List<String> prompts = new ArrayList<>();

  @Option(
      names = "--method",
      description =
          "How the model learns: ${COMPLETION-CANDIDATES}. nft is DiffusionNFT;"
              + " zo is a search over the gains of a LoRA that needs no gradients, without --images"
              + " and --learning-rate (default: ${DEFAULT-VALUE}).")
  private Alignment.Method method = Alignment.Method.nft;

  @Option(names = "--rounds", description = "Rounds of training (default: ${DEFAULT-VALUE}).")
  private int rounds = 16;

  @Option(names = "--images", description = "Images ranked together (default: ${DEFAULT-VALUE}).")
  private int images = 8;

  @Option(
      names = "--learning-rate",
      description =
          "Learning rate; a run that has diverged goes on with a lower one (default:"
              + " ${DEFAULT-VALUE}).")
  private double learningRate = Alignment.Settings.defaults().learningRate();

  @Option(
      names = "--seed",
      description = "Random seed of the whole run (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--judge",
      description = "Who ranks: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private JudgeName judge = JudgeName.glyphs;

  @Option(
      names = "--judge-model",
      description = "Model that judges, with --judge chatgpt (default: ${DEFAULT-VALUE}).")
  private String chatModel = "gpt-4.1-mini";

  @Option(names = "--base-url", description = "URL of another server with OpenAI's API.")
  private @Nullable String baseUrl;

  @Option(
      names = "--measure",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Also measure bias, harm and diversity (default: yes).")
  private boolean measure = true;

  @Option(
      names = "--price",
      paramLabel = "IN,OUT",
      description = "Price per million tokens of the model: IN,OUT or IN,CACHED,OUT.")
  private @Nullable String price;

  @Option(
      names = "--currency",
      description = "Currency of the price and the budget (default: ${DEFAULT-VALUE}).")
  private String currency = "USD";

  @Option(
      names = "--budget",
      description =
          "The most that ChatGPT may cost in this folder, all sessions together (default: what is"
              + " spent already and what is estimated). Needs --price.")
  private @Nullable BigDecimal budget;

  @Option(
      names = "--step",
      paramLabel = "WHERE",
      description =
          "Where denoising steps are computed: auto, cpu or cuda (default: cpu, and auto with"
              + " --device cuda, so that the latents stay on the GPU).")
  private @Nullable String chosenStep;

  @CommandLine.Mixin private EngineOptions engine = new EngineOptions();

  @Option(
      names = "--retry-missing",
      description = "Ask ChatGPT again what it has refused before, and pay for it again.")
  private boolean retryMissing;

  @Option(names = "--yes", description = "Accept the estimated cost without asking.")
  private boolean yes;

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Who ranks. */
  enum JudgeName {
    /** The simulated judge, which compares with the reference glyphs. */
    glyphs,
    /** ChatGPT, for money. */
    chatgpt
  }

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
        .setExecutionExceptionHandler(Failures.in(() -> quickStart.run))
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
   * @param output used instead of the process's streams
   */
  record Setup(
      Cancellation cancellation,
      RunListener listener,
      EmojiReport.Counts counts,
      int steps,
      Alignment.Settings defaults,
      Optional<UnaryOperator<@Nullable String>> asking,
      Optional<PrintWriter> output) {
    static Setup ofProgram() {
      return new Setup(
          new Cancellation(),
          RunListener.none(),
          new EmojiReport.Counts(1, 4, 8, 4),
          10,
          Alignment.Settings.defaults(),
          Terminal.console().map(console -> question -> console.readLine("%s", question)),
          Optional.empty());
    }
  }

  @Override
  @SuppressWarnings("try") // the Ctrl-C handler is only closed
  public Integer call() throws Exception {
    // All arguments are checked before the model is loaded.
    PrintWriter out = spec.commandLine().getOut();
    String step = chosenStep == null ? this.engine.step() : chosenStep;
    StepExecution execution = StepExecution.of(step);
    Alignment.Settings settings = settings();
    GlyphJudge glyphs = BundledModel.judge();
    EmojiTask task =
        EmojiTask.consistency(glyphs, prompts.isEmpty() ? EmojiTask.quickPrompts() : prompts);
    boolean paid = judge == JudgeName.chatgpt;
    PaidJudge.Terms terms = terms();
    Engine engine = this.engine.engine();
    Map<String, String> config =
        new LinkedHashMap<>(Alignment.config(task, settings, paid ? terms.model() : judge.name()));
    config.putAll(this.engine.settings());
    if (method != Alignment.Method.ddpo) { // folders of earlier versions have none
      config.put("method", method.name());
    }
    long done = RunFolders.roundsDone(run, config, Alignment.MAY_CHANGE);
    int left = (int) Math.max(0, rounds - done);
    Relay troubles = new Relay();
    try (StepKernel kernel = execution.open();
        RunJudge asked =
            paid
                ? new PaidJudge(terms, run, out, setup.asking, troubles)
                    .open(task, imagesPerPrompt(), left, RUBRIC, setup.cancellation)
                : RunJudge.simulated(task, glyphs);
        CtrlC ctrlC = new CtrlC(setup.cancellation);
        LatentDiffusion loaded = BundledModel.load()) {
      LatentDiffusion model = loaded.on(engine).with(kernel).cancellation(setup.cancellation);
      try (Alignment alignment = new Alignment(model, task, settings, method);
          RunFolder folder = RunFolders.open(run, config, Alignment.MAY_CHANGE, Seed.of(seed))) {
        out.printf(
            Locale.ROOT,
            "Aligning %d prompt%s to the judge '%s': %d rounds of %d images%s. Folder: %s%n",
            task.prompts().size(),
            task.prompts().size() == 1 ? "" : "s",
            asked.name(),
            rounds,
            imagesPerPrompt() * task.prompts().size(),
            done == 0 ? "" : ", of which " + left + " are left",
            run);
        out.flush();
        Transcript transcript = Transcript.of(run);
        QuickReport report =
            new QuickReport(alignment, folder, transcript, glyphs, Map.of("step", step));
        return new QuickRun(alignment, asked, RUBRIC, folder, transcript, report, troubles, out)
            .run(
                setup.listener,
                setup.cancellation,
                () -> measure ? measured(model, alignment, glyphs, out) : List.of());
      }
    }
  }

  private Alignment.Settings settings() {
    require(rounds >= 1, "--rounds must be at least 1, but was " + rounds);
    require(
        images >= 2,
        "--images must be at least 2, since one image cannot be ranked, but was " + images);
    require(
        learningRate >= 0 && Double.isFinite(learningRate),
        "--learning-rate must be at least 0 and finite, but was " + learningRate);
    return setup
        .defaults
        .withRounds(rounds)
        .withSeed(seed)
        .withImagesPerPrompt(images)
        .withLearningRate(learningRate);
  }

  /** Images of a prompt in each round. */
  private int imagesPerPrompt() {
    return method == Alignment.Method.zo ? Alignment.SEARCHED_IMAGES : images;
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  private PaidJudge.Terms terms() {
    PriceTable prices =
        price == null
            ? PriceTable.none()
            : PriceTable.of(currency.toUpperCase(Locale.ROOT), Map.of(chatModel, price(price)));
    return new PaidJudge.Terms(chatModel, baseUrl, prices, budget, yes, retryMissing);
  }

  private static Price price(String text) {
    List<String> parts = Splitter.on(',').trimResults().splitToList(text);
    try {
      if (parts.size() == 2) {
        return Price.perMillionTokens(parts.get(0), parts.get(1));
      }
      if (parts.size() == 3) {
        return Price.perMillionTokens(parts.get(0), parts.get(1), parts.get(2));
      }
    } catch (NumberFormatException e) {
      // reported below
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "--price is IN,OUT or IN,CACHED,OUT: the price per million tokens, such as 0.40,1.60 or 0.40,0.10,1.60, but was '%s'",
            text));
  }

  /** The measurements of both models, on few images each, so the intervals are wide. */
  private List<Measurement> measured(
      LatentDiffusion model, Alignment alignment, GlyphJudge glyphs, PrintWriter out) {
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
