package org.tastemaker.examples.simulated;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.PairAgreement;
import org.tastemaker.feedback.agreement.PairRow;
import org.tastemaker.feedback.agreement.RankCorrelation;
import org.tastemaker.feedback.rubric.Rubrics;

/**
 * Finished images of a seed, which every judge is asked about: they are made once.
 *
 * <p>The judges' agreement with the truth is measured as a study of agreement does, on all pairs of
 * a group, each asked once in each order.
 */
final class Pool {
  private final List<ImageGroup> groups;
  private final ToDoubleBiFunction<Image, Prompt> truth;
  private final Seed seed;
  private final Map<Faults, Map<String, Double>> agreements = new HashMap<>();

  /**
   * A pool.
   *
   * @param groups of at least two images each
   * @param truth the true score in tenths; each image is scored once
   * @param seed of the judges
   */
  Pool(List<ImageGroup> groups, ToDoubleBiFunction<Image, Prompt> truth, Seed seed) {
    this.groups = List.copyOf(groups);
    Map<Image, Double> known = new HashMap<>();
    for (ImageGroup group : groups) {
      for (Image image : group.images()) {
        known.put(image, truth.applyAsDouble(image, group.prompt()));
      }
    }
    this.truth = (image, prompt) -> known.get(image);
    this.seed = seed;
  }

  /** Makes the images. */
  static Pool of(Setup setup, LatentDiffusion model, Seed seed) {
    List<Prompt> prompts = setup.prompts(setup.groups() * setup.images());
    List<Image> images =
        setup.sampled(model).generate(prompts, seed.split("pool").splits(prompts.size()));
    List<ImageGroup> groups = new ArrayList<>();
    for (int start = 0; start < images.size(); start += setup.images()) {
      groups.add(new ImageGroup(prompts.get(start), images.subList(start, start + setup.images())));
    }
    return new Pool(groups, setup.truth(), seed);
  }

  /**
   * Tries a condition.
   *
   * @return questions and images a group; the mean rank correlation of rewards and truth; how much
   *     better, in the score's units, the image of the largest reward is than the mean of its
   *     group; and the judge's agreement with the truth
   */
  Map<String, Double> figures(Condition condition) {
    Seed own = seed.split(condition.id());
    Asking.Answers answers = condition.asking().ask(condition.faults(), truth, groups, own);
    double correlation = 0;
    double gain = 0;
    for (int g = 0; g < groups.size(); g++) {
      double[] scores = scores(groups.get(g));
      double[] rewards = answers.of().get(g);
      double spearman = RankCorrelation.of(scores, rewards).spearman();
      correlation += Double.isNaN(spearman) ? 0 : spearman; // all rewards equal: it says nothing
      gain += picked(scores, rewards) - Arrays.stream(scores).average().orElseThrow();
    }
    Map<String, Double> figures =
        new LinkedHashMap<>(agreements.computeIfAbsent(condition.faults(), this::agreement));
    figures.put("questions", (double) answers.questions() / groups.size());
    figures.put("images", (double) answers.images() / groups.size());
    figures.put("correlation", correlation / groups.size());
    figures.put("gain", gain / groups.size() / 10);
    return figures;
  }

  /** The mean truth of the images that have the largest reward. */
  private static double picked(double[] scores, double[] rewards) {
    List<Integer> best = Ranking.ofScores(rewards).tiers().get(0);
    return best.stream().mapToDouble(i -> scores[i]).average().orElseThrow();
  }

  private double[] scores(ImageGroup group) {
    return group.images().stream()
        .mapToDouble(image -> truth.applyAsDouble(image, group.prompt()))
        .toArray();
  }

  private Map<String, Double> agreement(Faults faults) {
    Judge judge = faults.judge(truth, false, seed.split("agreement"));
    List<PairRow> rows = new ArrayList<>();
    for (ImageGroup group : groups) {
      double[] scores = scores(group);
      for (int i = 0; i < scores.length; i++) {
        for (int j = i + 1; j < scores.length; j++) {
          rows.add(
              PairRow.both(
                  group.prompt().text(),
                  Choice.ofScores(scores[i], scores[j], Setup.MARGIN),
                  Optional.of(choice(judge, group, i, j)),
                  Optional.of(choice(judge, group, j, i).swapped())));
        }
      }
    }
    PairAgreement all = PairAgreement.of(rows);
    // One answer in a random order, a tie counted half: the mean over both orders.
    double right = 0;
    int decided = 0;
    for (PairRow row : rows) {
      if (row.people() != Choice.TIE) {
        decided++;
        right += (half(row.people(), row.forward()) + half(row.people(), row.backward())) / 2;
      }
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("accuracy", decided == 0 ? 0.5 : right / decided);
    figures.put("bothOrders", finite(all.tiesHalf().mean()));
    figures.put("consistency", finite(all.swapConsistency().mean()));
    figures.put("firstShown", finite(all.firstShown().mean()));
    figures.put("ties", finite(all.ties().mean()));
    return figures;
  }

  private static double half(Choice truth, List<Choice> answers) {
    return answers.get(0) == truth ? 1 : answers.get(0) == Choice.TIE ? 0.5 : 0;
  }

  /** A share of nothing, in a pool of hardly any pairs, tells as much as one half. */
  private static double finite(double share) {
    return Double.isNaN(share) ? 0.5 : share;
  }

  private static Choice choice(Judge judge, ImageGroup group, int first, int second) {
    Question question =
        Question.pair(
            group.prompt(),
            group.images().get(first),
            group.images().get(second),
            Rubrics.consistency());
    List<List<Integer>> tiers = judge.ask(question).overall().order().tiers();
    return tiers.size() == 1 ? Choice.TIE : tiers.get(0).get(0) == 0 ? Choice.FIRST : Choice.SECOND;
  }
}
