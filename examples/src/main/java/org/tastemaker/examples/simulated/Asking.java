package org.tastemaker.examples.simulated;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * How a judge is asked about groups of images, and what becomes of its answers. The reward is the
 * win rate of an image in its group.
 *
 * @param id for files
 * @param title for tables
 * @param protocol the questions
 * @param soft whether answers about pairs are probabilities
 * @param correction what is done about a taste for a colour
 */
record Asking(String id, String title, Protocol protocol, boolean soft, Correction correction) {
  /** What is done about a taste that is not wanted. */
  enum Correction {
    NONE,
    /** A second judge with the same faults, but without the taste, is asked as well. */
    SECOND_JUDGE,
    /** What redness explains of the rewards, by least squares within groups, is taken off. */
    REGRESSED
  }

  static Asking of(String id, String title, Protocol protocol) {
    return new Asking(id, title, protocol, false, Correction.NONE);
  }

  static Asking listwise(int repetitions) {
    return of(
        "listwise-" + repetitions,
        repetitions == 1 ? "listwise, once" : "listwise, " + repetitions + " times",
        Protocol.listwise(repetitions));
  }

  /** The same with soft answers. */
  Asking asSoft() {
    return new Asking(id + "-soft", title + ", soft", protocol, true, correction);
  }

  Asking with(Correction other) {
    return switch (other) {
      case NONE -> new Asking(id, title, protocol, soft, other);
      case SECOND_JUDGE ->
          new Asking(
              id + "-second", title + ", and a judge without the taste", protocol, soft, other);
      case REGRESSED ->
          new Asking(id + "-regressed", title + ", redness regressed out", protocol, soft, other);
    };
  }

  /**
   * The rewards that groups of images get.
   *
   * @param questions asked in all
   * @param images shown in all
   * @param of one list for each group, in the groups' order; in [0, 1] unless something was
   *     regressed out
   */
  record Answers(long questions, long images, List<double[]> of) {}

  /**
   * Asks.
   *
   * @param faults of the judge
   * @param truth the true score in tenths
   * @param groups of at least two images each
   * @param seed of the judge and of the questions
   */
  Answers ask(
      Faults faults, ToDoubleBiFunction<Image, Prompt> truth, List<ImageGroup> groups, Seed seed) {
    Counted judge = new Counted(faults.judge(truth, soft, seed.split("judge")));
    List<double[]> rewards = winRates(judge, groups, seed.split("questions"));
    if (correction == Correction.REGRESSED) {
      regressOut(groups, rewards);
    }
    if (correction != Correction.SECOND_JUDGE) {
      return new Answers(judge.questions.sum(), judge.images.sum(), rewards);
    }
    Faults plain =
        new Faults(faults.noise(), faults.bias(), faults.tie(), faults.contradiction(), 0);
    Counted second = new Counted(plain.judge(truth, soft, seed.split("second judge")));
    List<double[]> others = winRates(second, groups, seed.split("second questions"));
    for (int g = 0; g < rewards.size(); g++) {
      for (int i = 0; i < rewards.get(g).length; i++) {
        rewards.get(g)[i] = (rewards.get(g)[i] + others.get(g)[i]) / 2;
      }
    }
    return new Answers(
        judge.questions.sum() + second.questions.sum(),
        judge.images.sum() + second.images.sum(),
        rewards);
  }

  private List<double[]> winRates(Judge judge, List<ImageGroup> groups, Seed seed) {
    JudgeOracle oracle = JudgeOracle.builder(judge).protocol(protocol).seed(seed).build();
    return oracle.rank(groups, Rubrics.consistency()).stream().map(Asking::winRates).toList();
  }

  private static double[] winRates(Judgement judgement) {
    return WinRateReward.winRates(judgement.ranking()).stream()
        .mapToDouble((OptionalDouble rate) -> rate.orElse(0.5))
        .toArray();
  }

  private static void regressOut(List<ImageGroup> groups, List<double[]> rewards) {
    double both = 0;
    double own = 0;
    for (int g = 0; g < rewards.size(); g++) {
      double[] red = centred(groups.get(g));
      for (int i = 0; i < red.length; i++) {
        both += red[i] * rewards.get(g)[i];
        own += red[i] * red[i];
      }
    }
    double slope = own == 0 ? 0 : both / own;
    for (int g = 0; g < rewards.size(); g++) {
      double[] red = centred(groups.get(g));
      for (int i = 0; i < red.length; i++) {
        rewards.get(g)[i] -= slope * red[i];
      }
    }
  }

  private static double[] centred(ImageGroup group) {
    double[] red = group.images().stream().mapToDouble(Faults::redness).toArray();
    double mean = Arrays.stream(red).average().orElseThrow();
    return Arrays.stream(red).map(r -> r - mean).toArray();
  }

  /** Counts what a judge is asked. */
  private static final class Counted implements Judge {
    private final Judge judge;
    private final LongAdder questions = new LongAdder();
    private final LongAdder images = new LongAdder();

    Counted(Judge judge) {
      this.judge = judge;
    }

    @Override
    public Verdict ask(Question question) {
      questions.increment();
      images.add(question.size());
      return judge.ask(question);
    }

    @Override
    public String name() {
      return judge.name();
    }
  }
}
