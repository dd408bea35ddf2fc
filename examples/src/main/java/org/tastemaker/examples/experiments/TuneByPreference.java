package org.tastemaker.examples.experiments;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiClipExperiment;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.optim.hps.CaptionedImage;
import org.tastemaker.optim.hps.HpsTuning;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Human Preference Score's own method on the bundled model, both halves of the paper: a score is
 * trained from a judge's choices ({@link EmojiClipExperiment}), classifies the model's images, and
 * the model is tuned on both classes ({@link HpsTuning}).
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.experiments.TuneByPreference
 * </pre>
 *
 * <p>The arms say where a difference comes from: the prefix as the negative prompt of the base
 * model; the tuned model without it; classes by the judge's own scores in the place of the learned
 * ones; and the learned ones dealt out at random.
 */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
public final class TuneByPreference implements Callable<Integer> {
  private static final EmojiReport.Counts COUNTS = new EmojiReport.Counts(6, 4, 4, 2);
  private static final double GUIDANCE = 2;
  private static final String GUIDED = "consistency with the prompt, guidance " + GUIDANCE;
  private static final int SHOWN = 6;
  private static final List<String> PICTURED =
      List.of("grinning face", "penguin", "red apple", "fox", "rocket", "carrot");

  private static final List<Row> ROWS =
      List.of(
          new Row("consistency, prompts trained on", Findings.CONSISTENCY, PreferenceTrial.TRAINED),
          new Row("consistency, other prompts", Findings.CONSISTENCY, PreferenceTrial.HELD_OUT),
          new Row("with guidance 2, prompts trained on", GUIDED, PreferenceTrial.TRAINED),
          new Row("with guidance 2, other prompts", GUIDED, PreferenceTrial.HELD_OUT),
          Row.of(Findings.GENDER),
          Row.of(Findings.HARM),
          Row.of(Findings.DIVERSITY),
          Row.of(Findings.UNCLEAR));

  /** Which images are called preferred. */
  private enum Classes {
    NONE,
    LEARNED,
    JUDGE,
    SHUFFLED
  }

  /** What is measured. */
  private enum Arm {
    HPS("learned score, with the prefix", Classes.LEARNED, true),
    PLAIN("the same without the prefix", Classes.LEARNED, false),
    JUDGE("judge's classes, with the prefix", Classes.JUDGE, true),
    SHUFFLED("classes dealt at random, with the prefix", Classes.SHUFFLED, true),
    PREFIX("base model with the prefix", Classes.NONE, true);

    private final String title;
    private final Classes classes;
    private final boolean prefix;

    Arm(String title, Classes classes, boolean prefix) {
      this.title = title;
      this.classes = classes;
      this.prefix = prefix;
    }

    private String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--run",
      description =
          "Folder of the experiment; what is in it is resumed (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/hps");

  @Option(names = "--seeds", split = ",", description = "Seeds (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds = List.of(1L, 2L, 3L);

  @Option(
      names = "--prompts",
      description = "Prompts of the preference data (default: ${DEFAULT-VALUE}).")
  private int prompts = 150;

  @Option(names = "--images", description = "Images of each (default: ${DEFAULT-VALUE}).")
  private int images = 6;

  @Option(
      names = "--guidance",
      description = "Guidance scale of these images (default: ${DEFAULT-VALUE}).")
  private double guidance = 4;

  @Option(
      names = "--data-steps",
      description = "Denoising steps of these images (default: ${DEFAULT-VALUE}).")
  private int dataSteps = 10;

  @Option(
      names = "--pretraining",
      description = "Glyphs of the pre-training data beside them (default: ${DEFAULT-VALUE}).")
  private int pretraining = 400;

  @Option(names = "--steps", description = "Steps of training (default: ${DEFAULT-VALUE}).")
  private long steps = 400;

  @Option(names = "--batch", description = "Images per step (default: ${DEFAULT-VALUE}).")
  private int batch = 20;

  @Option(names = "--rate", description = "Learning rate (default: ${DEFAULT-VALUE}).")
  private double rate = 3e-4;

  @Option(
      names = "--dropout",
      description = "Share of captions that are dropped (default: ${DEFAULT-VALUE}).")
  private double dropout = 0.5;

  @Option(
      names = "--arms",
      split = ",",
      description = "Which arms: hps, plain, judge, shuffled, prefix (default: all).")
  private List<String> arms = new ArrayList<>();

  @Option(
      names = "--measured",
      split = ",",
      description =
          "Images measured per prompt: consistency, occupations, neutral, categories"
              + " (default: 6,4,4,2).")
  private List<Integer> measured = new ArrayList<>();

  @Option(
      names = "--measured-steps",
      description = "Denoising steps of the images measured (default: ${DEFAULT-VALUE}).")
  private int measuredSteps = BundledModel.sampling().steps();

  @Option(
      names = "--score-steps",
      description = "Steps of the score's contrastive training (default: ${DEFAULT-VALUE}).")
  private long scoreSteps = EmojiClipExperiment.Options.defaults().steps();

  @Option(
      names = "--score-prompts",
      description = "Prompts whose images the score is trained on (default: ${DEFAULT-VALUE}).")
  private int scorePrompts = EmojiClipExperiment.Options.defaults().prompts();

  @Option(
      names = "--score-scale",
      description =
          "What the learned score is multiplied by before images are classified (default: the"
              + " model's logit scale).")
  private double scoreScale;

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  private TuneByPreference() {}

  /**
   * Runs the experiment.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(command().execute(args));
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine command() {
    TuneByPreference command = new TuneByPreference();
    return FileNames.in(new CommandLine(command))
        .setCommandName("tune-by-preference")
        .setExecutionExceptionHandler(Failures.in(() -> command.run));
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PreferenceTrial.Size size =
        new PreferenceTrial.Size(
            prompts, images, guidance, dataSteps, pretraining, steps, batch, rate, dropout);
    HpsTuning.Options unusedOptions = size.tuning(); // checked before anything is done
    List<Arm> chosen = chosen();
    GlyphJudge judge = BundledModel.judge();
    try (LatentDiffusion model = BundledModel.load()) {
      for (long seed : seeds) {
        Path baseFile = file("base", seed);
        Settings config = config(seed);
        if (!isThere(baseFile, config)) {
          say(out, "measuring the base model, seed " + seed);
          measure(model, judge, false, 0, config, seed).findings().write(baseFile);
        }
        for (Arm arm : chosen) {
          if (!isThere(file(arm.id(), seed), config(arm, size, seed))) {
            say(out, arm.title + ", seed " + seed);
            arm(model, judge, arm, size, seed, out);
          }
        }
      }
    }
    report(size, out);
    return 0;
  }

  private List<Arm> chosen() {
    List<String> known = Arrays.stream(Arm.values()).map(Arm::id).toList();
    if (!known.containsAll(arms)) {
      throw new IllegalArgumentException("--arms are among " + known + ", but were " + arms);
    }
    return Arrays.stream(Arm.values())
        .filter(arm -> arms.isEmpty() || arms.contains(arm.id()))
        .toList();
  }

  private EmojiReport.Counts counts() {
    if (measured.isEmpty()) {
      return COUNTS;
    }
    if (measured.size() != 4) {
      throw new IllegalArgumentException(
          "--measured takes four numbers, such as 6,4,4,2, but was " + measured);
    }
    return new EmojiReport.Counts(
        measured.get(0), measured.get(1), measured.get(2), measured.get(3));
  }

  private Settings config(long seed) {
    return Settings.none()
        .with("counts", counts())
        .with("measuredSteps", measuredSteps)
        .with("seed", seed);
  }

  private Settings config(Arm arm, PreferenceTrial.Size size, long seed) {
    Settings config = config(seed).with("arm", arm.id());
    return arm.classes == Classes.NONE ? config : config.and(training(arm.classes, size));
  }

  /** What must be the same for a training to be resumed, besides its seed. */
  private Settings training(Classes classes, PreferenceTrial.Size size) {
    Settings config = Settings.of(size).with("classes", classes.name());
    return classes != Classes.JUDGE
        ? config
            .with("scoreSteps", scoreSteps)
            .with("scorePrompts", scorePrompts)
            .with("scoreScale", scoreScale)
        : config;
  }

  private Path file(String arm, long seed) {
    return run.resolve(arm + "-" + seed + ".json");
  }

  private static boolean isThere(Path file, Settings config) {
    if (!Files.exists(file)) {
      return false;
    }
    StoredSettings.requireSame(file, Findings.read(file).config(), config);
    return true;
  }

  private void arm(
      LatentDiffusion model,
      GlyphJudge judge,
      Arm arm,
      PreferenceTrial.Size size,
      long seed,
      PrintWriter out)
      throws IOException {
    Settings config = config(arm, size, seed);
    if (arm.classes == Classes.NONE) {
      measure(model, judge, arm.prefix, 0, config, seed).findings().write(file(arm.id(), seed));
      return;
    }
    try (Lora lora = tuned(model, judge, arm.classes, size, seed, out)) {
      Trial.Outcome outcome =
          measure(
              model.with(FunctionOptions.inference().withAdapter(lora)),
              judge,
              arm.prefix,
              (long) size.prompts() * size.images(),
              config,
              seed);
      Map<String, List<EmojiReport.Labelled>> before =
          EmojiReport.sample(
              model.with(BundledModel.sampling().withSteps(measuredSteps)),
              judge,
              PICTURED,
              SHOWN,
              Trial.measuredSeed(seed));
      AtomicFiles.write(
          run.resolve(arm.id() + "-" + seed + ".png"),
          FindingsTable.picture(PICTURED, before, outcome.report().images(), SHOWN).toPng());
      outcome.findings().write(file(arm.id(), seed));
    }
  }

  /** The LoRA of some classes, trained if it is not there. */
  private Lora tuned(
      LatentDiffusion model,
      GlyphJudge judge,
      Classes classes,
      PreferenceTrial.Size size,
      long seed,
      PrintWriter out)
      throws IOException {
    PreferenceTrial trial = new PreferenceTrial(model, size, Seed.of(seed));
    String name = classes.name().toLowerCase(Locale.ROOT) + "-" + seed;
    Path file = run.resolve(name + ".safetensors");
    List<CaptionedImage> classified =
        Files.exists(file) ? List.of() : classified(model, judge, classes, trial, out);
    try (ConsoleProgress progress = ConsoleProgress.of("training", steps)) {
      return trial.train(
          classified,
          training(classes, size).with("seed", seed),
          run.resolve(name),
          file,
          RunListener.all(progress),
          new Cancellation());
    }
  }

  private List<CaptionedImage> classified(
      LatentDiffusion model,
      GlyphJudge judge,
      Classes classes,
      PreferenceTrial trial,
      PrintWriter out)
      throws IOException {
    List<ImageGroup> groups = trial.groups();
    ImageClasses images =
        new ImageClasses(
            model,
            judge,
            run.resolve("score"),
            new ImageClasses.Score(scoreSteps, scorePrompts, scoreScale),
            text -> say(out, text));
    List<CaptionedImage> found =
        switch (classes) {
          case LEARNED -> images.byLearnedScore(groups);
          case SHUFFLED -> trial.shuffled(images.byLearnedScore(groups));
          case JUDGE, NONE -> images.byJudge(groups);
        };
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "no image is clearly preferred or clearly not: raise --score-scale, or train the score for longer");
    }
    say(
        out,
        ImageClasses.counted(found) + "; the judge agrees with " + images.agreement(found, groups));
    return found;
  }

  private Trial.Outcome measure(
      LatentDiffusion model,
      GlyphJudge judge,
      boolean prefix,
      long judged,
      Settings config,
      long seed) {
    SamplingOptions asUsed = BundledModel.sampling().withSteps(measuredSteps);
    EmojiReport report =
        EmojiReport.of(
            generator(model.with(asUsed), prefix), judge, counts(), Trial.measuredSeed(seed));
    Findings findings =
        Findings.of(config, report, judge, judged, Double.NaN, "")
            .withConsistency(
                GUIDED,
                EmojiReport.sample(
                    generator(model.with(asUsed.withGuidanceScale(GUIDANCE)), prefix),
                    judge,
                    EmojiPrompts.CONSISTENCY,
                    counts().consistency(),
                    Trial.measuredSeed(seed)));
    return new Trial.Outcome(findings, report);
  }

  private static ImageGenerator generator(LatentDiffusion model, boolean prefix) {
    return prefix
        ? HpsTuning.sampled(model, HpsTuning.negativePrompt(HpsTuning.Options.paper()))
        : model;
  }

  /** Compares all findings in the folder, including those of other processes. */
  private void report(PreferenceTrial.Size size, PrintWriter out) {
    Map<String, String> titles = new LinkedHashMap<>();
    Map<Long, Findings> base = new TreeMap<>();
    Map<String, Map<Long, Findings>> trained = new LinkedHashMap<>();
    for (long seed : seeds) {
      if (isThere(file("base", seed), config(seed))) {
        base.put(seed, Findings.read(file("base", seed)));
      }
      for (Arm arm : Arm.values()) {
        titles.put(arm.id(), arm.title);
        if (isThere(file(arm.id(), seed), config(arm, size, seed))) {
          Objects.requireNonNull(trained.computeIfAbsent(arm.id(), id -> new TreeMap<>()))
              .put(seed, Findings.read(file(arm.id(), seed)));
        }
      }
    }
    String table = FindingsTable.markdown(ROWS, titles, base, trained);
    Path file = run.resolve("table.md");
    AtomicFiles.write(file, table);
    say(
        out,
        table
            + String.format(
                Locale.ROOT, "%nThe table is in %s, the pictures are beside it.", file));
  }

  private static void say(PrintWriter out, String text) {
    out.println(text);
    out.flush();
  }
}
