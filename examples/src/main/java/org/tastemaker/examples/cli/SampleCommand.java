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
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.console.EngineOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes images: a PNG file for each prompt and seed, and a grid of them. */
@Command(
    name = "sample",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Makes images: a PNG file for each prompt and seed, and a grid of all.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  tastemaker sample penguin rocket --seed 1,2,3",
      "  tastemaker sample penguin --lora runs/quick-start/emoji-lora.safetensors --out runs/aligned",
      "  tastemaker sample -m stable-diffusion-v1-5 \"a red barn\" --steps 30 --guidance 7 --size 512x512",
      "  tastemaker sample -m stable-diffusion-v1-5 \"a red barn\" --lora a.safetensors=0.8 --lora b=0.3",
      "  tastemaker sample --prompts prompts.txt --json"
    })
final class SampleCommand implements Callable<Integer>, Writes {
  private static final int LONGEST_NAME = 60;

  private final Surroundings around;

  @Parameters(paramLabel = "PROMPT", arity = "0..*", description = "What to show, in quotes.")
  private List<String> prompts = new ArrayList<>();

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description = "More prompts: a line of text for each.")
  private @Nullable Path file;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--lora",
      paramLabel = "FILE[=WEIGHT]",
      description =
          "A LoRA's file or folder, and its weight; may be given several times (default weight: 1).")
  private List<String> loras = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "N",
      split = ",",
      description = "Each prompt is shown once for each of these (default: 1).")
  private List<Long> seeds = List.of(1L);

  @Mixin private PictureOptions picture = new PictureOptions();

  @Option(
      names = "--columns",
      paramLabel = "N",
      description = "Of the grid (default: as many as there are seeds, or four).")
  private int columns;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      description = "Where the files are written (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("runs/sample");

  @Option(names = "--overwrite", description = "Replace files of the same names.")
  private boolean overwrite;

  @Mixin private EngineOptions engine = new EngineOptions();

  @Mixin private Output output = new Output();

  SampleCommand(Surroundings around) {
    this.around = around;
  }

  @Override
  public Path folder() {
    return out;
  }

  /** An image to be made. */
  private record Wanted(String prompt, long seed, Path file) {}

  @Override
  public Integer call() throws IOException {
    // 1. Everything is checked before a weight is read.
    List<Wanted> wanted = wanted();
    if (columns < 0) {
      throw new IllegalArgumentException("--columns must be at least 1, but was " + columns);
    }
    List<LoraWeight> merged = loras.stream().map(LoraWeight::parse).toList();
    merged.forEach(LoraWeight::check);
    SamplingOptions unused = picture.in(SamplingOptions.defaults());
    Engine chosen = engine.engine();
    model.check();
    Path grid = out.resolve("grid.png");
    if (!overwrite) {
      requireNew(wanted, grid);
    }

    // 2. The images, written as they come.
    List<Image> images;
    Files.createDirectories(out);
    try (LatentDiffusion loaded = model.load();
        ConsoleProgress progress = output.progress("image", wanted.size())) {
      merged.forEach(lora -> lora.mergeInto(loaded.components(), output));
      LatentDiffusion sampler =
          loaded.on(chosen).with(picture.in(loaded.options())).cancellation(around.cancellation());
      Batches batches =
          new Batches(
              sampler,
              (part, before) -> {
                for (int i = 0; i < part.size(); i++) {
                  AtomicFiles.write(wanted.get((int) before + i).file, part.get(i).toPng());
                }
                progress.step(before + part.size());
              });
      images =
          batches.generate(
              wanted.stream().map(one -> Prompt.of(one.prompt)).toList(),
              wanted.stream().map(one -> Seed.of(one.seed)).toList());
    }

    // 3. All together.
    int across = columns > 0 ? columns : seeds.size() > 1 ? seeds.size() : 4;
    AtomicFiles.write(
        grid,
        ImageGrid.of(images)
            .captions(wanted.stream().map(Wanted::prompt).toList())
            .columns(across)
            .draw()
            .toPng());
    output.say(
        "%s in %s, all together in %s",
        images.size() == 1 ? "1 image is" : images.size() + " images are", out, grid);
    output.result(0, Map.of("model", model.name(), "grid", grid, "images", listed(wanted)));
    return 0;
  }

  private List<Wanted> wanted() throws IOException {
    List<String> all = new ArrayList<>(prompts);
    if (file != null) {
      if (!Files.isRegularFile(file)) {
        throw new IllegalArgumentException("--prompts: there is no file " + file);
      }
      Files.readAllLines(file).stream()
          .map(String::strip)
          .filter(s -> !s.isEmpty())
          .forEach(all::add);
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "there is no prompt: give what to show, such as 'tastemaker sample penguin', or a file of"
              + " prompts with --prompts");
    }
    List<Wanted> wanted = new ArrayList<>();
    for (String prompt : all) {
      for (long seed : seeds) {
        String name =
            String.format(Locale.ROOT, "%03d-%s-%d.png", wanted.size() + 1, plain(prompt), seed);
        wanted.add(new Wanted(prompt, seed, out.resolve(name)));
      }
    }
    return wanted;
  }

  /** A prompt as a part of a file's name that every system takes. */
  private static String plain(String prompt) {
    String name = prompt.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_");
    return name.substring(0, Math.min(LONGEST_NAME, name.length()));
  }

  private void requireNew(List<Wanted> wanted, Path grid) {
    List<Path> files = new ArrayList<>(wanted.stream().map(Wanted::file).toList());
    files.add(grid);
    for (Path path : files) {
      if (Files.exists(path)) {
        throw new IllegalArgumentException(
            path
                + " exists, and is not overwritten: give another folder with --out, or --overwrite");
      }
    }
  }

  private static List<Map<String, Object>> listed(List<Wanted> wanted) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Wanted one : wanted) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("prompt", one.prompt);
      entry.put("seed", one.seed);
      entry.put("file", one.file.toString());
      list.add(entry);
    }
    return list;
  }
}
