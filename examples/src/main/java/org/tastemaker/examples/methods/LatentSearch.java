package org.tastemaker.examples.methods;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.console.FileNames;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.optim.zo.LatentProblem;
import org.tastemaker.optim.zo.RankingProblem;
import org.tastemaker.optim.zo.ZoRankSgd;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * ZO-RankSGD where its paper uses it first, on the initial noise of single images, beside a
 * baseline that costs the same and needs no algorithm: fresh noise, of which the judge picks the
 * best.
 *
 * <p>Both see rankings of six images at a time, and the same number of images. A search is a prompt
 * and a seed; its result is the score of the image that it ends with, which neither sees.
 */
@Command(
    name = "latent-search",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Searches the initial noise of single images by rankings, in two ways.")
public final class LatentSearch implements Callable<Integer> {
  private static final int SHOWN = 6;

  @Option(
      names = "--seeds",
      split = ",",
      description = "Seeds; one search per prompt and seed (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds = List.of(1L, 2L, 3L, 4L);

  @Option(
      names = "--images",
      split = ",",
      description =
          "Numbers of images, ascending, after which each search is measured (default: ${DEFAULT-VALUE}).")
  private List<Integer> images = List.of(24, 48, 96);

  @Option(names = "--steps", description = "Denoising steps (default: ${DEFAULT-VALUE}).")
  private int steps = 10;

  @Option(
      names = "--prompt",
      description =
          "Emoji to search for, by name; may be given several times (default: eight of them).")
  private List<String> prompts = EmojiTask.quickPrompts();

  @SuppressWarnings("NullAway.Init")
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  /** Made by picocli. */
  public LatentSearch() {}

  /**
   * Searches, and prints the table.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(command().execute(args));
  }

  /** Its exit codes are 0 done, 1 failed, 2 wrong arguments. */
  static CommandLine command() {
    return FileNames.in(new CommandLine(new LatentSearch()))
        .setExecutionExceptionHandler(Failures.in(() -> Path.of(".")));
  }

  @Override
  public Integer call() {
    if (steps < 1 || images.get(0) < SHOWN || !images.equals(images.stream().sorted().toList())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--steps must be at least 1 and --images must ascend from at least %s, but were %s and %s",
              SHOWN,
              steps,
              images));
    }
    EmojiTask task = EmojiTask.consistency(BundledModel.judge(), prompts);
    FeedbackOracle judge = MockOracle.of(task.score());
    List<List<Pair>> searches = new ArrayList<>(); // by prompt, then by seed
    try (LatentDiffusion model =
        BundledModel.load().with(BundledModel.sampling().withSteps(steps).withBatchSize(SHOWN))) {
      for (Prompt prompt : task.prompts()) {
        LatentProblem problem = new LatentProblem(model, prompt, judge, Rubrics.consistency());
        List<Pair> ofPrompt = new ArrayList<>();
        for (long seed : seeds) {
          Seed own = Seed.of(seed).split(prompt.text());
          ofPrompt.add(
              new Pair(
                  scores(task, prompt, problem, ranked(problem, own)),
                  scores(task, prompt, problem, fresh(problem, own))));
        }
        searches.add(ofPrompt);
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(table(searches));
    out.flush();
    return 0;
  }

  /** Scores from the same start, by the number of images looked at: none, and then each mark. */
  private record Pair(double[] ranked, double[] fresh) {}

  private static double[] scores(
      EmojiTask task, Prompt prompt, LatentProblem problem, List<float[]> points) {
    return points.stream()
        .mapToDouble(
            point -> {
              Image image = problem.image(point);
              return task.score().applyAsDouble(image, prompt);
            })
        .toArray();
  }

  /** Where ZO-RankSGD is at the beginning and at each mark. */
  private List<float[]> ranked(LatentProblem problem, Seed seed) {
    int[] made = {0};
    RankingProblem counted =
        (candidates, best) -> {
          made[0] += candidates.size();
          return problem.rank(candidates, best);
        };
    ZoRankSgd search =
        new ZoRankSgd(
            counted, problem.start(seed), ZoRankSgd.Options.forLatents(), seed.split("search"));
    List<float[]> points = new ArrayList<>(List.of(search.point()));
    for (int mark : images) {
      while (made[0] + 2 * SHOWN <= mark) { // a round asks twice
        search.step();
      }
      points.add(search.point());
    }
    return points;
  }

  /** The best so far of fresh noise, five at a time against the champion. */
  private List<float[]> fresh(LatentProblem problem, Seed seed) {
    float[] champion = problem.start(seed);
    List<float[]> points = new ArrayList<>(List.of(champion));
    int made = 0;
    long drawn = 0;
    for (int mark : images) {
      while (made + SHOWN <= mark) {
        List<float[]> candidates = new ArrayList<>(List.of(champion));
        while (candidates.size() < SHOWN) {
          candidates.add(problem.start(seed.split("fresh").split(drawn++)));
        }
        Ranking ranking = problem.rank(candidates, 1);
        champion = ranking.isEmpty() ? champion : candidates.get(ranking.tiers().get(0).get(0));
        made += SHOWN;
      }
      points.add(champion);
    }
    return points;
  }

  private String table(List<List<Pair>> searches) {
    StringBuilder text = new StringBuilder();
    text.append("| images | ZO-RankSGD | best of fresh noise | difference |\n");
    text.append("| --- | --- | --- | --- |\n");
    for (int mark = 0; mark <= images.size(); mark++) {
      int at = mark;
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %s |\n",
              mark == 0 ? 0 : images.get(mark - 1),
              estimate(searches, pair -> pair.ranked()[at]),
              estimate(searches, pair -> pair.fresh()[at]),
              estimate(searches, pair -> pair.ranked()[at] - pair.fresh()[at])));
    }
    return text.toString();
  }

  private interface Figure {
    double of(Pair pair);
  }

  /** With a bootstrap over prompts, each with all its seeds. */
  private static String estimate(List<List<Pair>> searches, Figure figure) {
    List<double[]> groups =
        searches.stream().map(of -> of.stream().mapToDouble(figure::of).toArray()).toList();
    int n = groups.stream().mapToInt(of -> of.length).sum();
    Estimate mean = Estimate.bootstrap(groups, Estimate::mean, n, Seed.of(1));
    return String.format(Locale.ROOT, "%.3f [%.3f, %.3f]", mean.value(), mean.low(), mean.high());
  }
}
