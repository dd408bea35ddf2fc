package org.tastemaker.examples.align;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.examples.console.EngineOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of the quick start, which the command {@code align} has too. */
public final class AlignOptions {
  @Option(
      names = "--run",
      description = "Folder of the run; a run in it is resumed (default: ${DEFAULT-VALUE}).")
  private Path run = Path.of("runs/quick-start");

  @Option(names = "--prompt", description = "Emoji to align, by name; may be given several times.")
  private List<String> prompts = new ArrayList<>();

  @Option(
      names = "--method",
      description =
          "How the model learns: ${COMPLETION-CANDIDATES}. nft is DiffusionNFT;"
              + " zo is a search over the gains of a LoRA that needs no gradients, without --images"
              + " and --learning-rate (default: ${DEFAULT-VALUE}).")
  private Alignment.Method method = Alignment.Method.nft;

  @Option(names = "--rounds", description = "Rounds of training (default: ${DEFAULT-VALUE}).")
  private int rounds = 16;

  @Option(names = "--images", description = "Images ranked together (default: ${DEFAULT-VALUE}).")
  private int images = 8;

  @Option(
      names = "--learning-rate",
      description =
          "Learning rate; a run that has diverged goes on with a lower one (default:"
              + " ${DEFAULT-VALUE}).")
  private double learningRate = Alignment.Settings.defaults().learningRate();

  @Option(
      names = "--seed",
      description = "Random seed of the whole run (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--judge",
      description = "Who ranks: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Judge judge = Judge.glyphs;

  @Option(
      names = "--measure",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Also measure bias, harm and diversity (default: yes).")
  private boolean measure = true;

  @Option(
      names = "--step",
      paramLabel = "WHERE",
      description =
          "Where denoising steps are computed: auto, cpu or cuda (default: cpu, and auto with"
              + " --device cuda, so that the latents stay on the GPU).")
  private @Nullable String chosenStep;

  @Mixin private ServerOptions server = new ServerOptions();

  @Mixin private EngineOptions engine = new EngineOptions();

  /** Who ranks. */
  public enum Judge {
    /** The mock judge, which compares with the reference glyphs. */
    glyphs,
    /** ChatGPT, for money. */
    chatgpt,
    /** A server of one's own with OpenAI's API. */
    http
  }

  /** Made by picocli. */
  public AlignOptions() {}

  /**
   * The run's folder.
   *
   * @return as given, or the default
   */
  public Path run() {
    return run;
  }

  /**
   * What to align to.
   *
   * @return as given; empty if nothing was
   */
  public List<String> prompts() {
    return List.copyOf(prompts);
  }

  /**
   * How the model learns.
   *
   * @return as given, or the default
   */
  public Alignment.Method method() {
    return method;
  }

  /**
   * Who ranks.
   *
   * @return as given, or the glyphs
   */
  public Judge judge() {
    return judge;
  }

  /**
   * Whether a server is asked, which may cost money.
   *
   * @return true for ChatGPT and for a server of one's own
   */
  public boolean isPaid() {
    return judge != Judge.glyphs;
  }

  /**
   * Whether bias, harm and diversity are measured too.
   *
   * @return as given, or true
   */
  public boolean measure() {
    return measure;
  }

  /**
   * What runs the networks.
   *
   * @return as given
   */
  public EngineOptions engine() {
    return engine;
  }

  /**
   * Where denoising steps are computed.
   *
   * @return auto, cpu or cuda
   */
  public String step() {
    return chosenStep == null ? engine.step() : chosenStep;
  }

  /**
   * The hyper-parameters.
   *
   * @param defaults what no option changes
   * @return the settings
   * @throws IllegalArgumentException if an option is out of its range
   */
  public Alignment.Settings settings(Alignment.Settings defaults) {
    require(rounds >= 1, "--rounds must be at least 1, but was " + rounds);
    require(
        images >= 2,
        "--images must be at least 2, since one image cannot be ranked, but was " + images);
    require(
        learningRate >= 0 && Double.isFinite(learningRate),
        "--learning-rate must be at least 0 and finite, but was " + learningRate);
    return defaults
        .withRounds(rounds)
        .withSeed(seed)
        .withImagesPerPrompt(images)
        .withLearningRate(learningRate);
  }

  /**
   * Images of a prompt in each round.
   *
   * @return a search's own number, or as given
   */
  public int imagesPerPrompt() {
    return method == Alignment.Method.zo ? Alignment.SEARCHED_IMAGES : images;
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  /**
   * Which model to ask, and what it may cost.
   *
   * @return the terms
   * @throws IllegalArgumentException if there is a budget without a price, or no server's URL
   */
  public PaidJudge.Terms terms() {
    require(
        judge != Judge.http || server.isNamed(),
        "--judge http needs the server's --base-url, such as http://localhost:8000/v1");
    return server.terms();
  }

  /**
   * The settings as a run's folder stores them.
   *
   * @param task what is aligned to
   * @param settings hyper-parameters
   * @return texts by name
   */
  public Map<String, String> config(EmojiTask task, Alignment.Settings settings) {
    Map<String, String> config =
        new LinkedHashMap<>(
            Alignment.config(task, settings, isPaid() ? server.model() : judge.name()));
    config.putAll(engine.settings());
    if (method != Alignment.Method.ddpo) { // folders of earlier versions have none
      config.put("method", method.name());
    }
    return config;
  }
}
