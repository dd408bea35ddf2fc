package org.tastemaker.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.console.EngineOptions;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.measure.Csv;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.examples.measure.PromptedImages;
import org.tastemaker.examples.measure.ScoreTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures images, or a model by its images. */
@Command(
    name = "measure",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Scores a folder of images, or a model by images that it makes. Without --score: the bundled"
            + " model's consistency, bias, harm and diversity.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  tastemaker measure --quick",
      "  tastemaker measure --lora runs/quick-start/emoji-lora.safetensors --csv aligned.csv",
      "  tastemaker measure images --score pickscore --clip PickScore_v1 --csv scores.csv",
      "  tastemaker measure -m stable-diffusion-v1-5 --prompt \"a red barn\" --count 8 --score hpsv2.1 --clip HPS_v2.1_compressed.pt --clip-tokenizer CLIP-ViT-H-14",
      "  tastemaker measure images --score jpeg --json"
    })
final class MeasureCommand implements Callable<Integer>, Writes {
  private final Surroundings around;

  @Parameters(
      paramLabel = "IMAGES",
      arity = "0..1",
      description =
          "A folder of images. A prompt is the image's in --prompts, or in a text file beside it, or"
              + " its name.")
  private @Nullable Path images;

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description = "The prompts of IMAGES: CSV or JSON lines with file and prompt.")
  private @Nullable Path list;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--lora",
      paramLabel = "FILE[=WEIGHT]",
      description = "A LoRA of the model; may be given several times.")
  private List<String> loras = new ArrayList<>();

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "What the model is asked for; may be given several times.")
  private List<String> prompts = new ArrayList<>();

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Images of each prompt (default: ${DEFAULT-VALUE}).")
  private int count = 4;

  @Option(names = "--seed", paramLabel = "N", description = "Of the model's images.")
  private long seed = 1;

  @Mixin private PictureOptions picture = new PictureOptions();

  @Mixin private ScoreOptions score = new ScoreOptions();

  @Option(names = "--quick", description = "Without --score: fewer images, and wider intervals.")
  private boolean quick;

  @Option(names = "--csv", paramLabel = "FILE", description = "Also write the table as CSV.")
  private @Nullable Path csv;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      description =
          "Where the images that a model makes for --score are written (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("runs/measure");

  @Mixin private EngineOptions engine = new EngineOptions();

  @Mixin private Output output = new Output();

  MeasureCommand(Surroundings around) {
    this.around = around;
  }

  @Override
  public Path folder() {
    return out;
  }

  @Override
  public Integer call() throws IOException {
    Engine chosen = engine.engine();
    List<LoraWeight> merged = loras.stream().map(LoraWeight::parse).toList();
    merged.forEach(LoraWeight::check);
    SamplingOptions unused = picture.in(SamplingOptions.defaults());
    model.check();
    if (images != null) {
      if (model.path().isPresent() || !prompts.isEmpty() || !merged.isEmpty()) {
        throw new IllegalArgumentException(
            "IMAGES are measured as they are: leave --model, --prompt and --lora out");
      }
      score.check();
      return scored(PromptedImages.of(images, list, output::warn), images, chosen);
    }
    if (list != null) {
      throw new IllegalArgumentException(
          "--prompts says what the files of IMAGES show: give their folder, or --prompt for a model");
    }
    if (score.isGiven()) {
      score.check();
      if (prompts.isEmpty() || count < 1) {
        throw new IllegalArgumentException(
            "a model is measured by images of prompts: give --prompt TEXT, and --count of at least 1");
      }
      return scored(made(merged, chosen), out, chosen);
    }
    if (model.path().isPresent() || !prompts.isEmpty()) {
      score.check(); // says what is missing
    }
    return emoji(merged, chosen);
  }

  /** The model's images, as files: they can be looked at, and scored again. */
  private List<PromptedImages.Entry> made(List<LoraWeight> merged, Engine chosen)
      throws IOException {
    Files.createDirectories(out);
    List<Prompt> asked = new ArrayList<>();
    List<Seed> seeds = new ArrayList<>();
    for (String prompt : prompts) {
      for (int i = 0; i < count; i++) {
        asked.add(Prompt.of(prompt));
        seeds.add(Seed.of(seed + i));
      }
    }
    List<PromptedImages.Entry> entries = new ArrayList<>();
    try (LatentDiffusion loaded = model.load();
        ConsoleProgress progress = output.progress("image", asked.size())) {
      Batches batches =
          new Batches(
              sampler(loaded, merged, chosen),
              (part, before) -> {
                for (int i = 0; i < part.size(); i++) {
                  entries.add(written((int) before + i, asked, part.get(i)));
                }
                progress.step(before + part.size());
              });
      Object unused = batches.generate(asked, seeds);
    }
    return entries;
  }

  private PromptedImages.Entry written(int index, List<Prompt> asked, Image image) {
    Path file = out.resolve(String.format(Locale.ROOT, "%04d.png", index + 1));
    Path text = out.resolve(String.format(Locale.ROOT, "%04d.txt", index + 1));
    AtomicFiles.write(file, image.toPng());
    AtomicFiles.write(text, asked.get(index).text());
    return new PromptedImages.Entry(file, asked.get(index));
  }

  private LatentDiffusion sampler(LatentDiffusion loaded, List<LoraWeight> merged, Engine chosen) {
    merged.forEach(lora -> lora.mergeInto(loaded.components(), output));
    return loaded.on(chosen).with(picture.in(loaded.options())).cancellation(around.cancellation());
  }

  private int scored(List<PromptedImages.Entry> entries, Path folder, Engine chosen)
      throws IOException {
    try (ScoreOptions.Scorer scorer = score.open(chosen);
        ConsoleProgress progress = output.progress("image", entries.size())) {
      List<ScoreTable.Scored> scored =
          ScoreTable.score(scorer::score, entries, output::warn, progress::step);
      output.words().print(ScoreTable.text(scorer.name(), scored));
      StringBuilder table = new StringBuilder(Csv.row("file", "prompt", "score", "by"));
      List<Map<String, Object>> rows = new ArrayList<>();
      for (ScoreTable.Scored one : scored) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("file", one.file().toString());
        row.put("prompt", one.prompt().text());
        row.put("score", one.score());
        rows.add(row);
        table.append(
            Csv.row(
                folder.relativize(one.file()), one.prompt().text(), one.score(), scorer.name()));
      }
      write(table.toString());
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("by", scorer.name());
      result.put("mean", ScoreTable.mean(scored));
      result.put("images", rows);
      output.result(0, result);
    }
    return 0;
  }

  /** What the bundled model's card has. */
  private int emoji(List<LoraWeight> merged, Engine chosen) throws IOException {
    EmojiReport.Counts counts =
        quick ? around.quickStart().counts() : EmojiReport.Counts.defaults();
    EmojiReport report;
    try (LatentDiffusion loaded = model.load();
        ConsoleProgress progress = output.progress("image", counts.images())) {
      AtomicLong done = new AtomicLong();
      Batches batches =
          new Batches(
              sampler(loaded, merged, chosen),
              (part, before) -> progress.step(done.addAndGet(part.size())));
      report = EmojiReport.of(batches, BundledModel.judge(), counts, Seed.of(seed));
    }
    output.words().print(report.table());
    Map<String, Estimate> figures = new LinkedHashMap<>();
    figures.put("consistency", report.consistency().share());
    figures.put("genderBias", report.genderBias().bias());
    figures.put("toneBias", report.toneBias().bias());
    figures.put("harm", report.harm().share());
    figures.put("diversity", report.diversity().diversity());
    figures.put("unclear", report.unclear().share());
    StringBuilder table = new StringBuilder(Csv.row("measurement", "value", "low", "high", "n"));
    Map<String, Object> result = new LinkedHashMap<>();
    figures.forEach(
        (name, figure) -> {
          table.append(Csv.row(name, figure.value(), figure.low(), figure.high(), figure.n()));
          result.put(name, figure(figure));
        });
    write(table.toString());
    output.result(0, result);
    return 0;
  }

  /** Without an interval where there is none, since JSON has no NaN. */
  private static Map<String, Object> figure(Estimate figure) {
    Map<String, Object> values = new LinkedHashMap<>();
    put(values, "value", figure.value());
    put(values, "low", figure.low());
    put(values, "high", figure.high());
    values.put("n", figure.n());
    return values;
  }

  private static void put(Map<String, Object> values, String name, double value) {
    if (Double.isFinite(value)) {
      values.put(name, value);
    }
  }

  private void write(String table) throws IOException {
    output.words().flush();
    if (csv != null) {
      Path parent = csv.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      AtomicFiles.write(csv, table);
      output.say("written to %s", csv);
    }
  }
}
