package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.FoundPairs;
import org.tastemaker.feedback.annotate.PairFolders;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.annotate.RankedFiles;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.preference.DiffusionDpo;
import org.tastemaker.optim.preference.PreferenceData;
import org.tastemaker.optim.run.OfflineRun;
import org.tastemaker.optim.run.RunResult;

/**
 * A LoRA is trained on images that were judged before, with Diffusion-DPO.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.TrainOnPairs
 * </pre>
 *
 * <p>has images of the bundled model judged into a dataset of preferences, and trains on its pairs.
 * For real: {@code -Dexec.args="stable-diffusion-v1-5 pairs"}, a folder in diffusers' layout and
 * one with the folders {@code w} and {@code l}, or with names that end in {@code _w} and {@code
 * _l}, or a JSON list ({@link PairFolders}). On a CPU, expect each step of a real model to take
 * minutes. An existing LoRA is kept, and the new one gets a number in its name.
 */
public final class TrainOnPairs {
  private static final List<String> PROMPTS = List.of("penguin", "rocket", "frog", "robot");

  private TrainOnPairs() {}

  /**
   * Trains for 30 rounds.
   *
   * @param args the model's folder and that of the pairs, or nothing
   */
  public static void main(String[] args) {
    Path output = Path.of("runs/ideas/train-on-pairs");
    Failures.exit(run(List.of(args), output, System.out, System.err));
  }

  static int run(List<String> args, Path output, PrintStream out, PrintStream err) {
    return Example.run(
        output,
        err,
        () -> {
          if (args.size() == 2) {
            try (LatentDiffusion model = LatentDiffusion.load(Path.of(args.get(0)))) {
              train(model, ofFolder(model, Path.of(args.get(1)), out), 30, output, out);
            }
          } else if (args.isEmpty()) {
            try (LatentDiffusion model = BundledModel.load()) {
              train(model, ofJudge(model, 8, output), 30, output, out);
            }
          } else {
            throw new IllegalArgumentException(
                "usage: TrainOnPairs [MODEL_FOLDER PAIRS], but the arguments were " + args);
          }
        });
  }

  /** Images of the model, judged into a dataset, and what the dataset says of them. */
  static PreferenceData ofJudge(LatentDiffusion model, int imagesPerPrompt, Path folder)
      throws IOException {
    Path dataset = folder.resolve("demonstration.jsonl");
    Path images = folder.resolve("images");
    Files.createDirectories(folder);
    Files.deleteIfExists(dataset); // it holds answers of a rule only
    List<ImageGroup> groups =
        PROMPTS.stream().map(text -> group(model, Prompt.of(text), imagesPerPrompt)).toList();
    GlyphJudge glyphs = BundledModel.judge();
    MockOracle judge =
        MockOracle.of((image, prompt) -> glyphs.score(image, EmojiPrompts.answers(prompt.text())));
    AnnotationJob.builder(
            dataset, judge, Rubrics.consistency(), Settings.none().with("judge", "likeness"))
        .saveImages(images)
        .build()
        .run(groups);

    PreferenceData.Builder data = PreferenceData.builder(model);
    for (AnnotatedGroup group : PreferenceDataset.readAll(dataset)) {
      data.add(group.load(images), group.judgement());
    }
    return data.build();
  }

  private static ImageGroup group(LatentDiffusion model, Prompt prompt, int count) {
    List<Image> images =
        model.generate(
            Stream.generate(() -> prompt).limit(count).toList(),
            Seed.of(1).split(prompt.text()).splits(count));
    return new ImageGroup(prompt, images);
  }

  /** Pairs that a person has made; what cannot be used is printed and left out. */
  static PreferenceData ofFolder(LatentDiffusion model, Path pairs, PrintStream out) {
    FoundPairs found =
        Files.isRegularFile(pairs)
            ? PairFolders.listed(pairs)
            : Files.isDirectory(pairs.resolve("w"))
                ? PairFolders.winnersAndLosers(pairs)
                : PairFolders.suffixed(pairs);
    found.problems().forEach(out::println);
    PreferenceData.Builder data = PreferenceData.builder(model);
    for (RankedFiles group : found.groups()) {
      data.add(group.load(), group.ranking());
    }
    return data.build();
  }

  static RunResult train(
      LatentDiffusion model, PreferenceData data, int rounds, Path output, PrintStream out) {
    try (Lora lora =
            Lora.create(
                "mine",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.defaults(),
                Seed.of(2));
        DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      DiffusionDpo dpo = new DiffusionDpo(policy, DiffusionDpo.Options.defaults(), Seed.of(3));
      RunResult result =
          OfflineRun.of(data, dpo)
              .listener(event -> say(event, out))
              .run(OfflineRun.Options.rounds(rounds));
      Path file = Example.unused(output, "mine", ".safetensors");
      LoraFile.write(file, List.of(lora), LoraFile.Options.kohya());
      out.println(result.message() + "; the LoRA is in " + file);
      return result;
    }
  }

  private static void say(RunEvent event, PrintStream out) {
    if (event instanceof RunEvent.Metrics metrics
        && metrics.values().containsKey("loss")
        && metrics.step() % 5 == 0) {
      out.printf(
          Locale.ROOT,
          "round %3d  loss %.3f  pairs on the right side %.0f%%%n",
          metrics.step(),
          metrics.values().getOrDefault("loss", Double.NaN),
          100 * metrics.values().getOrDefault("implicitAccuracy", Double.NaN));
    }
  }
}
