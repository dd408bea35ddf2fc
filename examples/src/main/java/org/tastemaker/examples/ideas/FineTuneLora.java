package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.FineTuning;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.train.CaptionedLatents;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.DenoisingModels;
import org.tastemaker.diffusion.train.DenoisingTrainer;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.diffusion.train.TrainedPart;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.feedback.annotate.PromptFolders;

/**
 * A Stable Diffusion folder is loaded, and a LoRA of it is trained on a handful of images.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.FineTuneLora
 * </pre>
 *
 * <p>prints the loss and writes {@code lora.safetensors} with kohya's keys. Without arguments it
 * trains a tiny model of random weights, made for it, on four flat colours: every step is the same
 * as with a real model, but nothing can be learned. For real: {@code
 * -Dexec.args="stable-diffusion-v1-5 photos"}, a folder in diffusers' layout with safetensors, and
 * one with images as {@code NAME.png} and their captions as {@code NAME.txt} ({@link
 * PromptFolders#captioned}). On a CPU, expect each step of a real model to take minutes. An
 * existing LoRA is kept, and the new one gets a number in its name.
 */
public final class FineTuneLora {
  private FineTuneLora() {}

  /**
   * Trains 100 steps.
   *
   * @param args the model's folder and that of the images, or nothing
   */
  public static void main(String[] args) {
    Path output = Path.of("runs/ideas/fine-tune-lora");
    Failures.exit(run(List.of(args), output, System.out, System.err));
  }

  static int run(List<String> args, Path output, PrintStream out, PrintStream err) {
    return Example.run(
        output,
        err,
        () -> {
          if (args.size() == 2) {
            train(Path.of(args.get(0)), read(Path.of(args.get(1)), out), 100, output, out);
          } else if (args.isEmpty()) {
            List<Captioned> colours = colours();
            Path tiny = output.resolve("tiny-model");
            AtomicFiles.deleteRecursively(tiny); // of an earlier run
            Files.createDirectories(output);
            TinyFolder.write(tiny, colours.stream().map(Captioned::caption).toList(), Seed.of(1));
            train(tiny, colours, 100, output, out);
          } else {
            throw new IllegalArgumentException(
                "usage: FineTuneLora [MODEL_FOLDER IMAGE_FOLDER], but the arguments were " + args);
          }
        });
  }

  /** An image and what it shows. */
  record Captioned(String caption, Image image) {}

  static List<Double> train(
      Path folder, List<Captioned> images, int steps, Path output, PrintStream out)
      throws IOException {
    Files.createDirectories(output);
    List<Double> losses = new ArrayList<>();
    try (LatentDiffusion model = LatentDiffusion.load(folder);
        Lora lora =
            Lora.create(
                "mine",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.defaults(),
                Seed.of(2))) {
      // 1. What is trained on: latents and token ids, computed once.
      CaptionedLatents batch = encode(model, images, out);

      // 2. The U-Net's LoRA is trained; all else is frozen.
      DenoisingModels models =
          FineTuning.models(model).withTrainedUnet(TrainedPart.adapter(lora, lora.parameters()));
      OptimizerOptions optimizer =
          OptimizerOptions.defaults(steps)
              .withRate(new OptimizerOptions.Rate(OptimizerOptions.Decay.CONSTANT, 1e-3, 0));
      DenoisingTrainer trainer =
          new DenoisingTrainer(
              models, new DenoisingTrainer.Options(optimizer, 0.1, 0, 0), Seed.of(3));
      RunListener listener =
          event -> {
            Double loss = event instanceof RunEvent.Metrics m ? m.values().get("loss") : null;
            if (loss != null) {
              losses.add(loss);
              if (losses.size() % 20 == 0) {
                out.printf(Locale.ROOT, "step %3d  loss %.4f%n", losses.size(), loss);
              }
            }
          };
      trainer.run(number -> batch, Checkpointing.none(), listener, new Cancellation());

      // 3. The LoRA alone, of a few megabytes for a real model.
      Path file = Example.unused(output, "lora", ".safetensors");
      LoraFile.write(file, List.of(lora), LoraFile.Options.kohya());
      out.printf(
          Locale.ROOT, "%,d weights of %s are in %s%n", lora.parameters().count(), folder, file);
      return losses;
    }
  }

  private static CaptionedLatents encode(
      LatentDiffusion model, List<Captioned> images, PrintStream out) {
    for (Captioned image : images) {
      ClipTokenizer.Encoding encoding = model.components().tokenizer().encode(image.caption());
      if (encoding.truncated()) {
        out.printf(
            Locale.ROOT,
            "a caption of %d tokens is cut at %d, before \"%s\"%n",
            encoding.tokens(),
            encoding.ids().length(),
            encoding.cut());
      }
    }
    return FineTuning.batch(
        model,
        images.stream().map(Captioned::image).toList(),
        images.stream().map(Captioned::caption).toList());
  }

  static List<Captioned> colours() {
    return List.of(
        new Captioned("a red wall", Image.filled(16, 16, 1, 0, 0)),
        new Captioned("a green wall", Image.filled(16, 16, 0, 1, 0)),
        new Captioned("a blue wall", Image.filled(16, 16, 0, 0, 1)),
        new Captioned("a white wall", Image.filled(16, 16, 1, 1, 1)));
  }

  /** Images with their captions; what cannot be read is printed and left out. */
  static List<Captioned> read(Path folder, PrintStream out) {
    PromptFolders.Contents contents = PromptFolders.captioned(folder);
    contents.problems().forEach(out::println);
    List<Captioned> images = new ArrayList<>();
    for (ImageGroup image : contents.groups()) {
      images.add(new Captioned(image.prompt().text(), image.images().get(0)));
    }
    if (images.isEmpty()) {
      throw new IllegalArgumentException(
          "there are no images with captions in " + folder + ": put NAME.png and NAME.txt there");
    }
    return images;
  }
}
