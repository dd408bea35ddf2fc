package org.tastemaker.examples.people;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.examples.console.EngineOptions;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.human.improve.ImprovePage;
import org.tastemaker.human.improve.ImproveSession;
import org.tastemaker.human.improve.ModelPainter;
import org.tastemaker.human.improve.Over;
import org.tastemaker.human.improve.Recipe;
import org.tastemaker.human.web.PageServer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code ImproveImage}. */
@Command(
    name = "ImproveImage",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "A page on which someone improves an image by choosing the best of a few.")
final class ImproveCommand implements Callable<Integer> {
  private static final String BUNDLED = "the bundled model";

  private final PrintWriter out;
  private final Serving serving;

  @Option(
      names = "--model",
      paramLabel = "FOLDER",
      description = "A model in diffusers' layout, or a checkpoint (default: the bundled model).")
  private @Nullable Path model;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "What the image should show (default: ${DEFAULT-VALUE}).")
  private String prompt = "robot";

  @Option(names = "--negative", paramLabel = "TEXT", description = "What it should not show.")
  private String negative = "";

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the first image and of all others (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(names = "--steps", paramLabel = "N", description = "Denoising steps (default: 20).")
  private int steps = 20;

  @Option(
      names = "--guidance",
      paramLabel = "G",
      description = "The guidance scale (default: 4 for the bundled model, otherwise 7.5).")
  private @Nullable Double guidance;

  @Option(
      names = "--over",
      paramLabel = "WHAT",
      description =
          "What is searched: the initial noise, the gains of a LoRA, or both:"
              + " ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Over over = Over.NOISE;

  @Option(
      names = "--run",
      paramLabel = "FOLDER",
      description =
          "Where clicks and images are kept; a run that is there is resumed (default:"
              + " ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs", "people", "improve-image");

  @Option(
      names = "--remake",
      paramLabel = "FILE",
      description = "Make the image of settings that the page let you download, and end.")
  private @Nullable Path remake;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Where --remake writes it (default: ${DEFAULT-VALUE}).")
  private Path output = Path.of("improved.png");

  @Mixin private PageOptions page = new PageOptions();
  @Mixin private EngineOptions engine = new EngineOptions();

  private ImproveCommand(PrintWriter out, Serving serving) {
    this.out = out;
    this.serving = serving;
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine of(PrintWriter out, Serving serving) {
    ImproveCommand command = new ImproveCommand(out, serving);
    return FileNames.in(new CommandLine(command))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Failures.in(() -> command.run));
  }

  @Override
  public Integer call() throws InterruptedException {
    Recipe recipe = remake == null ? null : Recipe.read(Json.readText(remake), remake.toString());
    if (recipe != null) {
      use(recipe.settings().values());
    }
    try (LatentDiffusion loaded = load();
        ModelPainter painter =
            new ModelPainter(
                loaded,
                model == null ? BUNDLED : model.toAbsolutePath().normalize().toString(),
                new Prompt(prompt, negative, Map.of()),
                over,
                Seed.of(seed))) {
      if (recipe != null) {
        return remake(recipe, painter);
      }
      // 1. Compiled before anybody waits: the first image takes longest.
      Image unused = painter.paint(painter.start(), new Cancellation());

      // 2. The page, until it is interrupted.
      ImproveSession.Options options =
          ImproveSession.Options.of(over, Seed.of(seed).split("search"));
      try (ImproveSession session =
              ImproveSession.open(run, painter, options, Clock.systemUTC(), System::nanoTime);
          PageServer server = page.serve(new ImprovePage(session), run, List.of(), out)) {
        serving.run(server);
      }
      return 0;
    }
  }

  private LatentDiffusion load() {
    if (steps < 1) {
      throw new IllegalArgumentException("--steps must be at least 1, but was " + steps);
    }
    LatentDiffusion loaded;
    SamplingOptions sampling;
    if (model == null) {
      loaded = BundledModel.load();
      sampling = BundledModel.sampling();
    } else {
      if (!Files.exists(model)) {
        throw new IllegalArgumentException(
            "--model must be a folder or file of a model, but " + model + " is not there");
      }
      loaded = LatentDiffusion.load(model);
      sampling = SamplingOptions.defaults();
    }
    SamplingOptions wanted =
        sampling
            .withSteps(steps)
            .withGuidanceScale(guidance == null ? sampling.guidanceScale() : guidance);
    return loaded.with(wanted).on(engine.engine());
  }

  /** The same image again, or the reason why it would be another. */
  private int remake(Recipe recipe, ModelPainter painter) {
    painter
        .settings()
        .requireSameAs(
            recipe.painterSettings(),
            "in " + remake,
            remake + " was made with other settings",
            "name the model with --model");
    Image image = painter.paint(recipe.point(), new Cancellation());
    AtomicFiles.write(output, image.toPng());
    out.printf(Locale.ROOT, "the image is in %s%n", output);
    return 0;
  }

  /** What a file of settings says counts, but for where the model is. */
  private void use(Map<String, String> settings) {
    prompt = settings.getOrDefault("prompt", prompt);
    negative = settings.getOrDefault("negative", negative);
    seed = Long.parseLong(settings.getOrDefault("seed", Long.toString(seed)));
    steps = Integer.parseInt(settings.getOrDefault("sampling.steps", Integer.toString(steps)));
    guidance = Double.valueOf(settings.getOrDefault("sampling.guidanceScale", "7.5"));
    over = Over.valueOf(settings.getOrDefault("over", over.name()));
    String there = settings.getOrDefault("model", BUNDLED);
    if (model == null && !there.equals(BUNDLED)) {
      model = Path.of(there);
    }
  }
}
