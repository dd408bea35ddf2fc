package org.tastemaker.examples.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.examples.measure.ClipScorer;
import org.tastemaker.reward.clip.ClipReward;
import org.tastemaker.reward.clip.Preprocessing;
import org.tastemaker.reward.image.JpegReward;
import picocli.CommandLine.Option;

/** The options that say by which score images are measured. */
final class ScoreOptions {
  private static final String JPEG = "jpeg";

  @Option(
      names = "--score",
      paramLabel = "NAME",
      description =
          "jpeg (how well images compress), or by the files of --clip: " + ClipScorer.SCORES + ".")
  private @Nullable String score;

  @Option(
      names = "--clip",
      paramLabel = "PATH",
      description =
          "A CLIP model: a folder of transformers or OpenCLIP, or a file (.safetensors, .pt, .bin).")
  private @Nullable Path clip;

  @Option(
      names = "--clip-tokenizer",
      paramLabel = "FOLDER",
      description = "vocab.json and merges.txt, or tokenizer.json (default: in the CLIP's folder).")
  private @Nullable Path tokenizer;

  @Option(
      names = "--head",
      paramLabel = "FILE",
      description = "The aesthetic predictor, such as sac+logos+ava1-l14-linearMSE.pth.")
  private @Nullable Path head;

  @Option(
      names = "--preprocessing",
      paramLabel = "MODE",
      description = "How images are prepared: ${COMPLETION-CANDIDATES}. It shifts scores.")
  private @Nullable Preprocessing preprocessing;

  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description = "Of a CLIP's file without a configuration: ${COMPLETION-CANDIDATES}.")
  private @Nullable Activation activation;

  /** Made by picocli. */
  ScoreOptions() {}

  /** A score that is ready. */
  interface Scorer extends AutoCloseable {
    /** For tables. */
    String name();

    /** A score for each image; higher is better. */
    double[] score(List<Prompt> prompts, List<Image> images);

    @Override
    void close();
  }

  boolean isGiven() {
    return score != null || clip != null;
  }

  /** Checks what can be checked before weights are read. */
  void check() {
    if (score == null) {
      throw new IllegalArgumentException(
          "there is no score: give --score jpeg, or --score NAME with --clip PATH; NAME is one of "
              + ClipScorer.SCORES);
    }
    if (isJpeg()) {
      if (clip != null || head != null) {
        throw new IllegalArgumentException("--score jpeg needs no files: leave --clip out");
      }
      return;
    }
    if (clip == null) {
      throw new IllegalArgumentException(
          "--score "
              + score
              + " needs the files of a CLIP model: give --clip PATH, or --score jpeg");
    }
    Object unused = scorer(score, clip).check();
  }

  /** Loads what the score needs: the caller closes it. */
  Scorer open(Engine engine) {
    if (score == null || clip == null) {
      return new Jpeg();
    }
    ClipScorer.Open open =
        scorer(score, clip).open(ClipReward.Options.defaults().withEngine(engine));
    return new Scorer() {
      @Override
      public String name() {
        return open.name();
      }

      @Override
      public double[] score(List<Prompt> prompts, List<Image> images) {
        return open.score(prompts, images);
      }

      @Override
      public void close() {
        open.close();
      }
    };
  }

  private boolean isJpeg() {
    return score != null && score.toLowerCase(Locale.ROOT).equals(JPEG);
  }

  private ClipScorer scorer(String name, Path model) {
    return new ClipScorer(model, name, tokenizer, head, preprocessing, activation, false);
  }

  /** Minus the kilobytes of an image as JPEG. */
  private static final class Jpeg implements Scorer {
    @Override
    public String name() {
      return "minus the kilobytes as JPEG";
    }

    @Override
    public double[] score(List<Prompt> prompts, List<Image> images) {
      return images.stream().mapToDouble(image -> -JpegReward.kilobytes(image)).toArray();
    }

    @Override
    public void close() {}
  }
}
