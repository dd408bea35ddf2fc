package org.tastemaker.examples.measure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.diffusion.checkpoint.ClipFile;
import org.tastemaker.diffusion.checkpoint.ClipFileOptions;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.reward.clip.AestheticScore;
import org.tastemaker.reward.clip.ClipIqa;
import org.tastemaker.reward.clip.ClipReward;
import org.tastemaker.reward.clip.ClipScore;
import org.tastemaker.reward.clip.CosineScore;
import org.tastemaker.reward.clip.HumanPreferenceScore;
import org.tastemaker.reward.clip.PickScore;
import org.tastemaker.reward.clip.Preprocessing;

/**
 * A score of images by a CLIP model's files.
 *
 * @param model a folder of transformers or OpenCLIP, or a file
 * @param score one of {@link #SCORES}
 * @param tokenizer a folder, or null for the model's
 * @param head the file of the aesthetic predictor, or null
 * @param preprocessing how images are prepared, or null for what the score's own program does
 * @param activation of a file without a configuration, or null
 * @param half whether weights in half precision stay so in memory
 */
public record ClipScorer(
    Path model,
    String score,
    @Nullable Path tokenizer,
    @Nullable Path head,
    @Nullable Preprocessing preprocessing,
    @Nullable Activation activation,
    boolean half) {
  /** The names of the scores. */
  public static final String SCORES =
      "clip-score, clip-cosine, hpsv2, hpsv2.1, pickscore, aesthetic, clip-iqa or clip-iqa:NAME";

  /** A score whose weights are loaded. */
  public static final class Open implements AutoCloseable {
    private final ClipModel clip;
    private final ClipReward reward;

    private Open(ClipModel clip, ClipReward reward) {
      this.clip = clip;
      this.reward = reward;
    }

    /**
     * The score's name, with the model's.
     *
     * @return for tables
     */
    public String name() {
      return reward.name();
    }

    /**
     * Scores images.
     *
     * @param prompts of the images
     * @param images at least one
     * @return a score for each
     */
    public double[] score(List<Prompt> prompts, List<Image> images) {
      return reward.score(prompts, images);
    }

    @Override
    public void close() {
      clip.close();
    }
  }

  /**
   * Loads the weights. What can be said at once is checked before.
   *
   * @param options of the computation
   * @return the score: the caller closes it
   * @throws IllegalArgumentException if there is no such score, or a file is missing or another
   */
  public Open open(ClipReward.Options options) {
    ClipScore chosen = check();
    Optional<ClipTokenizer> texts =
        chosen.texts("").isEmpty() ? Optional.empty() : Optional.of(tokenizerOfTexts());
    ClipFileOptions file =
        ClipFileOptions.defaults()
            .withActivation(Optional.ofNullable(activation))
            .withHalfInMemory(half);
    ClipModel clip = ClipFile.load(model, file);
    Preprocessing mode = mode(chosen);
    ClipReward reward =
        texts.isPresent()
            ? ClipReward.of(clip, modelName(), texts.get(), mode, chosen, options)
            : ClipReward.ofImages(clip.vision(), modelName(), mode, chosen, options);
    return new Open(clip, reward);
  }

  /**
   * Checks what can be checked without the weights.
   *
   * @return the score
   * @throws IllegalArgumentException as {@link #open}
   */
  public ClipScore check() {
    ClipScore chosen = named();
    if (!chosen.texts("").isEmpty()) {
      requireTokenizer();
    }
    return chosen;
  }

  /**
   * The model's name.
   *
   * @return that of its folder or file
   */
  public String modelName() {
    return String.valueOf(model.toAbsolutePath().normalize().getFileName());
  }

  /**
   * How images are prepared.
   *
   * @param chosen the score
   * @return as given, or as the score's own program does
   */
  public Preprocessing mode(ClipScore chosen) {
    if (preprocessing != null) {
      return preprocessing;
    }
    return chosen instanceof HumanPreferenceScore ? Preprocessing.HPS_ORIGINAL : Preprocessing.PIL;
  }

  private ClipScore named() {
    String name = score.toLowerCase(Locale.ROOT);
    if (head != null && !name.equals("aesthetic")) {
      throw new IllegalArgumentException("--head belongs to --score aesthetic, but it is " + score);
    }
    if (name.startsWith("clip-iqa:")) {
      return ClipIqa.named(name.substring("clip-iqa:".length()));
    }
    return switch (name) {
      case "clip-score" -> CosineScore.TORCHMETRICS;
      case "clip-cosine" -> CosineScore.COSINE;
      case "hpsv2" -> HumanPreferenceScore.V2;
      case "hpsv2.1" -> HumanPreferenceScore.V2_1;
      case "pickscore" -> new PickScore();
      case "clip-iqa" -> ClipIqa.named("quality");
      case "aesthetic" -> {
        if (head == null) {
          throw new IllegalArgumentException(
              "--score aesthetic needs its predictor: give --head sac+logos+ava1-l14-linearMSE.pth");
        }
        yield AestheticScore.read(head);
      }
      default ->
          throw new IllegalArgumentException(
              "there is no score '" + score + "'; there are " + SCORES);
    };
  }

  private ClipTokenizer tokenizerOfTexts() {
    return ClipTokenizer.load(requireTokenizer());
  }

  private Path requireTokenizer() {
    Path folder = tokenizer;
    if (folder == null) {
      folder = Files.isDirectory(model) ? model : model.toAbsolutePath().getParent();
    }
    if (folder == null
        || !(Files.isRegularFile(folder.resolve("vocab.json"))
            || Files.isRegularFile(folder.resolve("tokenizer.json")))) {
      throw new IllegalArgumentException(
          "there is no tokenizer in "
              + folder
              + ": give --tokenizer FOLDER with vocab.json and merges.txt, or tokenizer.json; that"
              + " of any CLIP model of 49,408 tokens will do");
    }
    return folder;
  }
}
