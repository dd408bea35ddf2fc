package org.tastemaker.examples.generators;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.PreferenceDataset;

/**
 * Generators against each other on the same prompts, each with the prompts as they are and
 * rewritten. All that is paid for is kept in the folder: run again after a kill, it goes on, and
 * makes no image, rewrites no prompt and asks about no pair a second time.
 */
public final class GeneratorStudy {
  private static final String NO_IMAGE = "no image: ";

  private final Path folder;
  private final List<Prompt> prompts;
  private final Options options;
  private final List<Arm> arms = new ArrayList<>();
  private final ImageShelf shelf;
  private final RewrittenPrompts rewritten;

  /**
   * What is compared.
   *
   * @param sources names of the sources, in the order of the tables
   * @param perPrompt images of each prompt and arm
   * @param side of the square that a judge sees, in pixels
   * @param seed of the images, the sides, the order and the bootstrap
   * @param settings what else decides the images, such as the models' names: a folder is gone on
   *     with only where they are the same
   */
  public record Options(
      List<String> sources, int perPrompt, int side, Seed seed, Settings settings) {
    public Options {
      sources = List.copyOf(sources);
      Objects.requireNonNull(seed, "seed == null");
      Objects.requireNonNull(settings, "settings == null");
      if (sources.isEmpty() || perPrompt < 1 || side < 8) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "there must be at least 1 source, 1 image and 8 pixels, but were %d, %d and %d",
                sources.size(),
                perPrompt,
                side));
      }
    }
  }

  /**
   * What is still to be done, and paid for.
   *
   * @param rewrites prompts to be rewritten
   * @param images to be made, by source
   * @param pairs to be judged, at most
   */
  public record Work(int rewrites, Map<String, Integer> images, int pairs) {
    public Work {
      images = Collections.unmodifiableMap(new TreeMap<>(images));
    }
  }

  /**
   * What was found.
   *
   * @param tournament win rates, scores and effects
   * @param missing how many comparisons have no result, by reason
   */
  public record Result(Tournament tournament, Map<String, Integer> missing) {
    public Result {
      missing = Collections.unmodifiableMap(new TreeMap<>(missing));
    }
  }

  /**
   * A study, or one that is gone on with.
   *
   * @param folder of all that it keeps
   * @param prompts as they are
   * @param options what is compared
   * @throws IllegalArgumentException if the folder holds a study of other settings
   */
  public GeneratorStudy(Path folder, List<Prompt> prompts, Options options) {
    this.folder = folder;
    this.prompts = List.copyOf(prompts);
    this.options = options;
    for (String source : options.sources) {
      arms.add(new Arm(source, false));
      arms.add(new Arm(source, true));
    }
    this.shelf = new ImageShelf(folder.resolve("images"));
    this.rewritten = new RewrittenPrompts(folder.resolve("rewritten.json"));
    Path file = folder.resolve("study.json");
    Settings now =
        options
            .settings
            .with("prompts", String.join(" | ", prompts.stream().map(Prompt::text).toList()))
            .with("sources", String.join(", ", options.sources))
            .with("images", options.perPrompt)
            .with("side", options.side)
            .with("seed", options.seed.key());
    if (Files.exists(file)) {
      StoredSettings.requireSame(file, StoredSettings.read(Json.readObject(file)), now);
    } else {
      try {
        Files.createDirectories(folder);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot make the folder " + folder + ": " + e, e);
      }
      AtomicFiles.write(file, Json.write(now.values()));
    }
  }

  /**
   * What is compared.
   *
   * @return two arms for each source
   */
  public List<Arm> arms() {
    return List.copyOf(arms);
  }

  /**
   * The images.
   *
   * @return the shelf
   */
  public ImageShelf shelf() {
    return shelf;
  }

  /**
   * The rewritten prompts.
   *
   * @return what was asked for so far
   */
  public RewrittenPrompts rewritten() {
    return rewritten;
  }

  /**
   * What is left to do.
   *
   * @param judge a name, as for {@link #judged}
   * @return counts for the estimate of the cost
   */
  public Work work(String judge) {
    Map<String, Integer> images = new TreeMap<>();
    for (String source : options.sources) {
      // Rewritten prompts are not known yet, but how many images they become is.
      images.put(source, shelf.left(orders(source, true)).size());
    }
    int rewrites = rewritten.left(prompts);
    boolean whole = rewrites == 0 && images.values().stream().allMatch(left -> left == 0);
    return new Work(
        rewrites,
        images,
        whole ? unjudged(judge) : Math.max(0, pairs() - judgements(judge).size()));
  }

  /** How many pairs there are if no image is missing. */
  private int pairs() {
    return prompts.size() * options.perPrompt * arms.size() * (arms.size() - 1) / 2;
  }

  private int unjudged(String judge) {
    Map<List<String>, Judgement> there = judgements(judge);
    return (int)
        blindPairs().groups().stream()
            .filter(group -> !there.containsKey(BlindPairs.key(group)))
            .count();
  }

  /**
   * Rewrites what is not rewritten yet.
   *
   * @param rewriter asked once for each prompt
   */
  public void rewrite(UnaryOperator<Prompt> rewriter) {
    rewritten.make(prompts, rewriter);
  }

  /**
   * Makes the images that are not there yet, after all prompts are rewritten.
   *
   * @param source one of the study's
   */
  public void make(Source source) {
    if (!options.sources.contains(source.name())) {
      throw new IllegalArgumentException(
          "the study compares " + options.sources + ", but was given " + source.name());
    }
    if (rewritten.left(prompts) > 0) {
      throw new IllegalStateException(
          rewritten.left(prompts) + " prompts are not rewritten yet: call rewrite(...) first");
    }
    shelf.make(source, orders(source.name(), false));
  }

  private List<ImageShelf.Order> orders(String source, boolean planned) {
    List<ImageShelf.Order> orders = new ArrayList<>();
    for (Arm arm : List.of(new Arm(source, false), new Arm(source, true))) {
      for (int p = 0; p < prompts.size(); p++) {
        Optional<Prompt> text =
            !arm.rewritten() || planned
                ? Optional.of(prompts.get(p))
                : rewritten.of(prompts.get(p));
        for (int i = 0; i < options.perPrompt && text.isPresent(); i++) {
          Seed seed = options.seed.split("images").split(p).split(i); // the same for all arms
          orders.add(new ImageShelf.Order(arm, p, i, text.get(), seed));
        }
      }
    }
    return orders;
  }

  /** The pairs as the judge sees them. */
  BlindPairs blindPairs() {
    return BlindPairs.of(
        prompts,
        options.perPrompt,
        arms.size(),
        (arm, prompt, image) -> shelf.get(arms.get(arm), prompt, image),
        options.side,
        options.seed.split("judging"));
  }

  private Path dataset(String judge) {
    return folder.resolve("judged-" + judge.replaceAll("[^A-Za-z0-9._-]", "-") + ".jsonl");
  }

  /**
   * Has all pairs judged that are not judged yet, and counts.
   *
   * @param judge a name; each judge has a file of judgements of its own
   * @param oracle to ask, in both orders if it is fair
   * @param rubric what to look at
   * @return the result
   */
  public Result judged(String judge, DescribedOracle oracle, Rubric rubric) {
    BlindPairs pairs = blindPairs();
    if (!pairs.groups().isEmpty()) {
      Object unused =
          AnnotationJob.builder(dataset(judge), oracle, rubric).build().run(pairs.groups());
    }
    return result(pairs, judgements(judge));
  }

  private Map<List<String>, Judgement> judgements(String judge) {
    Map<List<String>, Judgement> judgements = new HashMap<>();
    if (Files.exists(dataset(judge))) {
      PreferenceDataset.Contents unused =
          PreferenceDataset.read(
              dataset(judge),
              group ->
                  judgements.put(
                      BlindPairs.key(group.prompt(), group.images()), group.judgement()));
    }
    return judgements;
  }

  private Result result(BlindPairs pairs, Map<List<String>, Judgement> judgements) {
    List<List<double[][]>> results = new ArrayList<>();
    Map<String, Integer> missing = new TreeMap<>();
    for (int p = 0; p < prompts.size(); p++) {
      List<double[][]> images = new ArrayList<>();
      for (int i = 0; i < options.perPrompt; i++) {
        double[][] shares = new double[arms.size()][arms.size()];
        for (double[] row : shares) {
          Arrays.fill(row, Double.NaN);
        }
        images.add(shares);
        countMissingImages(p, i, missing);
      }
      results.add(images);
    }
    for (BlindPairs.Pair pair : pairs.pairs()) {
      Judgement judgement = judgements.get(pair.key());
      double share = pair.same() ? 0.5 : judgement == null ? Double.NaN : pair.share(judgement);
      if (Double.isNaN(share)) {
        String why =
            judgement == null ? "not judged yet" : String.valueOf(judgement.missingReason());
        missing.merge("no judgement: " + why, 1, Integer::sum);
      }
      results.get(pair.prompt()).get(pair.image())[pair.first()][pair.second()] = share;
    }
    return new Result(new Tournament(arms, results, options.seed.split("bootstrap")), missing);
  }

  /** Each comparison is counted once, for the first of its arms that has no image. */
  private void countMissingImages(int prompt, int image, Map<String, Integer> missing) {
    for (int a = 0; a < arms.size(); a++) {
      for (int b = a + 1; b < arms.size(); b++) {
        for (Arm arm : List.of(arms.get(a), arms.get(b))) {
          if (shelf.get(arm, prompt, image).isEmpty()) {
            missing.merge(NO_IMAGE + why(arm, prompt, image), 1, Integer::sum);
            break;
          }
        }
      }
    }
  }

  private String why(Arm arm, int prompt, int image) {
    Optional<String> refusal = shelf.refusal(arm, prompt, image);
    if (refusal.isPresent()) {
      return arm.source() + " refused it";
    }
    return arm.rewritten() && rewritten.of(prompts.get(prompt)).isEmpty()
        ? "the prompt was not rewritten"
        : arm.source() + " has not made it yet";
  }
}
