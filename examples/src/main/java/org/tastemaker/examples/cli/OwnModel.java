package org.tastemaker.examples.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.examples.QuickStart;
import org.tastemaker.examples.align.AlignOptions;
import org.tastemaker.examples.align.Alignment;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.align.FolderRun;
import org.tastemaker.examples.align.PaidJudge;
import org.tastemaker.examples.align.RunFolders;
import org.tastemaker.examples.align.RunJudge;
import org.tastemaker.examples.console.Relay;
import org.tastemaker.feedback.rubric.Rubrics;

/**
 * The alignment of a model that is not the bundled one.
 *
 * @param options of the run
 * @param path which model
 * @param sampling how it is sampled
 * @param output of the command
 * @param around what comes from outside
 */
record OwnModel(
    AlignOptions options,
    ModelOptions path,
    SamplingOptions sampling,
    Output output,
    Surroundings around) {
  private static final Rubric RUBRIC = Rubrics.consistency();
  private static final int PIXELS = 8; // of a latent's, in each direction

  /** By a server, which is asked. */
  int judged(QuickStart.Setup setup) {
    EmojiTask task = EmojiTask.unmeasured(path.name(), prompts());
    PaidJudge.Terms terms = options.terms();
    Alignment.Settings settings = settings(setup);
    Map<String, String> config = config(task, settings, terms.model());
    int left = left(settings, config);
    Relay troubles = new Relay();
    PaidJudge paid = new PaidJudge(terms, options.run(), output.words(), setup.asking(), troubles);
    if (left > 0) {
      paid.requireKey();
    }
    return run(
        setup,
        task,
        settings,
        config,
        model ->
            paid.open(
                task,
                options.imagesPerPrompt(),
                left,
                RUBRIC,
                around.cancellation(),
                PIXELS * model.latentShape().height(),
                PIXELS * model.latentShape().width()));
  }

  /** By a score, which is measured on held-out seeds too. */
  int scored(QuickStart.Setup setup, ScoreOptions.Scorer scorer) {
    ToDoubleBiFunction<Image, Prompt> score =
        (image, prompt) -> scorer.score(List.of(prompt), List.of(image))[0];
    EmojiTask task = new EmojiTask(path.name(), prompts(), score);
    Alignment.Settings settings = settings(setup);
    Map<String, String> config = config(task, settings, scorer.name());
    int unused = left(settings, config);
    return run(setup, task, settings, config, model -> RunJudge.scoring(scorer.name(), score));
  }

  private int run(
      QuickStart.Setup setup,
      EmojiTask task,
      Alignment.Settings settings,
      Map<String, String> config,
      Function<LatentDiffusion, RunJudge> judge) {
    Path run = options.run();
    try (LatentDiffusion loaded = path.load()) {
      LatentDiffusion model =
          loaded.on(options.engine().engine()).with(sampling).cancellation(around.cancellation());
      try (RunJudge asked = judge.apply(model);
          Alignment alignment =
              new Alignment(model, task, settings, options.method(), sampling.batchSize());
          RunFolder folder = RunFolders.open(run, config, mayChange(), Seed.of(settings.seed()))) {
        output.say(
            "Aligning %s to the judge '%s': %d rounds of %d images. Folder: %s",
            path.name(),
            asked.name(),
            settings.rounds(),
            options.imagesPerPrompt() * task.prompts().size(),
            run);
        return new FolderRun(alignment, asked, RUBRIC, folder, setup.progress(), output.words())
            .run(setup.listener(), around.cancellation());
      }
    }
  }

  private List<Prompt> prompts() {
    return options.prompts().stream().map(Prompt::of).toList();
  }

  private Alignment.Settings settings(QuickStart.Setup setup) {
    return options
        .settings(setup.defaults())
        .withDenoisingSteps(sampling.steps())
        .withGuidance(sampling.guidanceScale());
  }

  private Map<String, String> config(EmojiTask task, Alignment.Settings settings, String judge) {
    Map<String, String> config = new LinkedHashMap<>(options.config(task, settings));
    config.put("judge", judge);
    config.put("model", path.path().orElseThrow().toString());
    config.put("size", sampling.width() + "x" + sampling.height());
    return config;
  }

  private int left(Alignment.Settings settings, Map<String, String> config) {
    long done = RunFolders.roundsDone(options.run(), config, mayChange());
    return (int) Math.max(0, settings.rounds() - done);
  }

  private static Set<String> mayChange() {
    return Alignment.MAY_CHANGE;
  }
}
