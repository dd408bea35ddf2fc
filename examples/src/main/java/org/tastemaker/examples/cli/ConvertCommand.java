package org.tastemaker.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.inspect.FileReport;
import org.tastemaker.diffusion.inspect.FileType;
import org.tastemaker.diffusion.inspect.ModelFiles;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraContents;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.examples.emoji.BundledModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a model or a LoRA in another form. */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Writes a model as a folder or a checkpoint, or a LoRA in the dialect of another program.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  tastemaker convert v1-5-pruned-emaonly.safetensors stable-diffusion-v1-5 --to folder",
      "  tastemaker convert stable-diffusion-v1-5 v1-5.safetensors --to checkpoint --dtype f16",
      "  tastemaker convert kohya.safetensors peft.safetensors --to diffusers -m stable-diffusion-v1-5",
      "  tastemaker convert runs/quick-start/emoji-lora.safetensors runs/peft --to peft",
      "  tastemaker convert bundled runs/emoji-model --to folder"
    })
final class ConvertCommand implements Callable<Integer>, Writes {
  private static final String BUNDLED = "bundled";
  private static final int SD_2_WIDTH = 1024;

  @Parameters(
      index = "0",
      paramLabel = "FROM",
      description = "A model's folder or checkpoint, a LoRA, or 'bundled' for the bundled model.")
  private Path from = Path.of("");

  @Parameters(index = "1", paramLabel = "TO", description = "What is written.")
  private Path to = Path.of("");

  /** Forms of models, then of LoRAs. */
  enum Form {
    folder,
    checkpoint,
    kohya,
    diffusers,
    peft;

    boolean isModel() {
      return this == folder || this == checkpoint;
    }
  }

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FORM",
      description =
          "Of a model: folder (diffusers' layout) or checkpoint (one safetensors file). Of a LoRA:"
              + " kohya, diffusers, or peft (a folder).")
  private Form form = Form.folder;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "f32, f16 or bf16 (default: f32 of a model, f16 of a LoRA).")
  private @Nullable DType dtype;

  @Option(
      names = "--base",
      paramLabel = "NAME",
      description =
          "The model that a LoRA is for, in kohya's metadata: sd_v1, sd_v2 or sdxl_base_v1-0"
              + " (default: by the model).")
  private @Nullable String base;

  @Option(names = "--overwrite", description = "Replace a file of that name; never a folder.")
  private boolean overwrite;

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private Output output = new Output();

  /** Made for the program. */
  ConvertCommand() {}

  @Override
  public Path folder() {
    Path parent = to.toAbsolutePath().getParent();
    return parent == null ? Path.of("") : parent;
  }

  @Override
  public Integer call() throws IOException {
    model.check();
    boolean bundled = from.toString().equals(BUNDLED) && !Files.exists(from);
    FileReport report = bundled ? null : ModelFiles.inspect(from);
    boolean isLora = report != null && report.type() == FileType.LORA;
    if (report != null) {
      require(report, isLora);
    }
    if (isLora == form.isModel()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is a %s, which is written --to %s, but it was %s",
              from,
              isLora ? "LoRA" : "model",
              isLora ? "kohya, diffusers or peft" : "folder or checkpoint",
              form));
    }
    if (Files.exists(to) && !(overwrite && Files.isRegularFile(to))) {
      throw new IllegalArgumentException(
          to
              + " exists, and is not overwritten: give another name"
              + (Files.isRegularFile(to) ? ", or --overwrite" : ""));
    }
    Files.createDirectories(folder());
    DType type = dtype == null ? (isLora ? DType.F16 : DType.F32) : dtype;
    if (isLora) {
      lora(type);
    } else {
      try (LatentDiffusion loaded = bundled ? BundledModel.load() : LatentDiffusion.load(from)) {
        if (form == Form.folder) {
          loaded.save(to, type);
        } else {
          loaded.saveCheckpoint(to, type);
        }
      }
    }
    output.say("%s is written as %s in %s", from, form, to);
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("from", from);
    result.put("to", to);
    result.put("form", form.name());
    result.put("dtype", type.name());
    output.result(0, result);
    return 0;
  }

  private static void require(FileReport report, boolean isLora) {
    if (!report.loads()) {
      throw new IllegalArgumentException("FROM: " + report.refusal().orElseThrow());
    }
    if (!isLora && report.type() != FileType.MODEL_FOLDER && report.type() != FileType.CHECKPOINT) {
      throw new IllegalArgumentException(
          "FROM: expected a model or a LoRA, but " + report.path() + " is " + report.what());
    }
  }

  /** The names of a LoRA's layers are those of a model. */
  private void lora(DType type) {
    try (LatentDiffusion loaded = model.load();
        LoraContents contents =
            LoraFile.contents(from, "converted", loaded.components().loraNetworks())) {
      LoraFile.Options options =
          switch (form) {
            case diffusers -> LoraFile.Options.diffusers();
            case peft -> LoraFile.Options.peftFolder();
            default -> LoraFile.Options.kohya();
          };
      List<Lora> loras = List.copyOf(contents.loras().values());
      LoraFile.write(
          to,
          loras,
          options
              .withDtype(type)
              .withAdapted(contents.adapted())
              .withBaseModel(base == null ? baseOf(loaded.components()) : base));
      if (!contents.embeddings().isEmpty()) {
        output.warn("the words " + contents.embeddings().keySet() + " are not written");
      }
    }
  }

  private static String baseOf(Components parts) {
    if (parts.xl().isPresent()) {
      return "sdxl_base_v1-0";
    }
    return parts.textEncoder().config().hiddenSize() == SD_2_WIDTH ? "sd_v2" : "sd_v1";
  }
}
