package org.tastemaker.examples.experiments;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.EpochOrder;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.examples.align.RunFolders;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.CaptionMix;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphSheet;
import org.tastemaker.optim.hps.CaptionedImage;
import org.tastemaker.optim.hps.HpsTuning;
import org.tastemaker.optim.hps.PreferenceClasses;

/**
 * One tuning of the bundled model by preferred images and others: Human Preference Score's own
 * method, on one seed.
 *
 * <pre>
 *   1. images of the base model, several for each prompt
 *   2. scores --&gt; preferred, not preferred, neither
 *   3. glyphs of the pre-training data beside them
 *   4. a LoRA by {@link HpsTuning}, resumed after a stop
 * </pre>
 */
final class PreferenceTrial {
  /** Every second prompt that consistency is measured with is never trained on. */
  static final List<String> HELD_OUT = every(1);

  /** The others are. */
  static final List<String> TRAINED = every(0);

  private final LatentDiffusion model;
  private final Size size;
  private final Seed seed;

  /** Scores images of one prompt. */
  @FunctionalInterface
  interface Scores {
    /** A score for each image, higher is better. */
    double[] of(ImageGroup group);
  }

  /**
   * How much to do.
   *
   * @param prompts of the preference data, at least those of {@link #TRAINED}
   * @param images of each prompt, at least 3
   * @param guidance with which they are made: with little of it they differ more
   * @param denoisingSteps with which they are made
   * @param pretraining glyphs beside them
   * @param steps of training
   * @param batch images per step
   * @param rate learning rate
   * @param dropout share of captions that are dropped
   */
  record Size(
      int prompts,
      int images,
      double guidance,
      int denoisingSteps,
      int pretraining,
      long steps,
      int batch,
      double rate,
      double dropout) {
    Size {
      if (prompts < TRAINED.size() || images < 3 || pretraining < 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "there must be at least %d prompts, 3 images of each and 0 glyphs, but there were %d, %d and %d",
                TRAINED.size(),
                prompts,
                images,
                pretraining));
      }
    }

    HpsTuning.Options tuning() {
      return new HpsTuning.Options(
          HpsTuning.Options.paper().prefix(),
          dropout,
          batch,
          OptimizerOptions.defaults(steps)
              .withRate(new OptimizerOptions.Rate(OptimizerOptions.Decay.CONSTANT, rate, 0)));
    }
  }

  /**
   * A trial that has not begun.
   *
   * @param model the bundled one, owned by the caller
   * @param size how much to do
   * @param seed of everything
   */
  PreferenceTrial(LatentDiffusion model, Size size, Seed seed) {
    this.model = model;
    this.size = size;
    this.seed = seed;
  }

  /** The images of each prompt, the same whenever they are made. */
  List<ImageGroup> groups() {
    List<Prompt> asked = new ArrayList<>();
    prompts().forEach(p -> asked.addAll(Collections.nCopies(size.images(), Prompt.of(p))));
    List<Image> images =
        model
            .with(Training.sampled(size.guidance()).withSteps(size.denoisingSteps()))
            .generate(asked, seed.split("preference data"));
    List<ImageGroup> groups = new ArrayList<>();
    for (int from = 0; from < images.size(); from += size.images()) {
      groups.add(new ImageGroup(asked.get(from), images.subList(from, from + size.images())));
    }
    return groups;
  }

  private List<String> prompts() {
    List<String> others = new ArrayList<>(CaptionMix.of(BundledModel.glyphs().glyphs()).captions());
    others.removeAll(EmojiPrompts.CONSISTENCY);
    int more = Math.min(size.prompts() - TRAINED.size(), others.size());
    List<String> prompts = new ArrayList<>(TRAINED);
    if (more > 0) {
      new EpochOrder(others.size(), seed.split("prompts"))
          .batch(0, more)
          .forEach(i -> prompts.add(others.get(i)));
    }
    return prompts;
  }

  /** The classified images of all prompts. */
  static List<CaptionedImage> classified(
      List<ImageGroup> groups, Scores scores, PreferenceClasses classes) {
    return groups.stream().flatMap(g -> classes.of(g, scores.of(g)).stream()).toList();
  }

  /** The same images with their classes dealt out anew: what a judge said is lost. */
  List<CaptionedImage> shuffled(List<CaptionedImage> images) {
    List<Boolean> classes =
        new ArrayList<>(images.stream().map(CaptionedImage::preferred).toList());
    RandomGenerator random = seed.split("shuffled").generator();
    for (int i = classes.size() - 1; i > 0; i--) {
      Collections.swap(classes, i, random.nextInt(i + 1));
    }
    List<CaptionedImage> dealt = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      CaptionedImage image = images.get(i);
      dealt.add(new CaptionedImage(image.image(), image.caption(), classes.get(i)));
    }
    return dealt;
  }

  /**
   * Trains a LoRA, or reads it if it is there.
   *
   * @param classified the images of both classes
   * @param config what must be the same for a training to be resumed
   * @param folder of the training, kept
   * @param file where the LoRA is written
   * @return the LoRA; the caller closes it
   */
  Lora train(
      List<CaptionedImage> classified,
      Settings config,
      Path folder,
      Path file,
      RunListener listener,
      Cancellation cancellation) {
    var networks = Map.of(LoraNetwork.UNET, model.components().unet().parameters());
    if (Files.exists(file)) {
      return Objects.requireNonNull(LoraFile.read(file, "hps", networks).get(LoraNetwork.UNET));
    }
    HpsTuning.Options options = size.tuning();
    Lora lora =
        Lora.create(
            "hps",
            LoraNetwork.UNET,
            model.components().unet().parameters(),
            Lora.Options.ofRank(4),
            seed.split("lora"));
    try (RunFolder run = RunFolders.open(folder, config.values(), Set.of(), seed)) {
      List<CaptionedImage> images = new ArrayList<>(classified);
      images.addAll(pretraining());
      HpsTuning tuning = new HpsTuning(model, lora, options, seed.split("tuning"));
      run.resume().ifPresent(checkpoint -> tuning.restore(checkpoint.folder()));
      tuning.train(
          images,
          Checkpointing.in(run, 50, 1),
          RunListener.all(listener, run.listener()),
          cancellation);
      LoraFile.write(file, List.of(lora), HpsTuning.fileOptions(options, LoraFile.Options.kohya()));
      return lora;
    } catch (RuntimeException e) {
      lora.close();
      throw e;
    }
  }

  /** Images that the model was pre-trained on. */
  private List<CaptionedImage> pretraining() {
    GlyphSheet sheet = BundledModel.glyphs();
    CaptionMix mix = CaptionMix.of(sheet.glyphs());
    RandomGenerator random = seed.split("pretraining").generator();
    List<CaptionedImage> drawn = new ArrayList<>();
    for (int i = 0; i < size.pretraining(); i++) {
      CaptionMix.Draw draw = mix.draw(random);
      drawn.add(new CaptionedImage(sheet.images().get(draw.glyph()), draw.caption(), true));
    }
    return drawn;
  }

  private static List<String> every(int remainder) {
    List<String> all = EmojiPrompts.CONSISTENCY;
    List<String> some = new ArrayList<>();
    for (int i = remainder; i < all.size(); i += 2) {
      some.add(all.get(i));
    }
    return List.copyOf(some);
  }
}
